// A new HTTP/2 session, over TLS that the process' own agent makes: so it goes by the process' proxy
// and believes the certificates that all else believes.
import type { ClientHttp2Session } from 'node:http2';
import type { Agent } from 'node:https';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions, TLSSocket } from 'node:tls';

/** For routers that forget idle connections. */
const KEEP_ALIVE_MS = 60_000;

export interface Http2Link {
  readonly session: ClientHttp2Session;
  /** At once, whatever is under way. */
  end(): void;
}

/** Resolves when the other side has shown that it speaks HTTP/2. The signal ends what was begun. */
export async function openHttp2Session(origin: string, signal: AbortSignal): Promise<Http2Link> {
  const url = new URL(origin);
  const http2 = process.getBuiltinModule('node:http2');
  const { connect } = process.getBuiltinModule('node:net');
  const socket =
    url.protocol === 'http:'
      ? connect(Number(url.port || 80), hostIn(url))
      : await tlsSocket(url, signal);
  // What nobody has asked for has nobody who would hear of its error, and that ends a process.
  const settings = { enablePush: false };
  const session = http2.connect(url, { createConnection: () => socket, settings });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const end = () => {
    session.destroy();
    // A session waits for the other side to end the connection as well.
    socket.destroy();
  };
  const abort = () => {
    end();
    reject(signal.reason);
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  session
    .once('remoteSettings', () => resolve())
    // Of a kept session too: whoever asks hears of it by his own question.
    .on('error', reject)
    .on('close', () => reject(fault('ECONNRESET', 'the connection has ended')));
  try {
    await promise;
    return { session, end };
  } catch (error) {
    end();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const hostIn = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1');

async function tlsSocket(url: URL, signal: AbortSignal): Promise<TLSSocket> {
  const { globalAgent } = process.getBuiltinModule('node:https');
  const { isIP } = process.getBuiltinModule('node:net');
  const host = hostIn(url);
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const options: ConnectionOptions = {
    ...globalAgent.options,
    host,
    port: Number(url.port || 443),
    servername: isIP(host) === 0 ? host : '',
    ALPNProtocols: ['h2'],
  };
  const made = (globalAgent as Agent).createConnection(
    options as Parameters<Agent['createConnection']>[0],
    // Called by agents that go through a proxy.
    (error, socket) => (error === null ? resolve(socket) : reject(error)),
  );
  const abort = () => {
    made?.destroy();
    reject(signal.reason);
    void promise.then((socket) => socket.destroy()).catch(() => {});
  };
  signal.addEventListener('abort', abort);
  made?.on('error', reject);
  if ((made as Partial<TLSSocket> | undefined)?.encrypted) {
    (made as TLSSocket).once('secureConnect', () => resolve(made as TLSSocket));
  }
  try {
    const socket = (await promise) as TLSSocket;
    if (socket.alpnProtocol !== 'h2') {
      socket.destroy();
      throw fault('ERR_NO_HTTP2', 'no HTTP/2 there');
    }
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return socket;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const fault = (code: string, message: string): Error => Object.assign(new Error(message), { code });
