// Every way to serve the switchboard. The same stories run in each.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import express4 from 'express4';
import { fastify } from 'fastify';
import type { Clock } from '../src/base/clock.ts';
import type { Switchboard } from '../src/compose/house.ts';
import { startServer } from '../src/server.ts';
import { loadConfig } from '../src/settings/config.ts';
import type { SwitchboardOptions } from '../src/settings/options.ts';
import { compose } from '../src/switchboard.ts';

export interface RunningMount {
  /** Where the token endpoint is. */
  readonly tokenUrl: string;
  readonly switchboard: Switchboard;
  close(): Promise<void>;
}

export interface Mount {
  readonly name: string;
  /** Parsed by the host before we see it: what a parser has mended or measured, we can't judge. */
  readonly behindParser?: true;
  /** The host's router lets only POST on this one path through. */
  readonly onlyOneRoute?: true;
  /** Paths that are not ours are answered by the host, with its own words. */
  readonly hasHost: boolean;
  start(options: SwitchboardOptions, clock: Clock): Promise<RunningMount>;
  /** Puts any doors into this kind of host; absent where the server makes them itself. */
  readonly serve?: Serve;
}

/** What leads into a switchboard, or into an engine with other routes. */
export type Doors = Pick<Switchboard, 'handler' | 'errorHandler' | 'plugin' | 'stop'>;

type Serve = (doors: Doors) => Promise<{ baseUrl: string; close(): Promise<void> }>;

export const HOST_SAYS = 'the host’s own route';

/** Listens on loopback, on any port. */
export async function listen(server: Server): Promise<{ origin: string; close(): Promise<void> }> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

type ExpressLike = typeof express;

/** A mount of a composed switchboard, whose host is made by `serve`. */
function mounted(
  name: string,
  traits: Omit<Mount, 'name' | 'start' | 'serve'>,
  serve: Serve,
): Mount {
  return {
    name,
    ...traits,
    serve,
    async start(options, clock) {
      const { switchboard } = compose(options, clock);
      const { baseUrl, close } = await serve(switchboard);
      return { tokenUrl: `${baseUrl}/livekit-token`, switchboard, close };
    },
  };
}

function inExpress(
  name: string,
  make: ExpressLike,
  wire: (app: ReturnType<ExpressLike>, doors: Doors, make: ExpressLike) => string,
  traits: Partial<Mount> = {},
): Mount {
  return mounted(name, { hasHost: true, ...traits }, (doors) => {
    const app = make();
    const path = wire(app, doors, make);
    app.use(hostSays);
    return running(app, path, doors);
  });
}

const hostSays: express.RequestHandler = (_request, response) => {
  response.status(404).send(HOST_SAYS);
};

function tokenAlone(
  name: string,
  traits: Partial<Mount>,
  wire: (app: ReturnType<ExpressLike>, switchboard: Switchboard) => void,
): Mount {
  return {
    name,
    hasHost: true,
    onlyOneRoute: true,
    ...traits,
    async start(options, clock) {
      const { switchboard } = compose(options, clock);
      const app = express();
      wire(app, switchboard);
      app.use(hostSays);
      const { baseUrl, close } = await running(app, '/token', switchboard);
      return { tokenUrl: baseUrl, switchboard, close };
    },
  };
}

async function running(listener: RequestListener, path: string, doors: Doors) {
  const { origin, close } = await listen(createServer(listener));
  return {
    baseUrl: origin + path,
    async close() {
      await Promise.all([close(), doors.stop()]);
    },
  };
}

const BASE_PATH = '/api/calls';

const before: Parameters<typeof inExpress>[2] = (app, { handler }, make) => {
  app.use(BASE_PATH, handler);
  app.use(make.json());
  return BASE_PATH;
};

const behind: Parameters<typeof inExpress>[2] = (app, { handler, errorHandler }, make) => {
  app.use(make.json());
  app.use(BASE_PATH, handler);
  app.use(errorHandler);
  return BASE_PATH;
};

const asExpress5 = express4 as unknown as ExpressLike;

export const MOUNTS: readonly Mount[] = [
  {
    name: 'standalone',
    hasHost: false,
    async start(options, clock) {
      const config = loadConfig({
        FIREBASE_PROJECT_ID: options.firebaseProjectId ?? 'demo-none',
        ROOM_ACCESS: 'any',
        HOST: '127.0.0.1',
        PORT: '0',
        DRAIN_SECONDS: '0',
      });
      const log = options.logger as NonNullable<SwitchboardOptions['logger']>;
      const server = await startServer({ ...config, options }, { log, clock });
      return {
        tokenUrl: `${server.url}${BASE_PATH}/livekit-token`,
        switchboard: server.switchboard,
        close: server.stop,
      };
    },
  },
  mounted('plain node:http', { hasHost: false }, (doors) =>
    running((req, res) => doors.handler(req, res), BASE_PATH, doors),
  ),
  inExpress('Express 4 before its parser', asExpress5, before),
  inExpress('Express 5 before its parser', express, before),
  inExpress('Express 4 behind express.json()', asExpress5, behind, { behindParser: true }),
  inExpress('Express 5 behind express.json()', express, behind, { behindParser: true }),
  inExpress('Express 5 under a prefix of its own', express, (app, { handler }) => {
    app.use('/v2/voice', handler);
    return '/v2/voice';
  }),
  inExpress(
    'Express 5 with one route replaced',
    express,
    (app, { handler }) => {
      app.post(`${BASE_PATH}/livekit-token`, handler);
      return BASE_PATH;
    },
    { onlyOneRoute: true },
  ),
  tokenAlone('Express 5 with the token endpoint at a path of its own', {}, (app, doors) => {
    app.post('/token', doors.tokenHandler);
  }),
  tokenAlone(
    'Express 5 with the token endpoint at a path of its own behind express.json()',
    { behindParser: true },
    (app, doors) => {
      app.use(express.json());
      app.post('/token', doors.tokenHandler);
      app.use('/token', doors.tokenErrorHandler);
    },
  ),
  mounted('a Fastify host with a prefix', { hasHost: true }, (doors) =>
    inFastify(doors, '/v2/calls'),
  ),
  mounted('a Fastify host without a prefix', { hasHost: true }, (doors) =>
    inFastify(doors, undefined),
  ),
];

async function inFastify({ plugin }: Doors, prefix: string | undefined) {
  const host = fastify({ forceCloseConnections: true });
  await host.register(plugin, prefix === undefined ? {} : { prefix });
  host.setNotFoundHandler((_request, reply) => reply.code(404).send(HOST_SAYS));
  const origin = await host.listen({ host: '127.0.0.1', port: 0 });
  return { baseUrl: origin + (prefix ?? BASE_PATH), close: () => host.close() };
}
