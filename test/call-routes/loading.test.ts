// What is not needed is not loaded: tokens alone start as fast and stay as small without calls.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

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
  return toldBy(program);
}

/** Which rooms of ours, by how many files of each, the standalone server has loaded when it listens. */
function roomsLoadedBy(env: object): Record<string, number> {
  const program = `
    import { registerHooks } from 'node:module';
    const rooms = {};
    registerHooks({
      load(url, context, next) {
        const [, room] = /\\/src\\/(\\w+)\\//.exec(url) ?? [];
        if (room !== undefined) rooms[room] = (rooms[room] ?? 0) + 1;
        return next(url, context);
      },
    });
    const { loadConfig } = await import('${SRC}/settings/config.ts');
    const { startServer } = await import('${SRC}/server.ts');
    const silent = () => {};
    const log = { debug: silent, info: silent, warn: silent, error: silent };
    await startServer(loadConfig(${JSON.stringify(env)}), { log });
    console.log(JSON.stringify(rooms));
    process.exit();
  `;
  return toldBy(program);
}

/** The JSON that a process of its own writes. */
function toldBy<Told>(program: string): Told {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { encoding: 'utf8' },
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('the standalone server', () => {
  const ENV = {
    ...{ FIREBASE_PROJECT_ID: 'demo-p', FIREBASE_KEYS_URL: 'http://127.0.0.1:9/keys' },
    ...{ LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: LIVEKIT.livekitApiSecret },
    ...{ LIVEKIT_URL: LIVEKIT.livekitUrl, HOST: '127.0.0.1', PORT: '0' },
  };

  it('loads nothing that keeps, moves or rings calls for tokens alone', () => {
    const { storage = 0, calls = 0, events = 0, ringing = 0, routes = 0 } = roomsLoadedBy(ENV);
    expect(storage).toBe(0);
    // What settings and the routes that answer 501 want of them.
    expect(calls + events + ringing + routes).toBeLessThan(35);
  }, 20_000);

  it('loads them for calls', () => {
    const { storage } = roomsLoadedBy({ ...ENV, DATABASE_URL: 'sqlite::memory:' });
    expect(storage).toBeGreaterThan(20);
  }, 20_000);
});

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
