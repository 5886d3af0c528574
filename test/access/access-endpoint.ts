// A small real server that stands in for the host's backend of ROOM_ACCESS=http.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listen } from '../mounts.ts';

/** What the endpoint does with a question. */
export type Answering =
  /** Sends this, as JSON, with 200. */
  | { readonly json: unknown }
  /** Sends these very bytes. */
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly text: string }
  /** Cuts the connection. */
  | 'refuse'
  /** Cuts the connection once, and says yes from then on. */
  | 'refuse-once'
  /** Never answers. */
  | 'hang'
  /** Sends headers and half a yes, and no more. */
  | 'hang-halfway'
  /** 500, and a page that never ends. */
  | 'endless-error';

export interface Question {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface AccessEndpoint {
  readonly url: string;
  readonly questions: readonly Question[];
  /** How many connections were ever opened. */
  readonly connections: number;
  /** How many are open. */
  open(): Promise<number>;
  answerWith(answering: Answering): void;
  close(): Promise<void>;
}

const YES = '{"allow":true}';

export async function startAccessEndpoint(): Promise<AccessEndpoint> {
  let answering: Answering = { json: { allow: true } };
  const questions: Question[] = [];
  const sockets = new Set<Socket>();

  const answer = (res: ServerResponse) => {
    if (answering === 'refuse') return void res.destroy();
    if (answering === 'refuse-once') {
      answering = { json: { allow: true } };
      return void res.destroy();
    }
    if (answering === 'hang') return;
    if (answering === 'hang-halfway') {
      return void res.writeHead(200, { 'content-length': YES.length }).write(YES.slice(0, 8));
    }
    if (answering === 'endless-error') return void res.writeHead(500).write('<html>');
    const json = { 'content-type': 'application/json' };
    if ('json' in answering) {
      return void res.writeHead(200, json).end(JSON.stringify(answering.json));
    }
    const { status = 200, headers = json, text } = answering;
    res.writeHead(status, headers).end(text);
  };

  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const { method, url: path, headers } = req;
      questions.push({ method, path, headers, text: Buffer.concat(chunks).toString() });
      answer(res);
    });
  });
  server.on('connection', (socket) => sockets.add(socket));
  const { origin, close } = await listen(server);

  return {
    url: `${origin}/room-access`,
    questions,
    get connections() {
      return sockets.size;
    },
    open: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    answerWith(next) {
      answering = next;
    },
    close,
  };
}
