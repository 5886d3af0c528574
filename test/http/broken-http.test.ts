import { createServer, IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { listenTo } from '../../src/http/broken-http.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { answersIn } from '../raw.ts';

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

const QUESTION = 'GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n';
const LAST = QUESTION.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n');

/** A connection to a server that answers nothing by itself. */
async function openPipeline() {
  const server = createServer();
  const taken: ServerResponse[] = [];
  const refused: string[] = [];
  listenTo(server, {
    onRequest: (_request, response) => void taken.push(response),
    refuseBare({ code }) {
      refused.push(code);
      return { status: 429, headers: { connection: 'close', 'content-length': '0' }, body: '' };
    },
    clock: createFakeClock(),
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
    server.close();
    server.closeAllConnections();
  });
  const over = new Promise((done) => socket.on('close', done));
  return { socket, over, taken, refused };
}

it('of 1,900 questions in one packet fifty are taken, and the next one hears that they are too many', async () => {
  const { socket, over, taken, refused } = await openPipeline();
  let received = '';
  socket.on('data', (bytes) => {
    received += bytes;
  });
  socket.write(QUESTION.repeat(1_899) + LAST);
  await vi.waitUntil(() => taken.length + refused.length > 50);
  for (const response of taken) response.end();
  await over;
  const statuses = answersIn(received).map(({ status }) => status);
  expect(statuses).toEqual([...Array(50).fill(200), 429]);
  expect([taken.length, refused]).toEqual([50, ['rate_limited']]);
});

it('a connection on which more than 5,000 questions come before the first answer is gone at once', async () => {
  const { socket, over, taken } = await openPipeline();
  socket.write(QUESTION.repeat(5_100));
  await over;
  expect(taken.length).toBe(50);
  expect(taken.every(({ destroyed }) => destroyed)).toBe(true);
}, 20_000);
