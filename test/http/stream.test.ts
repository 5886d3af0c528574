// Streams whose readers take nothing: each has an end by the clock.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Pieces } from '../../src/http/answers.ts';
import { Exchange } from '../../src/http/exchange.ts';
import { sendPieces } from '../../src/http/stream.ts';
import { createUntaken } from '../../src/http/untaken.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { listen } from '../mounts.ts';

const PIECE = 'x'.repeat(16 * 1024);
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Stage {
  readonly clock: FakeClock;
  readonly exchanges: Exchange[];
  readonly held: Set<AbortController>;
  reader: Socket;
  close(): Promise<void>;
}
let stage: Stage;
let piecesOf: (response: ServerResponse, path: string) => Pieces;

beforeEach(async () => {
  const clock = createFakeClock();
  const exchanges: Exchange[] = [];
  const held = new Set<AbortController>();
  const serve = (raw: IncomingMessage, response: ServerResponse) => {
    const exchange = new Exchange(raw, response, held);
    exchanges.push(exchange);
    response.writeHead(200);
    const by = { clock, hold: createUntaken() };
    void sendPieces(response, piecesOf(response, raw.url ?? ''), exchange, by);
  };
  const { origin, close } = await listen(createServer(serve));
  const reader = connect(Number(new URL(origin).port), '127.0.0.1');
  reader.on('error', () => {}).pause();
  stage = { clock, exchanges, held, reader, close };
});
afterEach(async () => {
  stage.reader.destroy();
  await stage.close();
});

const ask = (...paths: string[]) =>
  stage.reader.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`).join(''));

/** As much as the kernel takes, and a little more. */
async function* untilItWaits(response: ServerResponse): AsyncIterable<string> {
  do {
    yield PIECE;
    await turn();
  } while (response.writableLength === 0);
}

/** For ever, or until it is told to end. */
const silence = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

it('one that has ended is cut off where its last word is not taken', async () => {
  piecesOf = (response) => () => untilItWaits(response);
  ask('/');
  await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([5_000]));
  expect(stage.exchanges.map(({ isOver }) => isOver)).toEqual([false]);
  stage.clock.advance(5_000);
  await vi.waitFor(() => expect(stage.exchanges.map(({ isOver }) => isOver)).toEqual([true]));
});

it('one that has ended has no timer left when all of it was taken', async () => {
  piecesOf = (response) => () => untilItWaits(response);
  ask('/');
  await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([5_000]));
  stage.reader.resume();
  await vi.waitFor(() => expect(stage.exchanges.map(({ isOver }) => isOver)).toEqual([true]));
  expect(stage.clock.waiting()).toEqual([]);
  expect(stage.reader.closed).toBe(false);
});

it.each([
  ['ends then', async (signal: AbortSignal) => silence(signal)],
  ['does not listen', () => new Promise<void>(() => {})],
])('one that %s is cut off after a stop, where what it said is not taken', async (_what, stay) => {
  let isWaiting = false;
  piecesOf = (response) =>
    async function* (signal) {
      yield* untilItWaits(response);
      isWaiting = true;
      await stay(signal);
    };
  ask('/');
  await vi.waitFor(() => expect(isWaiting).toBe(true));
  for (const controller of stage.held) controller.abort();
  await turn();
  stage.clock.advance(1_000);
  await turn();
  stage.clock.advance(5_000);
  await vi.waitFor(() => expect(stage.exchanges.map(({ isOver }) => isOver)).toEqual([true]));
  expect(stage.clock.waiting()).toEqual([]);
});

it('one that waits for its turn behind another is cut off with it where it is far behind', async () => {
  piecesOf = (_response, path) =>
    path === '/first'
      ? async function* (signal) {
          yield PIECE;
          await silence(signal);
        }
      : async function* () {
          for (;;) yield PIECE;
        };
  stage.reader.resume();
  ask('/first', '/second');
  await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([5_000]));
  stage.clock.advance(5_000);
  await vi.waitFor(() => expect(stage.exchanges.map(({ isOver }) => isOver)).toEqual([true, true]));
});
