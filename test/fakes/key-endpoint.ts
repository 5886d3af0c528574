// A small real server that stands in for Google's JWK endpoint.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { jwkOf, type SigningKey, signingKey } from './firebase.ts';

/** What the endpoint does with a request. */
export type KeyAnswer =
  /** The published keys. */
  | 'keys'
  /** Cuts the connection. */
  | 'refuse'
  /** Never answers. */
  | 'hang'
  /** Sends headers and half an answer, and no more. */
  | 'hang-halfway'
  /** 500, with the published keys for a body. */
  | 'error'
  /** 500, and a page that never ends. */
  | 'endless-error'
  /** 302 to a path where the keys are. */
  | 'redirect'
  /** 200 and no keys. */
  | 'empty'
  /** 200 and something that is not JSON. */
  | 'nonsense'
  /** The published keys and a megabyte of white space. */
  | 'huge';

export interface KeyEndpoint {
  readonly url: string;
  /** How many requests have come. */
  readonly requests: number;
  /** How many connections are open. */
  connections(): Promise<number>;
  /** Lists these keys, and no others, from now on; a plain object is listed as it is. */
  publish(...keys: (SigningKey | object)[]): void;
  /** Sends these headers with every answer, in place of Google's `max-age` of some hours. */
  sendHeaders(headers: Record<string, string>): void;
  /** Answers like this from now on; what hangs already is left hanging. */
  answerWith(answer: KeyAnswer): void;
  close(): Promise<void>;
}

/** Starts an endpoint on loopback that publishes `keys`, by default the one that signs ID tokens. */
export async function startKeyEndpoint(
  keys: (SigningKey | object)[] = [signingKey()],
): Promise<KeyEndpoint> {
  let body = '';
  let headers: Record<string, string> = { 'cache-control': 'public, max-age=20000' };
  let answer: KeyAnswer = 'keys';
  let requests = 0;

  const publish = (...published: (SigningKey | object)[]) => {
    const listed = published.map((key) => ('privateKey' in key ? jwkOf(key as SigningKey) : key));
    body = JSON.stringify({ keys: listed });
  };
  publish(...keys);

  const ok = (res: ServerResponse, text: string) =>
    res.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text);
  const answers: Record<KeyAnswer, (res: ServerResponse) => void> = {
    keys: (res) => ok(res, body),
    refuse: (res) => res.destroy(),
    hang: () => {},
    'hang-halfway': (res) => res.writeHead(200, headers).write(body.slice(0, body.length / 2)),
    error: (res) => res.writeHead(500).end(body),
    'endless-error': (res) => res.writeHead(500).write('<html>'),
    redirect: (res) => res.writeHead(302, { location: '/elsewhere' }).end(),
    empty: (res) => ok(res, '{"keys":[]}'),
    nonsense: (res) => ok(res, '<html>sign in to the hotel wifi</html>'),
    huge: (res) => ok(res, body + ' '.repeat(1024 * 1024)),
  };

  const server = createServer((req, res) => {
    requests += 1;
    // So that every request shows by itself, and none is tried again on a kept connection.
    res.setHeader('connection', 'close');
    if (req.url === '/elsewhere') ok(res, body);
    else answers[answer](res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    get requests() {
      return requests;
    },
    connections: promisify(server.getConnections.bind(server)),
    publish,
    sendHeaders(sent) {
      headers = sent;
    },
    answerWith(next) {
      answer = next;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
