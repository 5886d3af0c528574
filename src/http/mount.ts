// One handler for every host: Express, plain node:http, and behind the Fastify plugin. Which
// requests are ours is decided here, from the route table, before Fastify sees them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import { type Arrival, setArrival } from './arrival.ts';
import { answerBare, type RefuseBare } from './bare-answer.ts';
import { Exchange } from './exchange.ts';
import { matchingOf } from './host-matching.ts';
import { problemOf } from './problems.ts';
import { type Place, pathOf, queryOf, type RouteTable } from './table.ts';

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
  /** Sends a request through that is known to be for `place`; undefined: for nothing of ours. */
  dispatch(
    raw: IncomingMessage,
    response: ServerResponse,
    place: Place | undefined,
    from?: Partial<Pick<Arrival, 'hostRequest' | 'ip' | 'bodyFault'>>,
  ): void;
  /** What of ours a request is for, under whatever prefix the host has put us. */
  placeOf(raw: IncomingMessage): Place | undefined;
  /** Refuses new requests from now on; resolves when the last one has been answered, after 9 s at the latest. */
  stop(): Promise<void>;
}

export function createMount(options: {
  app: FastifyInstance;
  table: RouteTable;
  basePath: string;
  /** Whether OPTIONS is answered here (an origin list is set) or left to the host. */
  answersPreflight: boolean;
  clock: Clock;
  refuseBare: RefuseBare;
  /** Runs once, before the first request is handled. */
  onFirstRequest: () => void;
}): Mount {
  const { app, table, basePath, answersPreflight, clock, refuseBare } = options;
  const whenReady = createReadiness(app);
  const requests = createInFlight(clock);
  let first = true;

  /** Outside Fastify, which may be closed already. */
  function refuse(raw: IncomingMessage, response: ServerResponse, problem: SwitchboardError): void {
    answerBare(refuseBare(problem, raw.headers.origin), raw, response, clock);
  }

  const dispatch: Mount['dispatch'] = (raw, response, place, from) => {
    if (first) {
      first = false;
      options.onFirstRequest();
    }
    if (requests.isStopping()) return refuse(raw, response, stoppingProblem());
    setArrival(raw, {
      place,
      query: queryOf(raw.url ?? ''),
      hostRequest: from?.hostRequest ?? raw,
      ip: from?.ip ?? ipOf(raw),
      bodyFault: from?.bodyFault,
      exchange: requests.enter(raw, response),
    });
    const route = () => {
      // Fastify routes by `url`; the host's view of it is put back at once.
      const { url } = raw;
      raw.url = place?.path.pattern ?? NOWHERE;
      app.routing(raw, response);
      if (url !== undefined) raw.url = url;
    };
    whenReady(route, (error) => refuse(raw, response, problemOf(error)));
  };

  const placeOf: Mount['placeOf'] = (raw) => resolvePlace(raw, table, basePath);

  return {
    dispatch,
    placeOf,
    handler(raw, response, next) {
      const place = placeOf(raw);
      if (next !== undefined) {
        if (place === undefined) return next();
        if (raw.method === 'OPTIONS' && !answersPreflight) return next();
      }
      dispatch(raw, response, place);
    },
    stop: requests.stop,
  };
}

/** Fastify gets ready in the background; what comes earlier waits for that. */
function createReadiness(app: FastifyInstance) {
  let ready = false;
  const becomingReady = Promise.resolve(app.ready()).then(() => {
    ready = true;
  });
  // Without a listener a rejected ready() would end the process; each request tells it instead.
  becomingReady.catch(() => {});
  return (run: () => void, fail: (error: unknown) => void): void => {
    if (ready) run();
    else becomingReady.then(run, fail);
  };
}

/** The requests that are under way, and the end of all of them. */
function createInFlight(clock: Clock) {
  const idle = Promise.withResolvers<void>();
  /** Of those that wait or stream. */
  const held = new Set<AbortController>();
  let count = 0;
  let stopping = false;
  const leave = () => {
    count -= 1;
    if (stopping && count === 0) idle.resolve();
  };
  return {
    isStopping: () => stopping,
    enter(raw: IncomingMessage, response: ServerResponse): Exchange {
      count += 1;
      const exchange = new Exchange(raw, response, held);
      exchange.onOver(leave);
      return exchange;
    },
    stop(): Promise<void> {
      stopping = true;
      for (const controller of held) controller.abort();
      if (count === 0) idle.resolve();
      else clock.after(STOP_WITHIN_MS, idle.resolve);
      return idle.promise;
    },
  };
}

/**
 * `url` as it is, where it is a path of ours (nothing was stripped, or a single route was
 * replaced); otherwise what a router has left of it, under our own base path. A path that is not
 * written as ours is compared as the host compares its own.
 */
function resolvePlace(raw: HostRequest, table: RouteTable, basePath: string): Place | undefined {
  const path = pathOf(raw.url ?? '/');
  const place = table.find(path);
  if (place !== undefined) return place;
  const matching = matchingOf(raw);
  const isStripped = raw.originalUrl !== undefined && raw.originalUrl !== raw.url;
  if (!isStripped) return matching && table.find(path, matching);
  // Of the base path itself a router leaves a slash.
  return table.find(path === '/' ? basePath : basePath + path, matching);
}

function ipOf(raw: HostRequest): string | undefined {
  return typeof raw.ip === 'string' ? raw.ip : undefined;
}

const stoppingProblem = (): SwitchboardError =>
  new SwitchboardError('stopping', 'This server is stopping. Try again.');
