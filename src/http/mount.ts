// One handler for every host: Express, plain node:http, and behind the Fastify plugin. Which
// requests are ours is decided here, from the route table, before Fastify sees them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import type { App } from './app.ts';
import { setArrival } from './arrival.ts';
import { answerBare, type RefuseBare } from './bare-answer.ts';
import { Exchange } from './exchange.ts';
import { problemOf } from './problems.ts';
import { pathOf, type RouteTable } from './routes.ts';

/** The shape of a request listener and of a Connect or Express middleware. */
export type Handler = (
  req: IncomingMessage,
  res: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/** Stands in for every path that is not ours: some of them Fastify would refuse in its own words. */
const NOWHERE = '/-';

/** Somebody may never read his answer. Fastify gives a plugin 10 s to end. */
const STOP_WITHIN_MS = 9_000;

/** What a host's framework adds to a request, as far as it is of use here. */
type HostRequest = IncomingMessage & { originalUrl?: string; ip?: unknown };

export interface Mount {
  readonly handler: Handler;
  /** Sends a request through that is known to be for `path`. */
  dispatch(
    raw: IncomingMessage,
    response: ServerResponse,
    path: string,
    from?: { hostRequest?: unknown; ip?: string | undefined; bodyFault?: SwitchboardError },
  ): void;
  /** The path of ours that a request is for, under whatever prefix the host has put us. */
  pathFor(raw: IncomingMessage): string | undefined;
  /** Refuses new requests from now on; resolves when the last one has been answered, after 9 s at the latest. */
  stop(): Promise<void>;
}

export function createMount(options: {
  app: App;
  basePath: string;
  /** Whether OPTIONS is answered here (an origin list is set) or left to the host. */
  answersPreflight: boolean;
  clock: Clock;
  refuseBare: RefuseBare;
  /** Runs once, before the first request is handled. */
  onFirstRequest: () => void;
}): Mount {
  const { app, basePath, answersPreflight, clock, refuseBare } = options;
  const { fastify, table } = app;
  const idle = Promise.withResolvers<void>();
  let inFlight = 0;
  let stopping = false;
  let ready = false;
  let first = true;
  const becomingReady = Promise.resolve(fastify.ready()).then(() => {
    ready = true;
  });
  // Without a listener a rejected ready() would end the process; each request tells it instead.
  becomingReady.catch(() => {});

  /** Outside Fastify, which may be closed already. */
  function refuse(raw: IncomingMessage, response: ServerResponse, problem: SwitchboardError): void {
    answerBare(refuseBare(problem), raw, response, clock);
  }

  const dispatch: Mount['dispatch'] = (raw, response, path, from) => {
    if (first) {
      first = false;
      options.onFirstRequest();
    }
    if (stopping) return refuse(raw, response, stoppingProblem());
    inFlight += 1;
    const exchange = new Exchange(raw, response);
    exchange.onOver(() => {
      inFlight -= 1;
      if (stopping && inFlight === 0) idle.resolve();
    });
    setArrival(raw, {
      path,
      hostRequest: from?.hostRequest ?? raw,
      ip: from?.ip ?? ipOf(raw),
      bodyFault: from?.bodyFault,
      exchange,
    });
    const route = () => {
      // Fastify routes by `url`; the host's view of it is put back at once.
      const { url } = raw;
      raw.url = path;
      fastify.routing(raw, response);
      if (url !== undefined) raw.url = url;
    };
    if (ready) route();
    else becomingReady.then(route, (error) => refuse(raw, response, problemOf(error)));
  };

  const pathFor: Mount['pathFor'] = (raw) => resolvePath(raw, table, basePath);

  return {
    dispatch,
    pathFor,
    handler(raw, response, next) {
      const path = pathFor(raw);
      if (next !== undefined) {
        if (path === undefined) return next();
        if (raw.method === 'OPTIONS' && !answersPreflight) return next();
      }
      dispatch(raw, response, path ?? NOWHERE);
    },
    stop() {
      stopping = true;
      if (inFlight === 0) idle.resolve();
      else clock.after(STOP_WITHIN_MS, idle.resolve);
      return idle.promise;
    },
  };
}

/**
 * `url` as it is, where it is a path of ours (nothing was stripped, or a single route was
 * replaced); otherwise what a router has left of it, under our own base path.
 */
function resolvePath(raw: HostRequest, table: RouteTable, basePath: string): string | undefined {
  const path = pathOf(raw.url ?? '/');
  if (table.has(path)) return path;
  const stripped = raw.originalUrl !== undefined && raw.originalUrl !== raw.url;
  return stripped && table.has(basePath + path) ? basePath + path : undefined;
}

function ipOf(raw: HostRequest): string | undefined {
  return typeof raw.ip === 'string' ? raw.ip : undefined;
}

const stoppingProblem = (): SwitchboardError =>
  new SwitchboardError('stopping', 'This server is stopping. Try again.');
