// The Fastify application: one route table, one way to refuse, one log line a request.
import cors from '@fastify/cors';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { andThen } from '../base/and-then.ts';
import type { Clock } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { arrivalOf, isBodyBroken, isBodyHeldBack } from './arrival.ts';
import { BODY_MAX_BYTES, checkContentType, readJsonBody } from './body.ts';
import { answerThenDrain, isBodyPending } from './drain.ts';
import type { Metrics } from './metrics.ts';
import { NO_COMPILERS } from './no-compilers.ts';
import { type AnswerPlainly, createPlainAnswer } from './plain-answer.ts';
import { problemBody, problemHeaders, problemOf, statusOf } from './problems.ts';
import { nextRequestId } from './request-id.ts';
import { type Route, type RouteTable, tableOf } from './routes.ts';

/** Hops, or addresses and CIDR ranges, of the proxies that are believed about the client's address. */
export type TrustProxy = number | readonly string[];

declare module 'fastify' {
  interface FastifyRequest {
    route: Route | null;
    problem: SwitchboardError | null;
  }
}

export interface AppOptions {
  readonly routes: readonly Route[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly trustProxy: TrustProxy;
  readonly corsOrigins: readonly string[];
  /** Headers on every answer, beside `Cache-Control` and `X-Request-Id`. */
  readonly headers: Readonly<Record<string, string>>;
  /** True from the moment on when connections are to end with their answer. */
  readonly isClosing: () => boolean;
}

export interface App {
  readonly fastify: FastifyInstance;
  readonly table: RouteTable;
}

export function createApp(options: AppOptions): App {
  const { routes, clock, log, metrics, corsOrigins } = options;
  const table = tableOf(routes);
  const app = fastify({
    logger: false,
    genReqId: nextRequestId,
    requestIdHeader: false,
    trustProxy: trustFunction(options.trustProxy),
    exposeHeadRoutes: true,
    bodyLimit: BODY_MAX_BYTES,
    schemaController: NO_COMPILERS,
  });
  // Bodies are read by ours alone, and only where a route asks for one. Fastify's own parsers would
  // read whatever comes with an OPTIONS, before anybody was asked who he is.
  app.removeAllContentTypeParsers();

  const headers = { ...options.headers, 'cache-control': 'no-store' };
  const answerPlainly = createPlainAnswer({ headers, isClosing: options.isClosing });

  function refuse(reply: FastifyReply, error: unknown): void {
    const { request } = reply;
    // Nobody is left to be refused.
    if (arrivalOf(request.raw).exchange.isOver) return;
    const problem = problemOf(error);
    request.problem = problem;
    metrics.refused(problem.code);
    reply.code(statusOf(problem)).headers({ ...headers, ...problemHeaders(problem) });
    reply.header('x-request-id', request.id);
    reply.header('content-type', 'application/json; charset=utf-8');
    if (problem.code === 'method_not_allowed') {
      reply.header('allow', methodsAt(request, table)?.join(', ') ?? '');
    }
    const text = problemBody(problem, request.id);
    if (options.isClosing() || isBodyHeldBack(request.raw) || isBodyBroken(request.raw)) {
      reply.header('connection', 'close');
    }
    if (!isBodyPending(request.raw)) {
      reply.send(text);
      return;
    }
    if (request.method === 'HEAD') {
      // Its answer has no body that could wait for the other one.
      reply.header('connection', 'close').send(text);
      return;
    }
    reply.header('content-length', Buffer.byteLength(text));
    reply.send(answerThenDrain(text, request.raw, reply.raw, clock));
  }

  app.decorateRequest('route', null);
  app.decorateRequest('problem', null);
  app.decorateRequest('user', null);
  app.setErrorHandler((error, _request, reply) => refuse(reply, error));
  app.setNotFoundHandler((request, reply) => refuse(reply, unrouted(request, table)));

  app.addHook('onRequest', (request, reply, done) => {
    const startedAt = performance.now();
    const { exchange } = arrivalOf(request.raw);
    exchange.onOver((aborted) =>
      record(request, reply, { log, metrics, aborted, ms: performance.now() - startedAt }),
    );
    if (exchange.isOver) return;
    // The preflight's answer doesn't wait for a body either, and Node would read it to its end.
    if (request.method === 'OPTIONS' && isBodyPending(request.raw)) {
      reply.header('connection', 'close');
    }
    // Before any body is read: a path that is nobody's has nothing to parse.
    done(request.is404 ? unrouted(request, table) : undefined);
  });
  if (corsOrigins.length > 0) {
    app.register(cors, {
      origin: [...corsOrigins],
      methods: ['GET', 'POST'],
      allowedHeaders: ['Authorization', 'Content-Type', 'X-Firebase-AppCheck'],
      exposedHeaders: ['X-Request-Id', 'Retry-After'],
      maxAge: 600,
      strictPreflight: false,
    });
  }
  app.register(async (scope) => {
    for (const route of routes) addRoute(scope, route, { answerPlainly, clock });
  });
  return { fastify: app, table };
}

/**
 * A route runs as a whole in Fastify's first hook. What would come between the hook and a handler (a
 * parser, validation, a serializer, and an AsyncResource) is done here or needed by nobody.
 */
function addRoute(
  app: FastifyInstance,
  route: Route,
  { answerPlainly, clock }: { answerPlainly: AnswerPlainly; clock: Clock },
): void {
  const { admit } = route;
  const hasBody = route.schema.body !== undefined;
  const contentType = route.contentType ?? 'application/json; charset=utf-8';

  app.route({
    method: route.method,
    url: route.path,
    onRequest(request, reply, refuse) {
      request.route = route;
      const { exchange } = arrivalOf(request.raw);
      const attempt = (step: () => unknown) => {
        try {
          const result = step();
          if (result instanceof Promise) result.catch(refuse);
        } catch (error) {
          refuse(error as Error);
        }
      };
      const send = (text: string) => {
        if (!exchange.isOver) answerPlainly(reply, contentType, text);
      };
      const answer = (body: unknown) => andThen(route.answer(request, body), send);
      attempt(() =>
        andThen(admit === 'public' ? undefined : admit(request), () => {
          // Who has gone meanwhile has left no body, which is no fault of the host's.
          if (exchange.isOver) return;
          if (!hasBody) return answer(undefined);
          checkContentType(request.raw);
          readJsonBody(request.raw, clock, (fault, body) => {
            if (fault === null) attempt(() => answer(body));
            else refuse(fault);
          });
        }),
      );
    },
    handler: () => undefined,
  });
}

const methodsAt = (request: FastifyRequest, table: RouteTable) =>
  table.get(arrivalOf(request.raw).path);

function unrouted(request: FastifyRequest, table: RouteTable): SwitchboardError {
  const methods = methodsAt(request, table);
  return methods === undefined
    ? new SwitchboardError('not_found', 'There is nothing at this path.')
    : new SwitchboardError('method_not_allowed', `Use ${methods.join(' or ')} here.`);
}

/** Fastify reads a number as "trust nobody"; a function of the hop says what is meant. */
function trustFunction(trustProxy: TrustProxy) {
  if (typeof trustProxy !== 'number') return [...trustProxy];
  return trustProxy === 0 ? false : (_address: string, hop: number) => hop < trustProxy;
}

/** The one log line and the measurements of a request, whatever became of it. */
function record(
  request: FastifyRequest,
  { raw }: FastifyReply,
  by: Pick<AppOptions, 'log' | 'metrics'> & { aborted: boolean; ms: number },
): void {
  const { problem, route } = request;
  const { aborted, ms } = by;
  const pattern = route?.path ?? 'none';
  // Where the client went before the head of an answer was written, there is no status.
  const status = raw.headersSent ? raw.statusCode : undefined;
  by.metrics.answered(pattern, aborted || status === undefined ? 'aborted' : status, ms / 1000);
  const line = {
    requestId: request.id,
    method: request.method,
    route: pattern,
    status,
    ms: Math.round(ms * 100) / 100,
    uid: request.user?.uid,
    code: problem?.code,
    err: problem?.cause,
    aborted: aborted || undefined,
  };
  if (problem !== null && statusOf(problem) >= 500) by.log.error(line, problem.message);
  else if (aborted) by.log.info(line, 'aborted');
  else by.log.info(line, problem === null ? 'answered' : 'refused');
}
