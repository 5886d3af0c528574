// The command as an operator runs it: a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { migrationSql, SCHEMA_VERSION } from '../../src/storage/sql/schema.ts';
import { PROJECT_ID, signIdToken } from '../fakes/firebase.ts';
import { freePort } from '../fakes/free-port.ts';
import { startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { GOOD_BODY } from '../stage.ts';

const CLI = join(import.meta.dirname, '../../src/cli.ts');
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function run(args: string[], env: Record<string, string> = {}, stdout: 'pipe' | number = 'pipe') {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', DRAIN_SECONDS: '0', ...env },
    stdio: ['ignore', stdout, 'pipe'],
  });
  children.push(child);
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    err += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, out, err }));
  /** The first log line with this message. */
  const line = async (message: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const found = out.split('\n').find((text) => text.includes(`"msg":"${message}"`));
      if (found !== undefined) return JSON.parse(found);
      await once(child.stdout as Readable, 'data');
    }
  };
  return { child, ended, line };
}

describe('serve', () => {
  it('answers, logs without any token, and ends well on SIGTERM', async () => {
    const keys = await startKeyEndpoint();
    const { child, ended, line } = run(['serve'], {
      FIREBASE_PROJECT_ID: PROJECT_ID,
      FIREBASE_KEYS_URL: keys.url,
      LIVEKIT_API_KEY: 'key',
      LIVEKIT_API_SECRET: 'the-secret',
    });
    const { port } = await line('listening');
    const response = await fetch(`http://127.0.0.1:${port}/api/calls/livekit-token?x=1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${signIdToken()}`, 'content-type': 'application/json' },
      body: JSON.stringify(GOOD_BODY),
    });
    expect(response.status).toBe(200);
    expect(await line('answered')).toMatchObject({
      method: 'POST',
      route: '/api/calls/livekit-token',
      status: 200,
      uid: 'alice',
      requestId: response.headers.get('x-request-id'),
    });
    child.kill('SIGTERM');
    const { code, out } = await ended;
    expect(code).toBe(0);
    expect(out).toMatch(/"msg":"stopped"/);
    expect(out).not.toMatch(/eyJ|the-secret|room-1|\?x=1/);
    await keys.close();
  });

  it('names every fault of its configuration and ends with 1', async () => {
    const { ended } = run(['serve'], { PORT: 'abc', LIVEKIT_TOKEN_TTL_SECONDS: '5' });
    const { code, err, out } = await ended;
    expect(code).toBe(1);
    expect(err).toBe(
      'The configuration has 3 faults:\n' +
        '  - FIREBASE_PROJECT_ID is required\n' +
        '  - LIVEKIT_TOKEN_TTL_SECONDS must be a whole number from 61 to 86400\n' +
        '  - PORT must be a whole number from 0 to 65535\n',
    );
    expect(out).toBe('');
  });

  it('starts without LiveKit’s keys and logs an error that names them', async () => {
    const { line } = run(['serve'], {
      FIREBASE_PROJECT_ID: PROJECT_ID,
      FIREBASE_KEYS_URL: 'http://127.0.0.1:9/',
    });
    const { port } = await line('listening');
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toMatch(/LIVEKIT_API_KEY/);
  });

  it('serves on when its log’s reader is gone', async () => {
    const { child, ended, line } = run(['serve'], { FIREBASE_PROJECT_ID: PROJECT_ID });
    const { port } = await line('listening');
    child.stdout?.destroy();
    for (let i = 0; i < 20; i += 1) {
      expect((await fetch(`http://127.0.0.1:${port}/nothing`)).status).toBe(404);
    }
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, err: '' });
  });

  it.skipIf(!existsSync('/dev/full'))('serves on when its log’s disk is full', async () => {
    const port = await freePort();
    const full = openSync('/dev/full', 'w');
    const env = { FIREBASE_PROJECT_ID: PROJECT_ID, PORT: String(port) };
    const { child, ended } = run(['serve'], env, full);
    closeSync(full);
    const status = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        (response) => response.status,
        () => 'nobody there',
      );
    await expect.poll(status, { timeout: 5_000 }).toBe(503);
    expect(await status()).toBe(503);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, err: '' });
  });

  it('says which port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { ended } = run(['serve'], { FIREBASE_PROJECT_ID: PROJECT_ID, PORT: String(port) });
    const { code, err } = await ended;
    expect([code, err]).toEqual([
      1,
      `Port ${port} is in use: stop what listens there, or set PORT.\n`,
    ]);
    other.close();
  });
});

describe('migrate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-migrate-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('makes the tables of calls, and again changes nothing; it needs the database alone', async () => {
    const env = { DATABASE_URL: `sqlite:${folder}/calls.db` };
    for (let time = 0; time < 2; time += 1) {
      const { code, out, err } = await run(['migrate'], env).ended;
      expect([code, out, err]).toEqual([
        0,
        `The tables of calls are as this version needs them.\nDatabase: ${folder}/calls.db\n`,
        '',
      ]);
    }
  });

  it('prints them for somebody who may make them', async () => {
    const printed = async (env?: Record<string, string>) =>
      (await run(['migrate', '--print'], env).ended).out;
    expect(await printed()).toBe(migrationSql('postgres'));
    const password = { DATABASE_URL: 'postgres://u:hunter2@db.internal/calls' };
    expect(await printed(password)).toBe(migrationSql('postgres'));
    expect(await printed({ DATABASE_URL: 'sqlite:calls.db' })).toBe(migrationSql('sqlite'));
  });

  it('prints what a schema that is there lacks', async () => {
    const from = (version: string) => run(['migrate', '--print', '--from', version]).ended;
    expect((await from('0')).out).toBe(migrationSql('postgres'));
    expect((await from(String(SCHEMA_VERSION))).out).toBe(
      `-- Schema ${SCHEMA_VERSION} is all that this version needs.\n`,
    );
    for (const version of [String(SCHEMA_VERSION + 1), 'one', '']) {
      const { code, out, err } = await from(version);
      expect([code, out]).toEqual([1, '']);
      expect(err).toMatch(/--from is the schema that the database has/);
    }
  });

  it.each([
    [{}, /^ {2}- DATABASE_URL is required$/m],
    [
      { DATABSE_URL: 'postgres://u:hunter2@h/db', PROT: '1' },
      /is required\n {2}- DATABSE_URL is no variable of this server: DATABASE_URL was meant\?\n$/,
    ],
    [{ DATABASE_URL: 'mysql://u:hunter2@h/db' }, /no other database is spoken to here$/m],
    [
      { DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:9/db' },
      /^ {2}- DATABASE_URL: .*nothing listens at 127\.0\.0\.1:9 \(connection refused\)\. Fix: start/m,
    ],
    [{ DATABASE_URL: `sqlite:${folder}` }, /^ {2}- DATABASE_URL: \S/m],
  ])('says what is wrong and ends with 1: %j', async (env, fault) => {
    const { code, out, err } = await run(['migrate'], env as Record<string, string>).ended;
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(fault);
    expect(err).not.toMatch(/hunter2|\n {4}at /);
  });
});

describe('the command line', () => {
  it.each([
    [[], 'A command is missing.'],
    [['serv'], 'There is no command "serv".'],
    [['constructor'], 'There is no command "constructor".'],
    [['\u001b[2Jdev'], 'There is no command "?[2Jdev".'],
    [['serve', 'more'], 'serve takes nothing behind it: "more".'],
    [['serve', '--json'], 'serve has no --json: only doctor has.'],
    [['migrate', '--from', '1'], '--from belongs to migrate --print.'],
    [['serve', '--print'], 'serve has no --print: only migrate has.'],
    [['--nonsense'], "Unknown option '--nonsense'."],
  ])('%j is named and explained, and ends with 2', async (args, fault) => {
    const { code, err } = await run(args).ended;
    expect(code).toBe(2);
    expect(err.startsWith(`${fault}\n\nlivekit-switchboard `)).toBe(true);
    expect(err).toContain('livekit-switchboard serve ');
  });

  it('says which Node it needs, and no more', async () => {
    const old =
      "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})";
    const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(old)}`;
    const { code, err } = await run(['--version'], { NODE_OPTIONS }).ended;
    expect([code, err]).toEqual([
      ...[1, 'livekit-switchboard needs Node 22.13 or newer, and this is 20.1.0.\n'],
    ]);
  });

  it('knows its version', async () => {
    const { code, out } = await run(['--version']).ended;
    expect([code, out]).toEqual([0, '0.1.0\n']);
  });

  it.each([
    [['--help'], 0],
    [['doctor'], 1],
  ])('does not mind a reader that has seen enough: %j', async (args, expected) => {
    const { child, ended } = run(args);
    child.stdout?.destroy();
    const { code, err } = await ended;
    expect([code, err]).toEqual([expected, '']);
  });

  it.skipIf(!existsSync('/dev/full')).each([[['--help']], [['doctor']]])(
    'says once that it could not be written: %j',
    async (args) => {
      const full = openSync('/dev/full', 'w');
      const { code, err } = await run(args, {}, full).ended;
      closeSync(full);
      expect(code).toBe(1);
      expect(err).toMatch(/^Standard output could not be written: ENOSPC.*\n$/);
    },
  );
});
