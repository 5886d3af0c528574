// What a row of the route table may be, in every mount: the routes of a phone, without the calls.
import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { jsonBody, rawBody } from '../../src/http/body-kinds.ts';
import { createEngine, type Engine } from '../../src/http/engine.ts';
import { optionalText, uuid, wholeNumber } from '../../src/http/fields.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { type Route, route } from '../../src/http/routes.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';
import { HOST_SAYS, MOUNTS, type Mount } from '../mounts.ts';

const BASE = '/api/calls';
const CALL = '0A1B2C3D-0000-4000-8000-00000000ABCD';
const callId = uuid('The call.');
const row = { admit: 'public', schema: { summary: 'Of a test' } } as const;
const json = jsonBody({ maxBytes: 100 });

/** A stream in the hand of the test. */
interface Feed {
  readonly pieces: AsyncGenerator<string>;
  readonly signals: AbortSignal[];
  say(piece: string | Error): void;
}

function createFeed(): Feed {
  const said: (string | Error)[] = [];
  let wake = () => {};
  const signals: AbortSignal[] = [];
  async function* pieces() {
    for (;;) {
      const piece = said.shift();
      if (piece instanceof Error) throw piece;
      if (piece !== undefined) yield piece;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return {
    pieces: pieces(),
    signals,
    say(piece) {
      said.push(piece);
      wake();
    },
  };
}

let feed: Feed;
/** How many pieces of the flood were asked for. */
let pieces = 0;
const PIECE = 'x'.repeat(64 * 1024);

function routesOf(): Route[] {
  return [
    route({
      ...row,
      method: 'POST',
      path: BASE,
      body: json,
      answer: (_request, { body }) => ({ status: 201, text: JSON.stringify({ placed: body }) }),
    }),
    route({
      ...row,
      method: 'GET',
      path: BASE,
      query: { live: wholeNumber({ min: 0, max: 1, default: 0, description: 'Only live ones.' }) },
      answer: (_request, { query }) => JSON.stringify({ live: query.live }),
    }),
    route({
      ...row,
      method: 'GET',
      path: `${BASE}/:callId`,
      params: { callId },
      query: {
        waitSeconds: wholeNumber({ min: 0, max: 25, default: 0, description: 'How long to wait.' }),
        after: optionalText(10, 'What is known already.'),
      },
      headers: { 'x-device': optionalText(5, 'Which device asks.') },
      answer: (_request, { params, query, headers }) =>
        JSON.stringify({ ...params, ...query, device: headers['x-device'] }),
    }),
    route({
      ...row,
      method: 'POST',
      path: `${BASE}/:callId/accept`,
      params: { callId },
      body: json,
      answer: (_request, { params, body }) => JSON.stringify({ ...params, body }),
    }),
    route({
      ...row,
      method: 'POST',
      path: `${BASE}/:callId/leave`,
      params: { callId },
      body: jsonBody({ maxBytes: 100, isOptional: true }),
      answer: (_request, { body }) => JSON.stringify({ body: body ?? 'none' }),
    }),
    ...(['PUT', 'PATCH', 'DELETE'] as const).map((method) =>
      route({
        ...row,
        method,
        path: `${BASE}/devices/:callId`,
        params: { callId },
        answer: () => null,
      }),
    ),
    route({
      ...row,
      method: 'POST',
      path: `${BASE}/livekit-webhook`,
      body: rawBody({ maxBytes: 1_000, contentType: 'application/webhook+json' }),
      answer: (_request, { body }) => JSON.stringify({ bytes: body.toString('base64') }),
    }),
    route({
      ...row,
      method: 'GET',
      path: `${BASE}/events`,
      contentType: 'text/event-stream',
      answer: () => ({
        headers: { 'x-accel-buffering': 'no' },
        async *stream(signal) {
          feed.signals.push(signal);
          const stopping = once(signal, 'abort').then(() => undefined);
          for (;;) {
            const next = await Promise.race([feed.pieces.next(), stopping]);
            if (next === undefined) break;
            yield next.value;
          }
          yield 'come again';
        },
      }),
    }),
    route({
      ...row,
      method: 'GET',
      path: `${BASE}/deaf`,
      answer: () => ({ stream: () => feed.pieces }),
    }),
    route({
      ...row,
      method: 'GET',
      path: `${BASE}/flood`,
      answer: () => ({
        async *stream() {
          for (pieces = 0; pieces < 2_000; pieces += 1) yield PIECE;
        },
      }),
    }),
  ];
}

const HOSTS = MOUNTS.filter(({ serve, onlyOneRoute }) => serve !== undefined && !onlyOneRoute);

describe.each(HOSTS)('a table of routes in $name', (mount: Mount) => {
  let engine: Engine;
  let clock: FakeClock;
  let log: FakeLog;
  let baseUrl: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    feed = createFeed();
    clock = createFakeClock();
    log = createFakeLog();
    engine = createEngine({
      routes: routesOf(),
      basePath: BASE,
      corsOrigins: [],
      trustProxy: 0,
      headers: { 'x-content-type-options': 'nosniff' },
      clock,
      log,
      metrics: createMetrics(),
      isClosing: () => false,
      onFirstRequest() {},
      onHostClose: () => engine.stop(),
    });
    ({ baseUrl, close } = await (mount.serve as NonNullable<Mount['serve']>)(engine));
  });
  afterEach(() => close());

  async function ask(path: string, init: RequestInit = {}) {
    const response = await fetch(baseUrl + path, init);
    const { status, headers } = response;
    const text = await response.text();
    return { status, headers, text, json: () => JSON.parse(text) };
  }
  const post = (path: string, body: string, type = 'application/json') =>
    ask(path, { method: 'POST', body, headers: { 'content-type': type } });
  const open = (path: string) =>
    new Promise<IncomingMessage>((resolve) => httpGet(baseUrl + path, resolve));
  const restOf = async (response: IncomingMessage) => {
    let text = '';
    for await (const chunk of response) text += chunk;
    return text;
  };

  it('answers text with a status of its own', async () => {
    const { status, headers, json } = await post('', '{"callees":["bob"]}');
    expect([status, json()]).toEqual([201, { placed: { callees: ['bob'] } }]);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('has a route at the base path itself, with its query', async () => {
    expect((await ask('')).json()).toEqual({ live: 0 });
    expect((await ask('?live=1')).json()).toEqual({ live: 1 });
  });

  it('reads what varies in a path, the query and the headers', async () => {
    const asked = `/${CALL}?waitSeconds=25&after=a%26b&other=1`;
    const { json } = await ask(asked, { headers: { 'X-Device': 'phone' } });
    const id = CALL.toLowerCase();
    expect(json()).toEqual({ callId: id, waitSeconds: 25, after: 'a&b', device: 'phone' });
    expect((await post(`/${CALL}/accept`, '{}')).json()).toEqual({ callId: id, body: {} });
  });

  it.each(['/settings', '/0a1b2c3d', `/${CALL}0`, `/${CALL}/elsewhere`, `/${CALL}/accept/x`])(
    'leaves %s to whom it belongs',
    async (path) => {
      const { status, text } = await ask(path);
      expect(status).toBe(404);
      expect(text).toContain(mount.hasHost ? HOST_SAYS : '"code":"not_found"');
      expect(engine).toBeDefined();
    },
  );

  it('names the methods of a path, whatever varies in it', async () => {
    const { status, headers, json } = await ask(`/devices/${CALL}`, { method: 'POST' });
    expect([status, json().code]).toEqual([405, 'method_not_allowed']);
    expect(headers.get('allow')).toBe('PUT, PATCH, DELETE');
  });

  it.each(['PUT', 'PATCH', 'DELETE'])('answers a %s with nothing', async (method) => {
    const { status, headers, text } = await ask(`/devices/${CALL}`, { method });
    expect([status, text]).toEqual([204, '']);
    expect(headers.has('content-type') || headers.has('content-length')).toBe(false);
    expect(headers.get('x-request-id')).not.toBeNull();
  });

  it.each([
    [`/${CALL}?waitSeconds=26`, 'waitSeconds must be a whole number from 0 to 25.'],
    [`/${CALL}?waitSeconds=`, 'waitSeconds must be a whole number from 0 to 25.'],
    [`/${CALL}?waitSeconds=1&waitSeconds=2`, 'waitSeconds is given twice.'],
    [`/${CALL}?after=12345678901`, 'after must be at most 10 bytes.'],
  ])('refuses %s', async (path, error) => {
    const { status, json } = await ask(path);
    expect([status, json()]).toEqual([
      400,
      { error, code: 'request_invalid', requestId: expect.any(String) },
    ]);
  });

  it('serves a request without a body where none is needed', async () => {
    const leave = `/${CALL}/leave`;
    const bare = await ask(leave, { method: 'POST' });
    expect([bare.status, bare.json()]).toEqual([200, { body: 'none' }]);
    expect((await post(leave, '')).json()).toEqual({ body: 'none' });
    expect((await post(leave, '{"a":1}')).json()).toEqual({ body: { a: 1 } });
    expect((await post(leave, '{}', 'text/plain')).status).toBe(415);
    expect((await ask(`/${CALL}/accept`, { method: 'POST' })).status).toBe(415);
  });

  it('refuses a header that is too long', async () => {
    const { json } = await ask(`/${CALL}`, { headers: { 'x-device': 'telephone' } });
    expect(json().error).toBe('x-device must be at most 5 bytes.');
  });

  it('hands bytes on as they came', async () => {
    const body = '{"event":  "room_started"}';
    const { json } = await post('/livekit-webhook', body, 'application/webhook+json');
    expect(Buffer.from(json().bytes, 'base64').toString()).toBe(body);
  });

  it('takes a body of its own type and size alone', async () => {
    const answers = await Promise.all([
      post('/livekit-webhook', '{}', 'text/plain'),
      post('/livekit-webhook', 'x'.repeat(1_001), 'application/webhook+json'),
      post(`/${CALL}/accept`, JSON.stringify('x'.repeat(100))),
    ]);
    expect(answers.map(({ status, json }) => [status, json().error])).toEqual([
      [
        415,
        'Send the body as it was signed, with the header Content-Type: application/webhook+json.',
      ],
      [413, 'The body must be at most 1000 bytes.'],
      [413, 'The body must be at most 100 bytes.'],
    ]);
  });

  it('logs the pattern and never the path, and the call by its id alone', async () => {
    await ask(`/${CALL}?after=secret`);
    const line = await vi.waitUntil(() => log.lines.find(({ message }) => message === 'answered'));
    expect(line.fields).toMatchObject({
      ...{ route: `${BASE}/:callId`, status: 200 },
      callId: CALL.toLowerCase(),
    });
    expect(JSON.stringify(log.lines)).not.toMatch(new RegExp(`secret|/${CALL}`, 'i'));
  });

  it('sends each piece of a stream at once', async () => {
    const response = await open('/events');
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('text/event-stream');
    expect(response.headers['x-accel-buffering']).toBe('no');
    for (const piece of ['one', 'two']) {
      feed.say(piece);
      const [chunk] = await once(response, 'data');
      expect(String(chunk)).toBe(piece);
    }
    response.destroy();
  });

  it('tells a stream that its client has gone', async () => {
    const response = await open('/events');
    await vi.waitUntil(() => feed.signals.length === 1);
    response.destroy();
    await vi.waitUntil(() => feed.signals[0]?.aborted);
    await vi.waitUntil(() => log.lines.some(({ message }) => message === 'aborted'));
  });

  it('ends its streams when it stops, with their last word', async () => {
    const response = await open('/events');
    const rest = restOf(response);
    await vi.waitUntil(() => feed.signals.length === 1);
    await engine.stop();
    expect(await rest).toBe('come again');
  });

  it('gives a stream that does not listen a second', async () => {
    const response = await open('/deaf');
    feed.say('I');
    const rest = restOf(response);
    await turn();
    const stopped = engine.stop();
    await vi.waitUntil(() => {
      clock.advance(1_000);
      return response.complete;
    });
    expect(await rest).toBe('I');
    await stopped;
  });

  it('cuts a stream off that fails, and logs why', async () => {
    const response = await open('/events');
    feed.say('one');
    await once(response, 'data');
    feed.say(new Error('no more database'));
    await expect(restOf(response)).rejects.toThrow('aborted');
    const line = await vi.waitUntil(() => log.lines.find(({ level }) => level === 'error'));
    expect(line.fields).toMatchObject({
      code: 'internal',
      err: expect.objectContaining({ message: 'no more database' }),
    });
  });

  /** Opens the flood and takes nothing of it. What the kernel takes is taken at once, and no more. */
  async function standStill(): Promise<IncomingMessage> {
    const response = await open('/flood');
    response.pause();
    for (let before = -1; before !== pieces; ) {
      before = pieces;
      for (let i = 0; i < 50; i += 1) await turn();
    }
    expect(pieces * PIECE.length).toBeLessThan(50 * 1024 * 1024);
    return response;
  }

  it('waits for a reader that is slow', async () => {
    const response = await standStill();
    const before = pieces;
    clock.advance(4_999);
    response.resume();
    await vi.waitUntil(() => pieces > before);
    clock.advance(1);
    const since = pieces;
    await vi.waitUntil(() => pieces > since || pieces === 2_000);
    response.destroy();
  });

  it('cuts a reader off who is far behind and takes nothing', async () => {
    const response = await standStill();
    const before = pieces;
    clock.advance(5_000);
    await vi.waitUntil(() => log.lines.some(({ message }) => message === 'aborted'));
    await expect(restOf(response)).rejects.toThrow('aborted');
    expect(pieces).toBe(before);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(clock.waiting()).toEqual([]);
  });

  it('answers the HEAD of a stream without beginning it', async () => {
    const { status, headers, text } = await ask('/events', { method: 'HEAD' });
    expect([status, text, feed.signals.length]).toEqual([200, '', 0]);
    expect(headers.get('content-type')).toBe('text/event-stream');
  });
});
