// The engine as one thing: a table of routes goes in, doors for every kind of host come out.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { TrustProxy } from './address.ts';
import { createApp } from './app.ts';
import { createBareRefusal, type RefuseBare } from './bare-answer.ts';
import { createErrorHandler, type ErrorHandler } from './express-errors.ts';
import { createFastifyPlugin, type FastifyPlugin } from './fastify-plugin.ts';
import type { Metrics } from './metrics.ts';
import { createMount, type Handler } from './mount.ts';
import type { Route } from './routes.ts';
import { createTable } from './table.ts';

export interface EngineOptions {
  readonly routes: readonly Route[];
  /** Where the routes are when no router strips a prefix. */
  readonly basePath: string;
  readonly corsOrigins: readonly string[];
  /** That pages may send, beside our own. */
  readonly corsHeaders?: readonly string[];
  readonly trustProxy: TrustProxy;
  /** The header, in small letters, in which the platform names the client's address. */
  readonly clientAddressHeader?: string | undefined;
  /** Headers on every answer, beside `Cache-Control` and `X-Request-Id`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** True while connections are to end with their answers. */
  readonly isClosing: () => boolean;
  /** Runs once, before the first request is handled. */
  readonly onFirstRequest: () => void;
  /** Runs when a Fastify host closes. */
  readonly onHostClose: () => Promise<void>;
}

/** For hosts of Express's kind. */
export interface Doors {
  readonly handler: Handler;
  readonly errorHandler: ErrorHandler;
}

export interface Engine extends Doors {
  /** Doors to this one path, whatever path the host has put them at. */
  doorsTo(path: string): Doors;
  readonly plugin: FastifyPlugin;
  /** For what the owner of the socket has to refuse by himself. */
  readonly refuseBare: RefuseBare;
  /** Streams are told to end, new requests get 503 `stopping`; resolves when all have been answered. */
  stop(): Promise<void>;
}

export function createEngine(options: EngineOptions): Engine {
  const { routes, basePath, onHostClose } = options;
  const table = createTable(routes);
  const app = createApp(options);
  const answersPreflight = options.corsOrigins.length > 0;
  const refuseBare = createBareRefusal(options);
  const mount = createMount({ ...options, app, table, answersPreflight, refuseBare });
  return {
    handler: mount.handler,
    // At the app's own level nothing has stripped a prefix yet.
    errorHandler: createErrorHandler(mount, mount.placeOf),
    doorsTo(path) {
      const place = table.find(path);
      if (place === undefined) throw new Error(`there is no route at ${path}`);
      return {
        handler(raw, response, next) {
          if (next !== undefined && raw.method === 'OPTIONS' && !answersPreflight) next();
          else mount.dispatch(raw, response, place);
        },
        errorHandler: createErrorHandler(mount, () => place),
      };
    },
    plugin: createFastifyPlugin({
      mount,
      table,
      basePath,
      answersPreflight,
      stop: onHostClose,
    }),
    refuseBare,
    async stop() {
      await mount.stop();
      await app.close();
    },
  };
}
