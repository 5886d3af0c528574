// An answer on its way to the wire, in one piece: a header that is set through Fastify is looked at
// four times, and there are eight of them.
import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Clock } from '../base/clock.ts';
import type { Answer } from './answers.ts';
import { arrivalOf } from './arrival.ts';
import { isBodyPending } from './drain.ts';
import { sendPieces } from './stream.ts';
import { createUntaken } from './untaken.ts';

/** Sends an answer; resolves when a stream has ended, and rejects with its fault. */
export type SendAnswer = (
  reply: FastifyReply,
  contentType: string,
  answer: Answer,
) => void | Promise<void>;

export function createSendAnswer(options: {
  /** Headers on every answer. */
  headers: Readonly<Record<string, string>>;
  /** True from the moment on when connections are to end with their answer. */
  isClosing: () => boolean;
  clock: Clock;
}): SendAnswer {
  const hold = createUntaken();

  /**
   * Writes the head, from an object: hosts' middleware that waits for it (`on-headers`, in
   * `compression` and `express-session`) misreads a flat list before its version 1.1. Fastify's
   * hooks still see the end of the answer.
   */
  function begin(reply: FastifyReply, status: number, own: OutgoingHttpHeaders): void {
    const headers: OutgoingHttpHeaders = {
      ...options.headers,
      'x-request-id': reply.request.id,
      ...own,
    };
    // A body that nobody asked for may come for ever.
    if (options.isClosing() || isBodyPending(reply.request.raw)) headers.connection = 'close';
    // What hooks have set (CORS, for one).
    reply.raw.writeHead(status, Object.assign(headers, reply.getHeaders()));
    reply.hijack();
  }

  function sendText(reply: FastifyReply, status: number, contentType: string, text: string): void {
    const bytes = Buffer.byteLength(text);
    begin(reply, status, { 'content-type': contentType, 'content-length': bytes });
    reply.raw.end(text);
    const release = hold(reply.raw, bytes);
    if (release !== undefined) arrivalOf(reply.request.raw).exchange.onOver(release);
  }

  return (reply, contentType, answer) => {
    const { exchange } = arrivalOf(reply.request.raw);
    // Nobody is left to take it.
    if (exchange.isOver) return;
    if (typeof answer === 'string') return sendText(reply, 200, contentType, answer);
    if (answer === null) {
      begin(reply, 204, {});
      reply.raw.end();
      return;
    }
    if ('text' in answer) return sendText(reply, answer.status, contentType, answer.text);
    begin(reply, 200, { 'content-type': contentType, ...answer.headers });
    if (reply.request.method !== 'HEAD') {
      const { clock } = options;
      return sendPieces(reply.raw, answer.stream, exchange, { clock, hold });
    }
    reply.raw.end();
  };
}
