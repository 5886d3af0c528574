// A refusal reaches a client that is still sending: the answer goes out at once, then what is
// still coming is read and dropped. Without it Node closes with bytes unread, the kernel resets
// the connection, and most clients never see the answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { isBodyBroken, isBodyHeldBack, onBrokenBody } from './body-on-its-way.ts';

const DRAIN_MAX_BYTES = 4 * 1024 * 1024;
const DRAIN_MAX_MS = 5_000;

/** Whether bytes of the body are still to come that nobody will read. */
export function isBodyPending(raw: IncomingMessage): boolean {
  // `complete` alone is no word of requests that come by no wire (Fastify's `inject`).
  if (raw.complete || raw.readableEnded || raw.destroyed) return false;
  if (isBodyHeldBack(raw) || isBodyBroken(raw)) return false;
  const { 'content-length': length, 'transfer-encoding': coding } = raw.headers;
  return coding !== undefined || (length !== undefined && length !== '0');
}

/**
 * A stream that yields `text` and ends only after the rest of the request's body was read (at most
 * 4 MiB or 5 s, then the connection is closed). Send it with a Content-Length, so that the client
 * has the whole answer at once.
 */
export function answerThenDrain(
  text: string,
  raw: IncomingMessage,
  response: ServerResponse,
  clock: Clock,
): Readable {
  let told = false;
  const answer = new Readable({
    read() {
      if (told) return;
      told = true;
      answer.push(text);
      drain(raw, clock, (drained) => {
        // What stands in for a socket in tests and functions (light-my-request) has no such end.
        if (!drained) response.once('finish', () => raw.socket.destroySoon?.());
        answer.push(null);
      });
    },
  });
  return answer;
}

function drain(raw: IncomingMessage, clock: Clock, done: (drained: boolean) => void): void {
  let bytes = 0;
  let isSettled = false;
  const settle = (drained: boolean) => {
    if (isSettled) return;
    isSettled = true;
    cancel();
    raw.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd);
    done(drained);
  };
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DRAIN_MAX_BYTES) settle(false);
  };
  const onEnd = () => settle(true);
  const cancel = clock.after(DRAIN_MAX_MS, () => settle(false));
  raw.on('data', onData).once('end', onEnd).once('close', onEnd).once('error', onEnd);
  raw.resume();
  onBrokenBody(raw, () => settle(false));
}
