// A server with few file descriptors, and clients that keep theirs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { type RunningServer, startServer } from '../../src/server.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';

const CLI = join(import.meta.dirname, '../../src/cli.ts');
/** What Node takes for itself is about 25. */
const DESCRIPTORS = 60;
const CLIENTS = 150;

/** What a client sends, and waits for an answer to; in which case the connection may be used again. */
const HEALTH = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n';

const releases: (() => unknown)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

it.each([
  ['no HTTP', 'hello\r\n\r\n'],
  ['a tunnel', 'CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n'],
  ['silence', ''],
  ['a question answered', HEALTH],
])(
  'whoever asks nothing keeps nobody out, however few descriptors there are: %s',
  { timeout: 30_000 },
  async (_what, text) => {
    const command = `ulimit -n ${DESCRIPTORS}; exec "$0" "$@"`;
    const child = spawn('bash', ['-c', command, process.execPath, CLI, 'serve'], {
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        PORT: '0',
        FIREBASE_PROJECT_ID: 'demo-project',
        FIREBASE_KEYS_URL: 'http://127.0.0.1:9/',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    releases.push(() => child.kill('SIGKILL'));
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    await vi.waitUntil(() => /"port":\d/.test(out), 10_000);
    const port = Number(/"port":(\d+)/.exec(out)?.[1]);

    const clients: Socket[] = [];
    releases.push(() => {
      for (const client of clients) client.destroy();
    });
    for (let i = 0; i < CLIENTS; i += 1) {
      const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      client.on('error', () => {}).resume();
      await once(client, 'connect');
      if (text !== '') client.write(text);
      if (text === HEALTH) await Promise.race([once(client, 'data'), once(client, 'close')]);
      clients.push(client);
    }
    const health = () =>
      fetch(`http://127.0.0.1:${port}/healthz`).then(
        ({ status }) => status,
        () => 'refused',
      );
    await expect.poll(health, { timeout: 8_000, interval: 200 }).toBe(200);
    expect(child.exitCode).toBeNull();
  },
);

it('a connection that cannot be taken is a line in the log once a minute, and no end', async () => {
  const clock = createFakeClock();
  const log = createFakeLog();
  let server: Server | undefined;
  const config = loadConfig({
    FIREBASE_PROJECT_ID: 'demo-project',
    FIREBASE_KEYS_URL: 'http://127.0.0.1:9/',
    HOST: '127.0.0.1',
    PORT: '0',
    DRAIN_SECONDS: '0',
  });
  const running: RunningServer = await startServer(config, {
    log,
    clock,
    front(request) {
      server = (request.socket as unknown as { server: Server }).server;
      return false;
    },
  });
  releases.push(running.stop);
  const lines = () => log.lines.filter(({ message }) => message.includes('ulimit')).length;
  await fetch(`${running.url}/healthz`);
  const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' });
  for (let i = 0; i < 3; i += 1) server?.emit('error', error);
  expect(lines()).toBe(1);
  clock.advance(60_000);
  server?.emit('error', error);
  expect(lines()).toBe(2);
  expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
  clock.advance(60_000);
  (server as Server).maxConnections = 1;
  const clients = [1, 2, 3].map(() => connect(Number(new URL(running.url).port), '127.0.0.1'));
  for (const client of clients) client.on('error', () => {}).resume();
  releases.push(() => clients.map((client) => client.destroy()));
  await vi.waitUntil(() => lines() === 3);
});
