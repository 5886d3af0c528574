import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it, vi } from 'vitest';
import { Exchange } from '../../src/http/exchange.ts';

/** What Node makes of a request behind another one on a connection: its answer has no socket yet. */
function queued(socket: Socket) {
  const raw = new IncomingMessage(socket);
  const exchange = new Exchange(raw, new ServerResponse(raw), new Set());
  const ends: boolean[] = [];
  exchange.onOver((aborted) => ends.push(aborted));
  return { exchange, ends };
}

it('an exchange that waits for its turn is over with its connection', async () => {
  const socket = new Socket();
  const all = Array.from({ length: 20 }, () => queued(socket));
  expect(socket.listenerCount('close')).toBeLessThan(5);
  socket.destroy();
  await vi.waitUntil(() => all.every(({ exchange }) => exchange.isOver));
  expect(all.map(({ ends }) => ends)).toEqual(Array(20).fill([true]));
  const late = queued(socket);
  expect([late.exchange.isOver, late.ends]).toEqual([true, [true]]);
});
