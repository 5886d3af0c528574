// How `npm start` ends: signals as terminals and platforms send them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PROJECT_ID, signIdToken } from '../fakes/firebase.ts';
import { type KeyEndpoint, startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { buildPackage, isPortOpen, npm } from '../npm-run.ts';
import { GOOD_BODY } from '../stage.ts';

let folder: string;
let keys: KeyEndpoint;
beforeAll(async () => {
  folder = buildPackage();
  keys = await startKeyEndpoint();
}, 60_000);
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await keys.close();
});
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const envOf = (drainSeconds: number) => ({
  FIREBASE_PROJECT_ID: PROJECT_ID,
  FIREBASE_KEYS_URL: keys.url,
  LIVEKIT_API_KEY: 'key',
  LIVEKIT_API_SECRET: 'the-secret',
  HOST: '127.0.0.1',
  PORT: '0',
  DRAIN_SECONDS: String(drainSeconds),
});

async function npmStart(drainSeconds: number) {
  const server = npm(['start'], { cwd: folder, env: envOf(drainSeconds) });
  cleanups.push(server.cleanUp);
  const { port } = await server.line('listening');
  return { server, port: Number(port) };
}

/** A request for a token of which half of the body has been sent. */
async function halfARequest(port: number) {
  const body = JSON.stringify(GOOD_BODY);
  const sent = request({
    ...{ port, host: '127.0.0.1', method: 'POST', path: '/api/calls/livekit-token' },
    headers: {
      authorization: `Bearer ${signIdToken()}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      expect: '100-continue',
    },
  });
  const status = once(sent, 'response').then(([response]: IncomingMessage[]) => {
    response?.resume();
    return response?.statusCode;
  });
  sent.flushHeaders();
  await once(sent, 'continue');
  sent.write(body.slice(0, 5));
  return { finish: () => sent.end(body.slice(5)), status };
}

describe('npm start, signalled as a group', { timeout: 20_000 }, () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('drains on %s and leaves nothing', async (signal) => {
    const { server, port } = await npmStart(1);
    const underWay = await halfARequest(port);
    server.signalGroup(signal);
    await server.line('stopping');
    const late = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect(late.status).toBe(200);
    underWay.finish();
    expect(await underWay.status).toBe(200);
    const { out, err } = await server.ended;
    expect(out).toContain('"msg":"stopped"');
    expect(out + err).not.toMatch(/by force|npm error|\n {4}at /);
    expect({ isGone: server.isGone(), isPortOpen: await isPortOpen(port) }).toEqual({
      isGone: true,
      isPortOpen: false,
    });
  });

  it('ends by force on the first press that comes two seconds after the first of all', async () => {
    const { server, port } = await npmStart(8);
    const pressing = setInterval(() => server.signalGroup('SIGINT'), 100);
    cleanups.push(() => clearInterval(pressing));
    const forced = await server.line('ended by force');
    clearInterval(pressing);
    const { out } = await server.ended;
    const stopping = await server.line('stopping');
    expect(forced).toMatchObject({ level: 50, signal: 'SIGINT' });
    const afterMs = Date.parse(String(forced.time)) - Date.parse(String(stopping.time));
    expect(afterMs).toBeGreaterThan(1_950);
    expect(afterMs).toBeLessThan(4_000);
    expect(out).not.toContain('"msg":"stopped"');
    await vi.waitFor(() => expect(server.isGone()).toBe(true));
    expect(await isPortOpen(port)).toBe(false);
  });
});

describe('serve', { timeout: 20_000 }, () => {
  async function serve(preload: string) {
    const module = `data:text/javascript,${encodeURIComponent(preload)}`;
    const child = spawn(
      process.execPath,
      ['--import', module, join(folder, 'dist/cli.js'), 'serve'],
      { env: { PATH: process.env.PATH, ...envOf(0) }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    cleanups.push(() => child.kill('SIGKILL'));
    const [out, err, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    const messages = out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).msg);
    return { code, messages, err };
  }

  it('ends well on a signal that comes before it listens', async () => {
    const { code, messages, err } = await serve(`
      import { Server } from 'node:net';
      const { listen } = Server.prototype;
      Server.prototype.listen = function (...args) {
        process.kill(process.pid, 'SIGTERM');
        return listen.apply(this, args);
      };`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(messages).toContain('stopping');
    expect(messages.at(-1)).toBe('stopped');
  });

  it.each([
    ['an error', 'setImmediate(() => { throw new Error("a bug"); });'],
    ['a rejection', 'Promise.reject(new Error("a bug"));'],
  ])('stops after %s that nobody caught, and ends with 1', async (_what, fault) => {
    const { code, messages, err } = await serve(`
      const write = setInterval(() => {
        if (process.listenerCount('SIGTERM') === 0) return;
        clearInterval(write);
        ${fault}
      }, 10);`);
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(messages).toContain('stopping after an error that nobody caught');
    expect(messages.at(-1)).toBe('stopped');
  });
});
