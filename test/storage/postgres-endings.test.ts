// A connection that ends at a bad moment, by a server that stands in for Postgres: it lets anybody in,
// and says in the same breath that this was all.
import { type AddressInfo, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import { createPool } from './pool.ts';

function message(kind: string, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length + 4);
  return Buffer.concat([Buffer.from(kind), length, bytes]);
}

const LET_IN = [message('R', Buffer.alloc(4)), message('Z', 'I')];
const ENDED = message('E', 'SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0');

async function startServer(): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.concat([...LET_IN, ENDED])));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())));
  return `postgres://somebody@127.0.0.1:${(server.address() as AddressInfo).port}/calls`;
}

it.each([
  ['of our own pool', (url: string) => url],
  ['of a host’s pool', (connectionString: string) => createPool({ connectionString })],
])('a connection %s that ends as it is lent does not end the process', async (_what, sourceOf) => {
  const source = sourceOf(await startServer());
  const unheard: unknown[] = [];
  const onUnheard = (error: unknown) => void unheard.push(error);
  process.on('uncaughtException', onUnheard);
  onTestFinished(() => void process.off('uncaughtException', onUnheard));
  const store = createPostgresStore({ source, clock: createFakeClock(), log: createFakeLog() });
  await store.open();
  expect(store.fault()).toMatch(/^Postgres cannot be asked/);
  await store.close();
  if (typeof source !== 'string') await source.end();
  expect(unheard).toEqual([]);
});
