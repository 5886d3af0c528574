// The one way to refuse what has come as far as Fastify.
import type { FastifyReply } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { arrivalOf } from './arrival.ts';
import { isBodyBroken, isBodyHeldBack } from './body-on-its-way.ts';
import { answerThenDrain, isBodyPending } from './drain.ts';
import type { Metrics } from './metrics.ts';
import { problemBody, problemHeaders, problemOf, statusOf } from './problems.ts';

/** Answers whatever was thrown as a problem. */
export type Refuse = (reply: FastifyReply, error: unknown) => void;

export function createRefusal(options: {
  /** Headers on every answer. */
  headers: Readonly<Record<string, string>>;
  isClosing: () => boolean;
  clock: Clock;
  metrics: Pick<Metrics, 'refused'>;
}): Refuse {
  const { headers, isClosing, clock, metrics } = options;
  return (reply, error) => {
    const { request } = reply;
    const { raw } = request;
    const { exchange, place } = arrivalOf(raw);
    // Nobody is left to be refused.
    if (exchange.isOver) return;
    const problem = problemOf(error);
    request.problem = problem;
    metrics.refused(problem.code);
    reply.code(statusOf(problem)).headers({ ...headers, ...problemHeaders(problem) });
    reply.header('x-request-id', request.id);
    reply.header('content-type', 'application/json; charset=utf-8');
    if (problem.code === 'method_not_allowed') {
      reply.header('allow', place?.path.methods.join(', ') ?? '');
    }
    const text = problemBody(problem, request.id);
    const isPending = isBodyPending(raw);
    // The answer to a HEAD has no body that could wait for the request's.
    const cannotWait = isPending && request.method === 'HEAD';
    if (isClosing() || isBodyHeldBack(raw) || isBodyBroken(raw) || cannotWait) {
      reply.header('connection', 'close');
    }
    if (!isPending || cannotWait) {
      reply.send(text);
      return;
    }
    reply.header('content-length', Buffer.byteLength(text));
    reply.send(answerThenDrain(text, raw, reply.raw, clock));
  };
}
