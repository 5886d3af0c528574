// All parts, put together: what the library gives to hosts, and what the standalone server serves.
import type { Clock } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import { createJsonLogger, guardedLogger } from '../base/log.ts';
import type { RefuseBare } from '../http/bare-answer.ts';
import { createEngine } from '../http/engine.ts';
import type { ErrorHandler } from '../http/express-errors.ts';
import type { FastifyPlugin } from '../http/fastify-plugin.ts';
import { createMetrics, type Metrics } from '../http/metrics.ts';
import type { Handler } from '../http/mount.ts';
import type { Route } from '../http/routes.ts';
import type { PushSender } from '../ringing/push.ts';
import { createDescription } from '../routes/openapi.ts';
import { tokenPathUnder } from '../routes/token.ts';
import { checkOptions } from '../settings/check-options.ts';
import type { SwitchboardOptions } from '../settings/options.ts';
import { createAdmission } from './admission.ts';
import type { CreateCalls } from './calls-part.ts';
import type { HostCalls } from './host-calls.ts';
import { createLifetimes } from './lifetimes.ts';
import { createLimits } from './limits.ts';
import type { Ground, Part } from './part.ts';
import { createRooms } from './room-access.ts';
import { createTokens } from './tokens.ts';

/** Whether requests can be served well, and what is missing where not (names, never values). */
export interface Readiness {
  readonly ready: boolean;
  readonly missing: readonly string[];
}

/** What `createSwitchboard` answers. */
export interface Switchboard {
  /** For `app.use('/api/calls', handler)`, `app.post('/api/calls/livekit-token', handler)` or `http.createServer(handler)`. */
  readonly handler: Handler;
  /** For Express hosts that parse bodies before the handler: `app.use(errorHandler)` after it. */
  readonly errorHandler: ErrorHandler;
  /**
   * The token endpoint alone, at whatever path the host puts it:
   * `app.post('/token', tokenHandler)`, `onRequest(tokenHandler)`.
   */
  readonly tokenHandler: Handler;
  /** For hosts that parse bodies before `tokenHandler`: `app.use('/token', tokenErrorHandler)` after it. */
  readonly tokenErrorHandler: ErrorHandler;
  /** For Fastify hosts: `await app.register(plugin, { prefix: '/api/calls' })`. */
  readonly plugin: FastifyPlugin;
  /** Whether LiveKit's keys are set and Google's have been fetched. */
  readiness(): Readiness;
  /** Calls in the hands of your own code. Without `database` each of its methods rejects. */
  readonly calls: HostCalls;
  /** The metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  /**
   * Fetches Google's keys before the first request needs them, opens the database and looks after
   * calls from then on: those that were going on when the last process ended, too. Optional: the first
   * request starts what was not started. Resolves when the first try has ended, well or not.
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
  /** What to warn of at start, in the names of variables. Absent: the same in those of options. */
  readonly warnings?: readonly string[];
  /** Who sends pushes, in place of those that the settings name. */
  readonly senders?: readonly PushSender[] | undefined;
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

export interface Composition {
  readonly switchboard: Switchboard;
  /** For what the owner of the socket has to refuse by himself. */
  readonly refuseBare: RefuseBare;
}

export function createHouse(
  options: SwitchboardOptions,
  by: {
    readonly clock: Clock;
    /** Where there is no database one will do that loads nothing of calls. */
    readonly createCalls: CreateCalls;
    readonly standalone?: Standalone;
  },
): Composition {
  const { clock, createCalls, standalone = MOUNTED } = by;
  const warnings: string[] = [];
  const settings = checkOptions(options, (warning) => void warnings.push(warning));
  const log = settings.logger ? guardedLogger(settings.logger) : createJsonLogger('warn');
  for (const warning of standalone.warnings ?? warnings) log.warn({}, warning);
  const ground: Ground = { clock, log, metrics: createMetrics() };

  const limits = createLimits(settings.limits, ground);
  const failures = limits.limit('auth-failures', settings.limits.authFailuresPerMinute);
  const admission = createAdmission(settings, ground, failures);
  const rooms = createRooms(settings.access, ground);
  const lifetimes = createLifetimes();
  let closing = false;
  // What is wrong was told in the log, and each request that it concerns is refused.
  const begin = () => void lifetimes.start().catch(() => {});
  const calls = createCalls(settings, ground, {
    ...{ admission, limits, rooms, failures, senders: standalone.senders },
    begin() {
      if (closing) {
        throw new SwitchboardError('stopping', 'This server is stopping. Try again.');
      }
      begin();
    },
  });
  const callRooms = calls.rooms;
  const tokens = createTokens(settings, ground, { admission, limits, rooms, callRooms });
  const parts: readonly Part[] = [tokens, calls, admission, rooms, limits];

  const readiness = (): Readiness => {
    const missing = parts.flatMap((part) => part.missing?.() ?? []);
    if (closing) missing.push('stopping');
    return { ready: missing.length === 0, missing };
  };
  ground.metrics.watchReadiness(() => readiness().ready);
  const routes: Route[] = parts.flatMap((part) => part.routes ?? []);
  const describe = createDescription(() => routes);
  routes.push(...standalone.routes({ readiness, metrics: ground.metrics, describe }));

  for (const part of parts) lifetimes.add(part);
  const stop = () => {
    closing = true;
    return lifetimes.stop();
  };
  const engine = lifetimes.add(
    createEngine({
      ...ground,
      ...settings.front,
      routes,
      headers: standalone.headers,
      isClosing: () => closing || standalone.isDraining(),
      onFirstRequest: begin,
      onHostClose: stop,
    }),
  );
  const token = engine.doorsTo(tokenPathUnder(settings.front.basePath));
  const switchboard: Switchboard = {
    handler: engine.handler,
    errorHandler: engine.errorHandler,
    tokenHandler: token.handler,
    tokenErrorHandler: token.errorHandler,
    plugin: engine.plugin,
    readiness,
    calls: calls.hostCalls,
    metrics: () => ground.metrics.registry.metrics(),
    start: lifetimes.start,
    stop,
  };
  return { switchboard, refuseBare: engine.refuseBare };
}
