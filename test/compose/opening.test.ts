// A database that takes the connection, and then says nothing at all.
import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createOpening, createStore, type Opening } from '../../src/compose/call-store.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';

/** AuthenticationOk and ReadyForQuery: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

const sockets = new Set<Socket>();
let connected: PromiseWithResolvers<void>;
const silent = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.write(WELCOME);
    // Its first question.
    socket.once('data', () => connected.resolve());
  });
});

let clock: FakeClock;
let log: FakeLog;
let opening: Opening;
let opened: number;
beforeEach(async () => {
  connected = Promise.withResolvers();
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
  const { port } = silent.address() as { port: number };
  clock = createFakeClock();
  log = createFakeLog();
  const source = `postgres://user@127.0.0.1:${port}/calls`;
  const store = createStore({ engine: 'postgres', source }, { clock, log });
  opened = 0;
  opening = createOpening(store, { clock, log }, async () => {
    opened += 1;
  });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((done) => silent.close(done));
});

/** Lets time pass, and what it brings about happen. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await new Promise((done) => setImmediate(done));
}

async function stopped(): Promise<void> {
  const stop = opening.stop();
  for (let second = 0; second < 10; second += 1) await pass(1_000);
  await stop;
  expect(opened).toBe(0);
}

it('keeps no start and no request waiting, and is tried again', async () => {
  const start = opening.start();
  await connected.promise;
  const request = opening.underWay();
  await pass(20_000);
  await start;
  await request;
  expect(opening.fault()).toBe('not opened yet');
  connected = Promise.withResolvers();
  await pass(90_000);
  await pass(1_000);
  expect(log.lines).toMatchObject([{ level: 'error' }]);
  expect(opening.fault()).toBe(
    'cannot be opened: the log and `livekit-switchboard doctor` say why',
  );
  await connected.promise;
  await stopped();
});

it('does not keep a stop waiting', async () => {
  void opening.start();
  await connected.promise;
  await stopped();
});
