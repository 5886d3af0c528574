// A route runs as a whole in Fastify's first hook. What would come between the hook and a handler (a
// parser, validation, a serializer, and an AsyncResource) is done here or needed by nobody.
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { andThen } from '../base/and-then.ts';
import type { Clock } from '../base/clock.ts';
import { arrivalOf } from './arrival.ts';
import { checkContentType, readBody } from './body.ts';
import { inQuery, readFields } from './fields.ts';
import { problemOf } from './problems.ts';
import type { Route } from './routes.ts';
import type { SendAnswer } from './send-answer.ts';

type Fail = (error: Error) => void;
type Input = Parameters<Route['answer']>[1];

const NONE = {};

export function serveRoute(
  app: FastifyInstance,
  route: Route,
  by: { sendAnswer: SendAnswer; clock: Clock },
): void {
  const { admit, body: kind } = route;

  function serve(request: FastifyRequest, reply: FastifyReply, fail: Fail): void {
    const { raw } = request;
    const attempt = (step: () => unknown) => runStep(step, reply, fail);
    const answer = (input: Input) =>
      andThen(route.answer(request, input), (answered) =>
        by.sendAnswer(reply, route.contentType ?? JSON_TYPE, answered),
      );
    const afterGate = () => {
      // Who has gone meanwhile has left no body, which is no fault of the host's.
      if (arrivalOf(raw).exchange.isOver) return;
      const input = inputOf(request, route);
      if (kind === undefined || (kind.isOptional && !hasBody(raw))) return answer(input);
      checkContentType(raw, kind);
      readBody(raw, kind, by.clock, (fault, body) => {
        if (fault === null) attempt(() => answer({ ...input, body }));
        else fail(fault);
      });
    };
    attempt(() => andThen(admit === 'public' ? undefined : admit(request), afterGate));
  }

  app.route({
    method: route.method,
    // Which path it is has been decided: here a pattern is a name (`::` is a colon to the router).
    url: route.path.replaceAll(':', '::'),
    onRequest(request, reply, fail) {
      request.route = route;
      serve(request, reply, fail);
    },
    handler: () => undefined,
  });
}

/** As its headers announce one (RFC 9112, section 6.3). */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const JSON_TYPE = 'application/json; charset=utf-8';

function inputOf(request: FastifyRequest, route: Route): Input {
  const { place, query } = arrivalOf(request.raw);
  return {
    params: readFields(route.params, (name) => place?.params[name]),
    // Made only where somebody looks: it costs as much as the rest of this.
    query: route.query === undefined ? NONE : readFields(route.query, inQuery(query)),
    headers: readFields(route.headers, (name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : undefined;
    }),
    body: undefined,
  };
}

/** Runs what may throw or reject, and tells it where there is still somebody to tell it to. */
function runStep(step: () => unknown, reply: FastifyReply, fail: Fail): void {
  const tell = (error: Error) => {
    // A stream has begun already, and is cut off: only the log can hold why.
    if (reply.sent) reply.request.problem = problemOf(error);
    else fail(error);
  };
  try {
    const result = step();
    if (result instanceof Promise) result.catch(tell);
  } catch (error) {
    tell(error as Error);
  }
}
