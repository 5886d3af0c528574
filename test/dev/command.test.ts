// `npm run dev` as a developer runs it: a process of its own, and what it prints.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TokenVerifier } from 'livekit-server-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { curlLine } from '../../src/dev/banner.ts';

const CLI = join(import.meta.dirname, '../../src/cli.ts');
/** Nothing of a test is left in the folder where it ran. */
const IN_MEMORY = { DATABASE_URL: 'sqlite::memory:' };
const children: ChildProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function run(env: Record<string, string> = {}, cwd?: string) {
  const child = spawn(process.execPath, [CLI, 'dev'], {
    cwd,
    env: { PATH: process.env.PATH, PORT: '0', LIVEKIT_SERVER: 'off', ...IN_MEMORY, ...env },
  });
  children.push(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, out, err }));
  const banner = async (): Promise<string> => {
    while (!out.includes('Ctrl-C')) await Promise.race([once(child.stdout, 'data'), ended]);
    return out;
  };
  return { child, ended, banner };
}

describe('npm run dev', { timeout: 20_000 }, () => {
  it('prints a command that works as it stands', async () => {
    const { banner } = run();
    const command = /^curl .*$/m.exec(await banner())?.[0] ?? '';
    const { stdout } = await promisify(execFile)('bash', ['-c', `${command} -w '\n%{http_code}'`]);
    const [body = '', status] = stdout.split('\n');
    expect(status).toBe('200');
    const { token } = JSON.parse(body);
    const claims = await new TokenVerifier('devkey', 'secret').verify(token);
    expect(claims).toMatchObject({ sub: 'alice', name: 'Alice Ångström' });
    expect(claims.video).toEqual({
      room: 'demo',
      roomJoin: true,
      canPublish: true,
      canSubscribe: true,
    });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends well on %s', async (signal) => {
    const { child, ended, banner } = run();
    await banner();
    child.kill(signal);
    const { code, out, err } = await ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/\nStopping …\nStopped\.\n$/);
  });

  it('ends well though a body has stalled', async () => {
    const { child, ended, banner } = run();
    const url = /http:\/\/localhost:\d+/.exec(await banner())?.[0] ?? '';
    const { port } = new URL(url);
    const idToken = await (await fetch(`${url}/dev/id-token/alice`)).text();
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
    socket.on('error', () => {});
    const gone = once(socket, 'close');
    socket.write(
      'POST /api/calls/livekit-token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n' +
        'Content-Type: application/json\r\nExpect: 100-continue\r\n' +
        `Authorization: Bearer ${idToken}\r\n\r\n`,
    );
    // Half a request, of which nobody is told yet.
    const half = createConnection({ host: '127.0.0.1', port: Number(port) }).on('error', () => {});
    half.write('POST /api/calls/livekit-token HTTP/1.1\r\nHost: loc');
    const [first] = await once(socket, 'data');
    expect(String(first)).toContain('100 Continue');
    child.kill('SIGINT');
    const { code, out, err } = await ended;
    await gone;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/\nStopped\.\n$/);
  });

  it('tells each request, the refused ones with their code, and never a token or a query', async () => {
    const { child, ended, banner } = run({ ROOM_ACCESS: 'calls' });
    const command = /^curl .*$/m.exec(await banner())?.[0] ?? '';
    const url = /http:\/\/localhost:\d+/.exec(command)?.[0] ?? '';
    await promisify(execFile)('bash', ['-c', command]);
    await fetch(`${url}/api/calls/livekit-token`, { method: 'POST' });
    await fetch(`${url}/api/token?key=hidden`);
    await fetch(url);
    child.kill('SIGINT');
    const { out } = await ended;
    const told = out
      .slice(out.indexOf('Ctrl-C'))
      .split('\n')
      .filter((line) => /^\d\d:\d\d:\d\d {2}/.test(line))
      .map((line) => line.slice(10).replace(/ {2}\d+ ms$/, ''));
    expect(told).toEqual([
      'GET /dev/id-token/alice  200',
      'POST /api/calls/livekit-token  403 room_forbidden  alice',
      'POST /api/calls/livekit-token  401 id_token_missing',
      'GET /api/token  404 not_found',
    ]);
    expect(out).not.toMatch(/eyJ|hidden/);
  });

  it('keeps calls in a folder of its own, over its end', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'switchboard-dev-'));
    folders.push(cwd);
    const ask = async (out: string, path: string, init: RequestInit = {}) => {
      const url = /http:\/\/localhost:\d+/.exec(out)?.[0] ?? '';
      const idToken = await (await fetch(`${url}/dev/id-token/alice`)).text();
      const headers = { authorization: `Bearer ${idToken}`, 'content-type': 'application/json' };
      const answer = await fetch(`${url}/api/calls${path}`, { ...init, headers });
      return (await answer.json()) as { call: { id: string }; calls: object[] };
    };
    const first = run({ DATABASE_URL: '' }, cwd);
    const out = await first.banner();
    expect(out).toContain('calls     kept in .switchboard-dev/calls.db\n');
    expect(out).toContain('settings  the defaults; variables count here too, like ROOM_ACCESS\n');
    const body = JSON.stringify({ callees: ['bob'], kind: 'audio', deviceId: 'a test' });
    const { call } = await ask(out, '', { method: 'POST', body });
    await ask(out, `/${call.id}/leave`, { method: 'POST', body: '{}' });
    first.child.kill('SIGINT');
    expect(await first.ended).toMatchObject({ code: 0, err: '' });
    const { calls } = await ask(await run({ DATABASE_URL: '' }, cwd).banner(), '');
    expect(calls).toMatchObject([{ id: call.id, outcome: 'cancelled' }]);
  });

  it.each(['production', ' production ', 'Production'])(
    'refuses NODE_ENV="%s"',
    async (NODE_ENV) => {
      const { code, out, err } = await run({ NODE_ENV }).ended;
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toContain('NODE_ENV is production, and development mode hands out ID tokens');
      expect(err).not.toContain('    at ');
    },
  );

  it('says what to do about a port that is taken, and leaves nothing running', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, err } = await run({ PORT: String(port) }).ended;
    expect({ code, err }).toEqual({
      code: 1,
      err: `Port ${port} is in use: stop what listens there, or set PORT.\n`,
    });
    taken.close();
  });

  it('says what is wrong with LIVEKIT_SERVER', async () => {
    const { code, err } = await run({ LIVEKIT_SERVER: '/nowhere/livekit-server' }).ended;
    expect(code).toBe(1);
    expect(err).toContain('LIVEKIT_SERVER must be the path of a livekit-server, or off');
  });
});

it('the command goes past a proxy', () => {
  const parts = { url: 'http://localhost:3000', endpoint: '/api/calls/livekit-token', uid: 'bob' };
  expect(curlLine({ ...parts, env: {} })).not.toContain('proxy');
  const line = curlLine({ ...parts, env: { http_proxy: 'http://proxy.example' } });
  expect(line.match(/curl -s --noproxy '\*'/g)).toHaveLength(2);
});
