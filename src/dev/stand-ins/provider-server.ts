// What stands in for FCM and for APNs: a small HTTP/2 server on loopback that can do all that a
// provider does to a connection. Without TLS it needs no certificate, and nothing leaves the machine.
import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** What becomes of a question, whatever the protocol: everything but an answer. */
export const DISORDERS = [
  /** Never answers. */
  'hang',
  /** Sends headers and half an answer, and no more. */
  'hang-halfway',
  /** Cuts the connection. */
  'cut',
  /** Sends half an answer and cuts the connection. */
  'cut-halfway',
  /** Refuses the stream without a look at it, and the connection with it, orderly. */
  'goaway',
  /** 200 and a page. */
  'page',
  /** 502 of a proxy. */
  'bad-gateway',
  /** A megabyte. */
  'huge',
] as const;
export type Disorder = (typeof DISORDERS)[number];
export const isDisorder = (answer: unknown): answer is Disorder =>
  DISORDERS.includes(answer as Disorder);

export interface Came {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

export interface ProviderServer {
  /** `http://127.0.0.1:…`, with TLS `https://localhost:…`. */
  readonly url: string;
  /** Connections so far. */
  readonly opened: number;
  /** Connections now. */
  readonly open: number;
  /** PING frames so far. */
  readonly pings: number;
  /** Tells every client to connect anew; what is under way is still answered. */
  goAway(code?: number): void;
  /** Ends every connection, as a provider's machine that dies. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startProviderServer(options: {
  answer: (came: Came) => Reply | Disorder;
  /** When an answer goes out: by itself at once. */
  later?: ((send: () => void) => void) | undefined;
  tls?: Tls | undefined;
  /** At a time, over one connection; Apple begins with one. */
  streamsMax?: number;
}): Promise<ProviderServer> {
  const { answer, later = (send) => send(), tls, streamsMax = 1_000 } = options;
  const settings = { maxConcurrentStreams: streamsMax };
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  let opened = 0;
  let pings = 0;

  const server =
    tls === undefined ? createServer({ settings }) : createSecureServer({ settings, ...tls });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  server.on('session', (session: ServerHttp2Session) => {
    opened += 1;
    sessions.add(session);
    session
      .on('close', () => sessions.delete(session))
      .on('error', () => {})
      .on('ping', () => {
        pings += 1;
      });
  });
  server.on('stream', async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {});
    const body = await text(stream).catch(() => undefined);
    if (body === undefined || stream.destroyed) return;
    const answered = answer({ headers, body });
    later(() => {
      if (!stream.destroyed) reply(stream, answered);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    get opened() {
      return opened;
    },
    get open() {
      return sockets.size;
    },
    get pings() {
      return pings;
    },
    goAway(code = 0) {
      for (const session of sessions) {
        if (code === 0) session.close();
        else session.destroy(undefined, code);
      }
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      if (server.listening) {
        server.close();
        await once(server, 'close');
      }
    },
  };
}

const JSON_TYPE = { 'content-type': 'application/json; charset=UTF-8' };
const HUGE_BYTES = 1024 * 1024;
const REFUSED_STREAM = 7;

function reply(stream: ServerHttp2Stream, answer: Reply | Disorder): void {
  if (!isDisorder(answer)) {
    const { status, headers, body } = answer;
    stream.respond({ ':status': status, ...JSON_TYPE, ...headers });
    stream.end(body === undefined ? '' : JSON.stringify(body));
    return;
  }
  switch (answer) {
    case 'hang':
      return;
    case 'hang-halfway':
    case 'cut-halfway':
      stream.respond({ ':status': 200, ...JSON_TYPE });
      stream.write('{"na', () => {
        if (answer === 'cut-halfway') stream.session?.destroy();
      });
      return;
    case 'cut':
      stream.session?.destroy();
      return;
    case 'goaway': {
      const { session } = stream;
      // Those before it count as done, and this one as not looked at.
      session?.goaway(0, Math.max(0, (stream.id ?? 1) - 2));
      // A session that has said so and is not closed hears no more when the other side ends it.
      stream.once('close', () => session?.close()).close(REFUSED_STREAM);
      return;
    }
    case 'page':
    case 'bad-gateway':
      stream.respond({ ':status': answer === 'page' ? 200 : 502, 'content-type': 'text/html' });
      stream.end('<html>sign in to the hotel wifi</html>');
      return;
    case 'huge':
      stream.respond({ ':status': 200, ...JSON_TYPE });
      stream.end(' '.repeat(HUGE_BYTES));
      return;
  }
}
