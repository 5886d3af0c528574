// `npm run dev` as a developer runs it: a process of its own, and what it prints.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TokenVerifier } from 'livekit-server-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { curlLine } from '../../src/dev/banner.ts';

const CLI = join(import.meta.dirname, '../../src/cli.ts');
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function run(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [CLI, 'dev'], {
    env: { PATH: process.env.PATH, PORT: '0', LIVEKIT_SERVER: 'off', ...env },
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
