// People with phones, as the bench plays them: their requests, and their feeds held open.
import { readFileSync } from 'node:fs';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';

export interface Phone {
  readonly uid: string;
  readonly token: string;
}

/** `<uid> <token>` a line. */
export const readPhones = (file: string): Phone[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [uid = '', token = ''] = line.split(' ');
      return { uid, token };
    });

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One request under `/api/calls`. Rejects where the connection breaks. */
export function send(
  base: string,
  phone: Phone,
  asked: { method: string; path: string; body?: object },
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  const asking = request(
    `${base}/api/calls${asked.path}`,
    {
      method: asked.method,
      agent,
      headers: {
        authorization: `Bearer ${phone.token}`,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    },
  );
  asking.on('error', reject);
  asking.end(body);
  return promise;
}

/** Throws where the answer is not the one that was expected: a bench of errors measures nothing. */
export async function expectStatus(answer: Promise<Answer>, ...wanted: number[]): Promise<Answer> {
  const got = await answer;
  if (!wanted.includes(got.status)) throw new Error(`${got.status} ${got.text}`);
  return got;
}

/** What a bench has to know of a call in a feed. */
export interface FeedCall {
  readonly id: string;
  readonly state: string;
}

export interface Stream {
  close(): void;
}

/** Resolves when the first event (the snapshot) is there; `onCall` gets each call after it. */
export function openStream(
  base: string,
  phone: Phone,
  onCall: (call: FeedCall) => void,
): Promise<Stream> {
  const { promise, resolve, reject } = Promise.withResolvers<Stream>();
  const asking: ClientRequest = request(
    `${base}/api/calls/events`,
    {
      // One connection each, as phones have.
      agent: false,
      headers: { authorization: `Bearer ${phone.token}`, accept: 'text/event-stream' },
    },
    (response) => {
      if (response.statusCode !== 200) reject(new Error(`stream: ${response.statusCode}`));
      readEvents(response, (event, data) => {
        if (event === 'snapshot') resolve({ close: () => asking.destroy() });
        if (event === 'call') onCall((JSON.parse(data) as { call: FeedCall }).call);
      });
      response.on('error', () => {});
    },
  );
  asking.on('error', reject);
  asking.end();
  return promise;
}

function readEvents(
  response: IncomingMessage,
  onEvent: (event: string, data: string) => void,
): void {
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (piece: string) => {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = /^event: ?(.*)$/m.exec(block)?.[1];
      const data = /^data: ?(.*)$/m.exec(block)?.[1];
      if (event !== undefined && data !== undefined) onEvent(event, data);
    }
  });
}
