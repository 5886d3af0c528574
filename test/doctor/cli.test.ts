// The command as an operator runs it: a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { startLiveKit } from './fake-livekit.ts';
import { LIVEKIT_KEY, LIVEKIT_SECRET, SECRETS, tracesIn } from './secrets.ts';

const CLI = join(import.meta.dirname, '../../src/cli.ts');
const { FIREBASE_SERVICE_ACCOUNT: _account, ...PLAIN } = SECRETS;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function run(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanups.push(() => child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  expect(tracesIn(out + err)).toEqual([]);
  return { code, out, err };
}

async function setUp() {
  const keys = await startKeyEndpoint();
  const livekit = await startLiveKit({ key: LIVEKIT_KEY, secret: LIVEKIT_SECRET });
  cleanups.push(keys.close, livekit.close);
  return {
    livekit,
    env: { ...PLAIN, FIREBASE_KEYS_URL: keys.url, LIVEKIT_URL: livekit.url },
  };
}

describe('livekit-switchboard doctor', { timeout: 30_000 }, () => {
  it('ends with 0 when all is well', async () => {
    const { env } = await setUp();
    const { code, out, err } = await run(['doctor'], env);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^ok {4}LiveKit {13}.*, \d+ ms$/m);
    expect(out).not.toMatch(/FAIL/);
  });

  it('looks at the database of calls, and leaves nothing there', async () => {
    const { env } = await setUp();
    const folder = await mkdtemp(join(tmpdir(), 'doctor-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const { code, out, err } = await run(['doctor'], {
      ...env,
      DATABASE_URL: `sqlite:${join(folder, 'data', 'calls.db')}`,
    });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^ok {4}Database {12}warning: .*calls\.db is not there/m);
    expect(await readdir(folder)).toEqual([]);
  });

  it('ends with 1 when a check fails, and is JSON where asked for, whatever SDKs print', async () => {
    const { env, livekit } = await setUp();
    livekit.answerWith({ status: 404, type: 'application/json', body: '"TOKEN' });
    const { code, out, err } = await run(['doctor', '--json'], env);
    expect([code, err]).toEqual([1, '']);
    const report = JSON.parse(out);
    expect(report.ok).toBe(false);
    expect(report.checks).toContainEqual({
      name: 'LiveKit',
      result: 'failed',
      detail: expect.stringMatching(/not a LiveKit server/),
      fix: expect.stringContaining('LIVEKIT_URL'),
      ms: expect.any(Number),
    });
  });

  it('lists every fault of the configuration, and ends with 1', async () => {
    const human = await run(['doctor'], { PORT: 'abc' });
    expect(human.code).toBe(1);
    expect(human.out.trimEnd().split('\n')).toHaveLength(2);
    const { code, out } = await run(['doctor', '--json'], { PORT: 'abc' });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      checks: [
        { name: 'Configuration', result: 'failed', detail: 'FIREBASE_PROJECT_ID is required' },
        { name: 'Configuration', result: 'failed', detail: expect.stringMatching(/^PORT/) },
      ],
    });
  });

  it.each([
    ['is not there', undefined, /^FAIL {2}Configuration .*cannot be read \(ENOENT\)/m],
    ['is no JSON', 'recognizable', /^FAIL {2}Configuration .*is no JSON/m],
    [
      'holds no key',
      '{"type":"service_account","client_email":"recognizable","private_key":"recognizable"}',
      /^FAIL {2}Service account .*its private_key cannot be read(?:.|\n)*^skip {2}Account look-up /m,
    ],
  ])('says what is wrong with a credentials file that %s', async (_case, content, fault) => {
    const { env } = await setUp();
    const folder = await mkdtemp(join(tmpdir(), 'doctor-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const file = join(folder, 'account.json');
    if (content !== undefined) await writeFile(file, content);
    const { code, out } = await run(['doctor'], {
      ...env,
      GOOGLE_APPLICATION_CREDENTIALS: file,
      CHECK_REVOKED: 'on',
    });
    expect(code).toBe(1);
    expect(out).toMatch(fault);
  });

  it('keeps --json to itself', async () => {
    expect((await run(['serve', '--json'], PLAIN)).code).toBe(2);
  });
});
