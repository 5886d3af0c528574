// The Fastify application: one route table, one way to answer, one to refuse, one log line a request.
import cors from '@fastify/cors';
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import type { CallId, InstallationId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import type { User } from '../base/user.ts';
import type { TrustProxy } from './address.ts';
import { arrivalOf } from './arrival.ts';
import { EXPOSED_HEADERS } from './cors.ts';
import { isBodyPending } from './drain.ts';
import { createAddressOf } from './forwarded.ts';
import type { Metrics } from './metrics.ts';
import { NO_COMPILERS } from './no-compilers.ts';
import { record } from './record.ts';
import { createRefusal } from './refusal.ts';
import { nextRequestId } from './request-id.ts';
import type { Route } from './routes.ts';
import { createSendAnswer } from './send-answer.ts';
import { serveRoute } from './serve-route.ts';

declare module 'fastify' {
  interface FastifyRequest {
    route: Route | null;
    problem: SwitchboardError | null;
    /** Known on every route that is not public. */
    user: User | null;
    /** Where a ticket has taken the place of an ID token: what it was made for. */
    ticket: { readonly callId: CallId; readonly installation: InstallationId } | null;
    /** As proxies or the host have it; undefined where the connection is gone already. */
    readonly clientAddress: string | undefined;
  }
}

export interface AppOptions {
  readonly routes: readonly Route[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly trustProxy: TrustProxy;
  /** The header, in small letters, in which the platform names the client's address. */
  readonly clientAddressHeader?: string | undefined;
  readonly corsOrigins: readonly string[];
  /** That pages may send, beside our own. */
  readonly corsHeaders?: readonly string[];
  /** Headers on every answer, beside `Cache-Control` and `X-Request-Id`. */
  readonly headers: Readonly<Record<string, string>>;
  /** True from the moment on when connections are to end with their answer. */
  readonly isClosing: () => boolean;
}

export function createApp(options: AppOptions): FastifyInstance {
  const { routes, clock, log, corsOrigins, trustProxy, clientAddressHeader } = options;
  const app = fastify({
    logger: false,
    genReqId: nextRequestId,
    requestIdHeader: false,
    exposeHeadRoutes: true,
    schemaController: NO_COMPILERS,
  });
  // Bodies are read by ours alone, and only where a route asks for one. Fastify's own parsers would
  // read whatever comes with an OPTIONS, before anybody was asked who he is.
  app.removeAllContentTypeParsers();
  app.decorateRequest('route', null);
  app.decorateRequest('problem', null);
  app.decorateRequest('user', null);
  app.decorateRequest('ticket', null);
  const addressOf = createAddressOf({ trustProxy, clientAddressHeader, log });
  app.decorateRequest('clientAddress', {
    getter() {
      return addressOf(this.raw, arrivalOf(this.raw).ip);
    },
  });

  const answers = { ...options, headers: { ...options.headers, 'cache-control': 'no-store' } };
  const refuse = createRefusal(answers);
  app.setErrorHandler((error, _request, reply) => refuse(reply, error));
  app.setNotFoundHandler((request, reply) => refuse(reply, unrouted(request)));
  recordEach(app, options);
  if (corsOrigins.length > 0) app.register(cors, corsOptions(options));
  const sendAnswer = createSendAnswer(answers);
  app.register(async (scope) => {
    for (const route of routes) serveRoute(scope, route, { sendAnswer, clock });
  });
  return app;
}

/** What every request passes first, whatever it asks for. */
function recordEach(app: FastifyInstance, { log, metrics }: AppOptions): void {
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
    done();
  });
  // Before any body is read: a path that is nobody's has nothing to parse. Behind all hooks of the
  // kind above: without the headers of CORS a browser would take a wrong path for a fault of CORS.
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    done(request.is404 ? unrouted(request) : undefined);
  });
}

const HEADERS = ['Authorization', 'Content-Type', 'X-Firebase-AppCheck'];
/** Tracing puts them on every call of a page: W3C Trace Context and Baggage, Sentry. */
const TRACING_HEADERS = ['Traceparent', 'Tracestate', 'Baggage', 'Sentry-Trace'];

const corsOptions = ({ routes, corsOrigins, corsHeaders = [] }: AppOptions) => ({
  origin: [...corsOrigins],
  methods: [...new Set(routes.map(({ method }) => method))].sort(),
  allowedHeaders: [...HEADERS, ...TRACING_HEADERS, ...corsHeaders],
  exposedHeaders: EXPOSED_HEADERS,
  maxAge: 600,
  strictPreflight: false,
});

function unrouted({ raw }: FastifyRequest): SwitchboardError {
  const { place } = arrivalOf(raw);
  if (place === undefined)
    return new SwitchboardError('not_found', 'There is nothing at this path.');
  const isPreflight = raw.method === 'OPTIONS' && raw.headers.origin !== undefined;
  return new SwitchboardError(
    'method_not_allowed',
    `Use ${place.path.methods.join(' or ')} here.`,
    isPreflight
      ? { cause: { message: 'a page of another origin asks, and CORS_ORIGINS is unset' } }
      : {},
  );
}
