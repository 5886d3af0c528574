// Connections on which nothing is asked: those that were answered, and those on which nothing has
// come yet. Load balancers keep both ready, and would send a user's request to one that is closing;
// clients that have gone leave both behind.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

const CONNECTIONS_MAX = 8_000;
const UNUSED_MAX = 1_000;
/** So long a connection may take to ask before it has to make room for another. */
const GRACE_MS = 1_000;
/** Descriptors for all else: files, and what goes out. */
const RESERVE_MIN = 32;
const RESERVE_PART = 0.2;

interface Options {
  /** How long one may stay unused. One that was used goes by the server's `keepAliveTimeout`. */
  readonly unusedMs: number;
  /** What came first on a connection. */
  readonly onFirstBytes?: (bytes: Buffer) => void;
}

/**
 * Keeps connections on which nothing has come away from Node's HTTP until something does: there the
 * time for the headers runs from the connection on, and is short. Where connections become many,
 * those make room that have asked nothing for longest, then those that were answered. Answers all
 * connections: Node's own list has none that was handed over (CONNECT).
 */
export function keepIdle(server: Server, options: Options): ReadonlySet<Socket> {
  const { unusedMs, onFirstBytes } = options;
  const [serve] = server.listeners('connection') as [(socket: Socket) => void];
  server.off('connection', serve);
  const all = new Set<Socket>();
  const unused = new Set<Socket>();
  /** Since when: the eldest first. Half a question is none. */
  const unasked = new Map<Socket, number>();
  const allMax = connectionsMax();
  const unusedMax = Math.min(UNUSED_MAX, Math.ceil(allMax / 2));
  server.maxConnections = Math.ceil(allMax * (1 + RESERVE_PART / 2));

  function wait(socket: Socket): void {
    const used = () => {
      unused.delete(socket);
      socket.off('data', onData).off('end', onEnd).off('timeout', onTimeout).off('close', used);
      socket.setTimeout(0);
    };
    const onData = (bytes: Buffer) => {
      used();
      onFirstBytes?.(bytes);
      socket.pause();
      socket.unshift(bytes);
      serve.call(server, socket);
      socket.resume();
    };
    const onEnd = () => socket.destroy();
    const onTimeout = () => {
      used();
      const error = new Error('Request timeout');
      server.emit(
        'clientError',
        Object.assign(error, { code: 'ERR_HTTP_REQUEST_TIMEOUT' }),
        socket,
      );
    };
    unused.add(socket);
    socket.setTimeout(unusedMs);
    socket.on('data', onData).on('end', onEnd).on('timeout', onTimeout).on('close', used);
  }

  function makeRoom(): void {
    const now = performance.now();
    for (const [elder, since] of unasked) {
      if (all.size <= allMax && unused.size <= unusedMax) break;
      // Whoever has just come may be on his first way round the world.
      if (now - since < GRACE_MS) break;
      if (all.size <= allMax && !unused.has(elder)) continue;
      forget(elder);
      elder.destroy();
    }
    if (all.size > allMax) server.closeIdleConnections();
  }

  function forget(socket: Socket): void {
    all.delete(socket);
    unused.delete(socket);
    unasked.delete(socket);
  }

  const asked = ({ socket }: IncomingMessage) => void unasked.delete(socket);
  for (const event of ['request', 'checkContinue', 'checkExpectation', 'connect']) {
    server.on(event, asked);
  }
  // One too many is not let in, and the next one is to find a place.
  server.on('drop', makeRoom);
  server.on('connection', (socket) => {
    all.add(socket);
    unasked.set(socket, performance.now());
    socket.once('close', () => forget(socket));
    wait(socket);
    makeRoom();
  });
  return all;
}

/** By the limit of the process (`ulimit -n`), which Node has raised as far as it may. */
function connectionsMax(): number {
  const limit = openFilesMax();
  if (limit === undefined) return CONNECTIONS_MAX;
  return Math.min(CONNECTIONS_MAX, limit - Math.max(RESERVE_MIN, limit * RESERVE_PART));
}

/** Undefined where there is none, or no such file: it is Linux's. */
function openFilesMax(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
