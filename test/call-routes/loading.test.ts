// What is not needed is not loaded: tokens alone start as fast and stay as small without calls.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '../../src');
const LIVEKIT = {
  livekitApiKey: 'k',
  livekitApiSecret: 'a-secret-of-at-least-32-characters',
  livekitUrl: 'ws://127.0.0.1:9',
};

const APNS = {
  apnsKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }),
  apnsKeyId: 'ABC123DEFG',
  apnsTeamId: 'DEF123GHIJ',
  apnsBundleId: 'com.example.chat',
};

/** Which of the heavy modules a process of its own has loaded once a switchboard has started in it. */
function loadedBy(options: object): string[] {
  const program = `
    import { createRequire } from 'node:module';
    const { createSwitchboard } = await import('${SRC}/index.ts');
    const silent = () => {};
    const logger = { debug: silent, info: silent, warn: silent, error: silent };
    const switchboard = createSwitchboard({
      ...${JSON.stringify({ firebaseProjectId: 'demo-p', firebaseKeysUrl: 'http://127.0.0.1:9/keys', ...LIVEKIT, ...options })},
      logger,
    });
    await switchboard.start();
    const files = Object.keys(createRequire(import.meta.url).cache);
    const packages = ['pg', 'livekit-server-sdk', 'firebase-admin', 'ioredis'].filter((name) =>
      files.some((file) => file.includes('/node_modules/' + name + '/')),
    );
    const sqlite = process.moduleLoadList.some((name) => / sqlite$/.test(name));
    console.log(JSON.stringify([...packages, ...(sqlite ? ['node:sqlite'] : [])]));
    await switchboard.stop();
    process.exit();
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { encoding: 'utf8' },
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

it.each([
  ['tokens alone', {}, []],
  ['SQLite', { database: 'sqlite::memory:' }, ['node:sqlite']],
  ['phones rung by APNs', { database: 'sqlite::memory:', ...APNS }, ['node:sqlite']],
  ['Postgres', { database: 'postgres://u:p@127.0.0.1:9/db' }, ['pg']],
])(
  '%s',
  (_what, options, loaded) => {
    expect(loadedBy(options)).toEqual(loaded);
  },
  20_000,
);
