// What goes out by a proxy, where the environment names one. A process of its own, for this changes
// all of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { useOutgoingProxy } from '../../src/base/outgoing-proxy.ts';
import { type KeyEndpoint, startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { listen } from '../mounts.ts';

const CLI = join(import.meta.dirname, '../../src/cli.ts');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Opens no tunnel, and hands on what is asked over http. */
async function startProxy() {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const onward = request(
      incoming.url as string,
      { method: incoming.method as string },
      (answer) => {
        response.writeHead(answer.statusCode as number, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.writeHead(502).end());
    incoming.pipe(onward);
  });
  server.on('connect', ({ url }, socket) => {
    asked.push(`CONNECT ${url}`);
    socket.on('error', () => {});
    socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n');
  });
  const { origin, close } = await listen(server);
  cleanups.push(close);
  return { url: origin, asked };
}

function run(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      DRAIN_SECONDS: '0',
      LOG_LEVEL: 'debug',
      FIREBASE_PROJECT_ID: 'demo-project',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanups.push(() => child.kill('SIGKILL'));
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      out += chunk;
    });
  }
  return { child, said: () => out };
}

const GOOGLE = 'CONNECT www.googleapis.com:443';

async function openKeys(): Promise<KeyEndpoint> {
  const keys = await startKeyEndpoint();
  cleanups.push(keys.close);
  return keys;
}

describe('a server whose environment names a proxy', { timeout: 30_000 }, () => {
  it('asks for Google’s keys through a tunnel, and says why there is none', async () => {
    const proxy = await startProxy();
    const { said } = run(['serve'], { HTTPS_PROXY: proxy.url });
    await vi.waitUntil(() => said().includes('public keys could not be fetched'), 10_000);
    expect(proxy.asked[0]).toBe(GOOGLE);
    expect(said()).toMatch(/tunnel/);
  });

  it('takes keys over http by way of HTTP_PROXY', async () => {
    const proxy = await startProxy();
    const keys = await openKeys();
    const { said } = run(['serve'], { HTTP_PROXY: proxy.url, FIREBASE_KEYS_URL: keys.url });
    await vi.waitUntil(() => said().includes('public keys fetched'), 10_000);
    expect([proxy.asked, keys.requests]).toEqual([[`GET ${keys.url}`], 1]);
  });

  it('leaves it aside for what NO_PROXY names', async () => {
    const proxy = await startProxy();
    const keys = await openKeys();
    const { said } = run(['serve'], {
      HTTP_PROXY: proxy.url,
      NO_PROXY: 'localhost,127.0.0.1',
      FIREBASE_KEYS_URL: keys.url,
    });
    await vi.waitUntil(() => said().includes('public keys fetched'), 10_000);
    expect([proxy.asked, keys.requests]).toEqual([[], 1]);
  });

  it('does not start where its address is none, and repeats nothing of it', async () => {
    const { child, said } = run(['serve'], { HTTPS_PROXY: 'user:passw0rd@proxy:3128' });
    const [code] = await once(child, 'close');
    expect([code, said()]).toEqual([1, expect.stringMatching(/HTTPS_PROXY must be a URL/)]);
    expect(said()).not.toMatch(/passw0rd/);
  });

  it('has a doctor that asks by the same way', async () => {
    const proxy = await startProxy();
    const { child } = run(['doctor'], { HTTPS_PROXY: proxy.url });
    await once(child, 'close');
    // The keys, and the clock of whoever publishes them.
    expect(proxy.asked.filter((line) => line === GOOGLE)).toHaveLength(2);
  });
});

describe('a process without a proxy', () => {
  it('is left as it is, and so is one that Node has seen to', () => {
    expect(useOutgoingProxy({ HTTPS_PROXY: ' ', NO_PROXY: 'x' })).toBeUndefined();
    expect(useOutgoingProxy({ HTTPS_PROXY: 'x', NODE_USE_ENV_PROXY: '1' })).toBeUndefined();
  });
});
