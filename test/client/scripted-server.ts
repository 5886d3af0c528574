// Stands in Switchboard's place at the wire, and does what a test says: answers, hangs, breaks off,
// talks nonsense.
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  /** `POST /:callId/accept`; the call's id is in `callId`. */
  readonly route: string;
  readonly callId: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly token: string | undefined;
  readonly body: Record<string, unknown>;
}

/** What becomes of one request. */
export type Script = (response: ServerResponse, received: Received) => void;

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Script =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(JSON.stringify(body));
  };

export const refusal = (
  status: number,
  code: string,
  more: { readonly callId?: string; readonly retryAfter?: string } = {},
): Script => {
  const { retryAfter, ...beside } = more;
  const problem = { error: 'A sentence.', code, requestId: 'req-1', ...beside };
  return json(status, problem, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
};

export const page =
  (status: number, html: string): Script =>
  (response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(html);
  };

/** No answer, for ever. */
export const hang: Script = () => {};

/** The connection ends, and whatever was done is done. */
export const cut: Script = (response) => response.destroy();

/** A stream in the hand of the test. */
export interface Stream {
  readonly script: Script;
  send(event: string, data: unknown): void;
  write(piece: string | Uint8Array): void;
  end(): void;
  cut(): void;
  /** Whether somebody reads it. */
  isOpen(): boolean;
}

export function stream(first = 'retry: 1000\n\n'): Stream {
  let held: ServerResponse | undefined;
  let isOpen = false;
  const open = () => held as ServerResponse;
  return {
    script(response) {
      held = response;
      isOpen = true;
      response.once('close', () => {
        isOpen = false;
      });
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.flushHeaders();
      if (first !== '') response.write(first);
    },
    send: (event, data) => void open().write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    write: (piece) => void open().write(piece),
    end: () => void open().end(),
    cut: () => void open().destroy(),
    isOpen: () => isOpen,
  };
}

export interface ScriptedServer {
  readonly url: string;
  readonly received: readonly Received[];
  /** For the next requests of this route, one each; of the last one there is no end. */
  on(route: string, ...scripts: readonly Script[]): void;
  /** How often a route was asked. */
  count(route: string): number;
  /** Connections that are open. */
  sockets(): Promise<number>;
  close(): Promise<void>;
}

const BASE = '/api/calls';
const CALL = /^\/([0-9a-f]{8}-[0-9a-f-]{27})/i;

export async function startScriptedServer(): Promise<ScriptedServer> {
  const scripts = new Map<string, Script[]>();
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const one = await read(request);
    received.push(one);
    const queue = scripts.get(one.route) ?? [];
    const script = queue.length > 1 ? queue.shift() : queue[0];
    if (script === undefined) json(500, { error: `no script for ${one.route}` })(response, one);
    else script(response, one);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${BASE}`,
    received,
    on: (route, ...more) => void scripts.set(route, [...more]),
    count: (route) => received.filter((one) => one.route === route).length,
    sockets: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<Received> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server');
  const path = pathname.slice(BASE.length) || '/';
  const body = await text(request);
  return {
    route: `${request.method} ${path.replace(CALL, '/:callId')}`,
    callId: CALL.exec(path)?.[1],
    query: Object.fromEntries(searchParams),
    headers: request.headers,
    token: request.headers.authorization?.replace('Bearer ', ''),
    body: body === '' ? {} : JSON.parse(body),
  };
}
