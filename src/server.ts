// The standalone server: a thin user of the library, with what only the owner of the socket sees.
import { createHash } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { collectDefaultMetrics } from 'prom-client';
import { type Clock, pause, systemClock } from './base/clock.ts';
import type { Logger } from './base/log.ts';
import { createFirebaseApp } from './compose/firebase-app.ts';
import { createHouse, type Standalone, type Switchboard } from './compose/house.ts';
import { withoutCalls } from './compose/without-calls.ts';
import { listenTo } from './http/broken-http.ts';
import { keepIdle } from './http/idle-connections.ts';
import { tellOfProxyProtocol } from './http/proxy-protocol.ts';
import type { PushSender } from './ringing/push.ts';
import { API_PAGE_STYLE } from './routes/api-page.ts';
import { rootRoutes } from './routes/root.ts';
import type { Config } from './settings/config.ts';

// Not imported: an `import` of it reads every export, and one of them (WebSocket) loads all of
// undici, 40 ms and 13 MB before the port is open.
const { createServer } = process.getBuiltinModule('node:http');

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;
const CHECK_EVERY_MS = 1_000;
/** Nothing sent and nothing taken for so long (twice, while an answer waits): nobody is there any more. */
const SILENCE_MS = 15_000;
const TELL_EVERY_MS = 60_000;
/** From the signal to the end: what is then still in flight is cut off. */
const STOP_WITHIN_MS = 9_500;
/** What was accepted last, just before the drain was over, is served for so long. */
const LINGER_MS = 500;

const STYLE_HASH = createHash('sha256').update(API_PAGE_STYLE).digest('base64');
const SECURITY_HEADERS = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
};

export interface RunningServer {
  /** With the port that was really taken. */
  readonly url: string;
  readonly switchboard: Switchboard;
  /**
   * `readyz` says 503 at once, requests are served on for the drain time, then those in flight
   * end with `Connection: close`. Resolves within 10 s.
   */
  stop(): Promise<void>;
}

export interface ServerParts {
  readonly log: Logger;
  readonly clock?: Clock;
  /** A look at each request before the switchboard; true where it was answered. */
  readonly front?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Who sends pushes, in place of those that the configuration names. */
  readonly senders?: readonly PushSender[];
  readonly timeouts?: {
    readonly headersMs?: number;
    /** Until the first byte; default: as long as the headers may take, where that is given. */
    readonly unusedMs?: number;
    readonly requestMs?: number;
    readonly silenceMs?: number;
    /** From the signal to the end. */
    readonly stopMs?: number;
  };
}

/** Starts listening. Rejects where the port cannot be had. */
export async function startServer(config: Config, parts: ServerParts): Promise<RunningServer> {
  const { log, clock = systemClock, front, senders, timeouts = {} } = parts;
  let draining = false;
  const standalone: Standalone = {
    headers: SECURITY_HEADERS,
    isDraining: () => draining,
    warnings: config.warnings,
    senders,
    routes: ({ readiness, metrics, describe }) => {
      collectDefaultMetrics({ register: metrics.registry });
      return rootRoutes({
        metrics,
        describe,
        metricsToken: config.metricsToken,
        readiness: () => (draining ? { ready: false, missing: ['stopping'] } : readiness()),
      });
    },
  };
  const firebase = await createFirebaseApp(config);
  const options = {
    ...config.options,
    ...(firebase && { firebaseApp: firebase.app }),
    logger: log,
  };
  // Tokens alone start faster without what calls need, and stay smaller.
  const createCalls =
    options.database === undefined
      ? withoutCalls
      : (await import('./compose/calls.ts')).createCallsPart;
  const { switchboard, refuseBare } = createHouse(options, { clock, createCalls, standalone });

  const server = createServer({
    requireHostHeader: false,
    headersTimeout: timeouts.headersMs ?? HEADERS_TIMEOUT_MS,
    requestTimeout: timeouts.requestMs ?? REQUEST_TIMEOUT_MS,
    keepAliveTimeout: config.keepAliveMs,
    connectionsCheckingInterval: CHECK_EVERY_MS,
  });
  server.timeout = timeouts.silenceMs ?? SILENCE_MS;
  listenTo(server, {
    refuseBare,
    clock,
    onRequest(request, response) {
      if (front?.(request, response) !== true) switchboard.handler(request, response);
    },
  });
  const connections = keepIdle(server, {
    unusedMs: timeouts.unusedMs ?? timeouts.headersMs ?? config.keepAliveMs,
    onFirstBytes: tellOfProxyProtocol(log),
  });

  await listening(server, config);
  surviveRefusedConnections(server, { connections, log, clock });
  // Not awaited: a platform's health check must not wait for Google.
  void switchboard.start().catch(() => {});
  const { address, port } = server.address() as AddressInfo;
  log.info({ host: address, port }, 'listening');

  let stopped: Promise<void> | undefined;
  return {
    url: `http://${nameOf(config.host)}:${port}`,
    switchboard,
    stop() {
      draining = true;
      stopped ??= drainAndClose({
        server,
        connections,
        switchboard,
        clock,
        drainMs: config.drainMs,
        stopMs: timeouts.stopMs ?? STOP_WITHIN_MS,
      }).finally(() => firebase?.close());
      return stopped;
    },
  };
}

/** How this machine itself reaches it. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** No descriptor left for a new connection, or no place kept for it: those that are there are served on. */
function surviveRefusedConnections(
  server: Server,
  by: { readonly connections: ReadonlySet<Socket>; readonly log: Logger; readonly clock: Clock },
): void {
  const { connections, log, clock } = by;
  let isTold = false;
  const tell = (fields: object) => {
    if (isTold) return;
    isTold = true;
    clock.after(TELL_EVERY_MS, () => {
      isTold = false;
    });
    log.error(
      { connections: connections.size, ...fields },
      'a connection could not be taken: raise the limit of open files (ulimit -n), or start another instance',
    );
  };
  server.on('error', (err) => tell({ err }));
  server.on('drop', () => tell({}));
}

function listening(server: Server, config: Config): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  // Node itself takes all of IPv4 where the machine has no IPv6.
  const host = config.host === '::' ? undefined : config.host;
  server.listen({ port: config.port, host }, () => {
    server.off('error', reject);
    resolve();
  });
  return promise;
}

async function drainAndClose(parts: {
  server: Server;
  connections: ReadonlySet<Socket>;
  switchboard: Switchboard;
  clock: Clock;
  drainMs: number;
  stopMs: number;
}): Promise<void> {
  const { server, connections, switchboard, clock, drainMs, stopMs } = parts;
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  const lingerMs = drainMs === 0 ? 0 : LINGER_MS;
  await Promise.all([
    // Of net alone: http's own close would cut off connections whose first request is on its way.
    passed(clock, drainMs).then(() => NetServer.prototype.close.call(server, () => onClosed())),
    passed(clock, drainMs + lingerMs),
  ]);
  // Browsers hold spare ones, on which nothing will come any more.
  for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  const cancel = clock.after(stopMs - drainMs - lingerMs, () => {
    for (const socket of connections) socket.destroy();
  });
  try {
    await switchboard.stop();
  } finally {
    // Ends kept connections on which nothing is under way, and the server's own timer.
    server.close();
    await closed;
    cancel();
  }
}

function passed(clock: Clock, ms: number): Promise<void> {
  return ms === 0 ? Promise.resolve() : pause(clock, ms);
}
