import { createServer, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { listenTo } from '../../src/http/broken-http.ts';
import { createFakeClock } from '../fakes/clock.ts';

/** A connection that Node hands over, with none of its own listeners left on it. */
function handOver() {
  const clock = createFakeClock();
  const server = createServer();
  const refuseBare = () => ({ status: 400, headers: {}, body: '' });
  listenTo(server, { onRequest() {}, refuseBare, clock });
  const socket = new Socket();
  socket._write = () => {};
  server.emit('connection', socket);
  socket.removeAllListeners('timeout');
  server.emit('connect', new IncomingMessage(socket), socket, Buffer.alloc(0));
  return { clock, socket };
}

it('a tunnel that takes no answer is gone when its time is over', () => {
  const { clock, socket } = handOver();
  expect(socket.destroyed).toBe(false);
  clock.advance(2_000);
  expect(socket.destroyed).toBe(true);
});

it('a tunnel that waits behind an answer nobody reads is gone with its time-out', () => {
  const { socket } = handOver();
  socket.emit('timeout');
  expect(socket.destroyed).toBe(true);
});
