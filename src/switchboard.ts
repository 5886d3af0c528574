// The only place where all rooms meet.

import { type Clock, systemClock } from './base/clock.ts';
import { createJsonLogger, guardedLogger, type Logger } from './base/log.ts';
import { checkNode } from './base/version.ts';
import { createCallers } from './compose/admission.ts';
import { createRooms } from './compose/room-access.ts';
import { createApp } from './http/app.ts';
import { createBareRefusal, type RefuseBare } from './http/bare-answer.ts';
import { createErrorHandler, type ErrorHandler } from './http/express-errors.ts';
import { createFastifyPlugin, type FastifyPlugin } from './http/fastify-plugin.ts';
import { createMetrics, type Metrics } from './http/metrics.ts';
import { createMount, type Handler } from './http/mount.ts';
import type { Route } from './http/routes.ts';
import { createDescription } from './routes/openapi.ts';
import { tokenRoute } from './routes/token.ts';
import { checkOptions, type Settings } from './settings/check-options.ts';
import type { SwitchboardOptions } from './settings/options.ts';
import { createTokenMint, type MintToken } from './tokens/livekit-token.ts';

/** Whether requests can be served well, and what is missing where not (names, never values). */
export interface Readiness {
  readonly ready: boolean;
  readonly missing: readonly string[];
}

/** What {@link createSwitchboard} answers. */
export interface Switchboard {
  /** For `app.use('/api/calls', handler)`, `app.post('/api/calls/livekit-token', handler)` or `http.createServer(handler)`. */
  readonly handler: Handler;
  /** For Express hosts that parse bodies before the handler: `app.use(errorHandler)` after it. */
  readonly errorHandler: ErrorHandler;
  /** For Fastify hosts: `await app.register(plugin, { prefix: '/api/calls' })`. */
  readonly plugin: FastifyPlugin;
  /** Whether LiveKit's keys are set and Google's have been fetched. */
  readiness(): Readiness;
  /** The metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  /**
   * Fetches Google's keys before the first request needs them. Optional: the first request starts
   * what was not started. Resolves when the first fetch has ended, well or not.
   */
  start(): Promise<void>;
  /** New requests get 503 `stopping`; resolves when those in flight have been answered. */
  stop(): Promise<void>;
}

/** What only the standalone server asks of the composition. */
export interface Standalone {
  /** Headers on every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** True while the server drains: connections end with their answers, so that none is cut off later. */
  readonly isDraining: () => boolean;
  /** Routes beside the library's own. */
  readonly routes: (parts: {
    readiness(): Readiness;
    metrics: Metrics;
    /** Answers the OpenAPI document of all routes, these among them. */
    describe(): Promise<object>;
  }) => readonly Route[];
}

const MOUNTED: Standalone = {
  headers: { 'x-content-type-options': 'nosniff' },
  isDraining: () => false,
  routes: () => [],
};

/**
 * Makes the call backend, to be mounted in a server of the host's. Synchronous and without any
 * input or output; the handler works at once.
 *
 * @throws TypeError that names every option that is wrong.
 * @example
 * const switchboard = createSwitchboard({
 *   firebaseProjectId: 'my-project',
 *   livekitApiKey: process.env.LIVEKIT_API_KEY,
 *   livekitApiSecret: process.env.LIVEKIT_API_SECRET,
 * });
 * app.use('/api/calls', switchboard.handler);
 */
export function createSwitchboard(options: SwitchboardOptions): Switchboard {
  checkNode();
  return compose(options, systemClock).switchboard;
}

export interface Composition {
  readonly switchboard: Switchboard;
  /** For what the owner of the socket has to refuse by himself. */
  readonly refuseBare: RefuseBare;
}

/** {@link createSwitchboard} with its clock and what the standalone server adds. */
export function compose(
  options: SwitchboardOptions,
  clock: Clock,
  standalone: Standalone = MOUNTED,
): Composition {
  const settings = checkOptions(options);
  const { basePath, corsOrigins } = settings;
  const log = settings.logger ? guardedLogger(settings.logger) : createJsonLogger('warn');
  const metrics = createMetrics();
  const callers = createCallers(settings, { clock, log, metrics });
  const rooms = createRooms(settings, { clock, log });
  const mint = mintOf(settings, log);
  let closing = false;

  const readiness = (): Readiness => {
    const missing: string[] = [];
    if (mint === undefined) missing.push('LiveKit keys (LIVEKIT_API_KEY, LIVEKIT_API_SECRET)');
    missing.push(...callers.missing());
    if (closing) missing.push('stopping');
    return { ready: missing.length === 0, missing };
  };

  const routes: Route[] = [
    tokenRoute({
      path: `${basePath}/livekit-token`,
      admit: callers.admit,
      access: rooms.access,
      mint: mint && ((request) => mint(request, clock.now())),
      serverUrl: settings.livekitUrl,
      onMinted: metrics.tokenMinted,
    }),
  ];
  const describe = createDescription(() => routes);
  routes.push(...standalone.routes({ readiness, metrics, describe }));
  const app = createApp({
    ...standalone,
    routes,
    clock,
    log,
    metrics,
    trustProxy: settings.trustProxy,
    corsOrigins,
    isClosing: () => closing || standalone.isDraining(),
  });

  const answersPreflight = corsOrigins.length > 0;
  let started: Promise<void> | undefined;
  const start = () => {
    started ??= Promise.all([callers.start(), rooms.start()]).then(() => {});
    return started;
  };
  const refuseBare = createBareRefusal({ log, metrics, headers: standalone.headers });
  const mount = createMount({
    app,
    basePath,
    answersPreflight,
    clock,
    refuseBare,
    onFirstRequest: () => void start(),
  });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    closing = true;
    stopped ??= mount.stop().then(() => {
      callers.stop();
      return app.fastify.close();
    });
    return stopped;
  };

  const switchboard: Switchboard = {
    handler: mount.handler,
    errorHandler: createErrorHandler(mount),
    plugin: createFastifyPlugin({ mount, table: app.table, basePath, answersPreflight, stop }),
    readiness,
    metrics: () => metrics.registry.metrics(),
    start,
    stop,
  };
  return { switchboard, refuseBare };
}

function mintOf(settings: Settings, log: Logger): MintToken | undefined {
  const { livekitKeys, livekitTokenTtlSeconds: ttlSeconds } = settings;
  if (livekitKeys !== undefined) return createTokenMint({ ...livekitKeys, ttlSeconds });
  log.error(
    {},
    'LiveKit server keys are not configured: set LIVEKIT_API_KEY and LIVEKIT_API_SECRET ' +
      '(as options: livekitApiKey, livekitApiSecret); until then no token is handed out',
  );
  return undefined;
}
