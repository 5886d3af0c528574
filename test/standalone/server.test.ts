// What only a server of its own has.
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningServer, type ServerParts, startServer } from '../../src/server.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { PROJECT_ID, signIdToken, timesAt } from '../fakes/firebase.ts';
import { type KeyEndpoint, startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';
import { openSocket, sendRaw } from '../raw.ts';
import { GOOD_BODY } from '../stage.ts';

let server: RunningServer | undefined;
let keys: KeyEndpoint | undefined;
let clock: FakeClock;
let log: FakeLog;

async function open(
  env: Record<string, string> = {},
  parts: Partial<ServerParts> = {},
): Promise<string> {
  keys = await startKeyEndpoint();
  clock = createFakeClock();
  log = createFakeLog();
  const config = loadConfig({
    FIREBASE_PROJECT_ID: PROJECT_ID,
    FIREBASE_KEYS_URL: keys.url,
    LIVEKIT_API_KEY: 'key',
    LIVEKIT_API_SECRET: 'secret-of-the-livekit-key',
    HOST: '127.0.0.1',
    PORT: '0',
    DRAIN_SECONDS: '0',
    ...env,
  });
  server = await startServer(config, { log, clock, ...parts });
  return server.url;
}

afterEach(async () => {
  await server?.stop();
  await keys?.close();
});

interface Operation {
  readonly requestBody?: { readonly required: boolean };
}

const json = async (url: string, init?: RequestInit) => {
  const response = await fetch(url, init);
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what is in it
  const body: any = await response.json();
  return { status: response.status, body, headers: response.headers };
};

const askToken = (url: string, init: { headers?: Record<string, string> } = {}) =>
  json(`${url}/api/calls/livekit-token`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${signIdToken(timesAt(clock.now()))}`,
      'content-type': 'application/json',
      ...init.headers,
    },
    body: JSON.stringify(GOOD_BODY),
  });

describe('health', () => {
  it('is alive, and ready once it has all it needs', async () => {
    const url = await open();
    await server?.switchboard.start();
    expect(await json(`${url}/healthz`)).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await json(`${url}/readyz`)).toMatchObject({ status: 200, body: { status: 'ready' } });
    expect((await fetch(`${url}/healthz`, { method: 'HEAD' })).status).toBe(200);
  });

  it.each(['/healthz', '/livez', '/health'])(
    'is told at %s, to HEAD and by HTTP/1.0 without a host too, and whoever asks has failed a lot',
    async (path) => {
      const url = await open({ AUTH_FAILURES_PER_MINUTE: '1' });
      await server?.switchboard.start();
      for (const status of [403, 429]) {
        expect((await askToken(url, { headers: { authorization: 'Bearer x' } })).status).toBe(
          status,
        );
      }
      expect(await json(url + path)).toMatchObject({ status: 200, body: { status: 'ok' } });
      expect((await fetch(url + path, { method: 'HEAD' })).status).toBe(200);
      expect((await sendRaw(url, `GET ${path} HTTP/1.0\r\n\r\n`))[0]?.status).toBe(200);
      expect((await fetch(`${url}/readyz`, { method: 'HEAD' })).status).toBe(200);
    },
  );

  it('is a line in the log at debug, and above it where something is missing', async () => {
    const url = await open({ METRICS_TOKEN: 'let-me-see' });
    await server?.switchboard.start();
    const headers = { authorization: 'Bearer let-me-see' };
    for (const path of ['/healthz', '/readyz', '/metrics']) await fetch(url + path, { headers });
    await fetch(`${url}/metrics`);
    await fetch(`${url}/openapi.json`);
    const lines = log.lines.filter(({ fields }) => 'requestId' in fields);
    expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      ...Array(3).fill('debug: answered'),
      'info: refused',
      'info: answered',
    ]);
  });

  it('is alive and not ready without LiveKit’s keys or Google’s', async () => {
    const url = await open({ LIVEKIT_API_SECRET: '' }, {});
    const { status, body, headers } = await json(`${url}/readyz`);
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'not_ready', '5']);
    expect(body.error).toMatch(/LIVEKIT_API_SECRET/);
    expect((await json(`${url}/healthz`)).status).toBe(200);
  });

  it('names Google’s keys where they were never fetched', async () => {
    keys = await startKeyEndpoint();
    const { url } = keys;
    await keys.close();
    const origin = await open({ FIREBASE_KEYS_URL: url });
    await server?.switchboard.start();
    expect((await json(`${origin}/readyz`)).body.error).toMatch(/Google/);
    expect((await askToken(origin)).body.code).toBe('identity_unavailable');
  });
});

describe('metrics', () => {
  it('are there for the bearer of METRICS_TOKEN alone', async () => {
    const url = await open({ METRICS_TOKEN: 'let-me-see' });
    await askToken(url);
    await json(`${url}/api/calls/livekit-token`, { method: 'POST' });
    for (const headers of [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: 'let-me-see' },
    ]) {
      const { status, body } = await json(`${url}/metrics`, { headers });
      expect([status, body.code]).toEqual([401, 'metrics_token_invalid']);
    }
    const response = await fetch(`${url}/metrics`, {
      headers: { authorization: 'Bearer let-me-see' },
    });
    const text = await response.text();
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toMatch(/^switchboard_tokens_minted_total 1$/m);
    expect(text).toMatch(/^switchboard_refusals_total\{code="id_token_missing"\} 1$/m);
    expect(text).toMatch(/^switchboard_identity_keys_age_seconds \d/m);
    expect(text).toMatch(
      /request_duration_seconds_count\{route="\/api\/calls\/livekit-token",status="200"\} 1/,
    );
    expect(text).not.toMatch(/alice|room-1/);
  });

  it('are nowhere where METRICS_TOKEN is not set', async () => {
    const url = await open();
    expect((await json(`${url}/metrics`)).body.code).toBe('not_found');
  });
});

describe('the API’s description', () => {
  it('is an OpenAPI document of the routes that work', async () => {
    const url = await open({ METRICS_TOKEN: 'x' });
    const { body } = await json(`${url}/openapi.json`);
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths).sort()).toEqual([
      '/api/calls',
      '/api/calls/devices/{installationId}',
      '/api/calls/events',
      '/api/calls/livekit-token',
      ...['', '/accept', '/alerting', '/decline', '/end', '/invite', '/leave'].map(
        (verb) => `/api/calls/{callId}${verb}`,
      ),
      '/docs',
      '/health',
      '/healthz',
      '/livez',
      '/metrics',
      '/openapi.json',
      '/readyz',
    ]);
    const { post } = body.paths['/api/calls/livekit-token'];
    expect(post.security).toEqual([{ firebaseIdToken: [] }]);
    expect(Object.keys(post.requestBody.content)).toEqual(['application/json']);
    expect(body.paths['/healthz'].get.security).toBeUndefined();
  });

  it('requires the bodies that are asked for, and no other', async () => {
    const url = await open({
      DATABASE_URL: 'sqlite::memory:',
      LIVEKIT_URL: 'ws://127.0.0.1:9',
      RING_ACCESS: 'any',
    });
    const { body } = await json(`${url}/openapi.json`);
    const headers = { authorization: `Bearer ${signIdToken(timesAt(clock.now()))}` };
    const said: Record<string, boolean> = {};
    const asked: Record<string, boolean> = {};
    for (const [path, methods] of Object.entries<Record<string, Operation>>(body.paths)) {
      for (const [method, { requestBody }] of Object.entries(methods)) {
        if (requestBody === undefined) continue;
        const name = `${method} ${path}`;
        said[name] = requestBody.required;
        const to = url + path.replace('{callId}', randomUUID()).replace('{installationId}', 'i-1');
        const answer = await json(to, { method: method.toUpperCase(), headers });
        asked[name] = answer.body.code === 'content_type_unsupported';
      }
    }
    expect(said).toEqual(asked);
    expect(new Set(Object.values(said))).toEqual(new Set([true, false]));
  });

  it('is a page that a person can read', async () => {
    const url = await open();
    const response = await fetch(`${url}/docs`);
    const page = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page).toMatch(/POST \/api\/calls\/livekit-token/);
    expect(page).toMatch(/participantIdentity/);
  });
});

describe('headers', () => {
  it('secure every answer', async () => {
    const url = await open();
    for (const path of ['/healthz', '/nowhere', '/api/calls/livekit-token']) {
      const { headers } = await fetch(url + path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/);
      expect(headers.get('strict-transport-security')).toMatch(/max-age/);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });
});

describe('CORS', () => {
  const ORIGIN = 'https://app.example.com';
  const preflight = (url: string, origin: string) =>
    fetch(`${url}/api/calls/livekit-token`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });

  it('lets the listed origins in, also to read a refusal', async () => {
    const url = await open({ CORS_ORIGINS: ORIGIN });
    const { status, headers } = await preflight(url, ORIGIN);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-allow-headers')).toMatch(/Authorization/);
    const good = await askToken(url, { headers: { origin: ORIGIN } });
    expect(good.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(good.headers.get('vary')).toMatch(/Origin/i);
    const refused = await fetch(`${url}/api/calls/livekit-token`, {
      method: 'POST',
      headers: { origin: ORIGIN },
    });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([
      401,
      ORIGIN,
    ]);
  });

  it('lets pages send what tracing adds, and headers of the app’s own that are named', async () => {
    const url = await open({ CORS_ORIGINS: ORIGIN, CORS_HEADERS: 'X-App-Version, x-device' });
    const { headers } = await preflight(url, ORIGIN);
    const allowed = headers.get('access-control-allow-headers')?.toLowerCase().split(/, */);
    expect(allowed?.sort()).toEqual([
      'authorization',
      'baggage',
      'content-type',
      'sentry-trace',
      'traceparent',
      'tracestate',
      'x-app-version',
      'x-device',
      'x-firebase-appcheck',
    ]);
  });

  it('tells others nothing', async () => {
    const url = await open({ CORS_ORIGINS: ORIGIN });
    const { headers } = await preflight(url, 'https://evil.example');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is off where no origin is listed', async () => {
    const url = await open();
    const { status } = await preflight(url, ORIGIN);
    expect(status).toBe(405);
    const { headers } = await askToken(url, { headers: { origin: ORIGIN } });
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the path', () => {
  it.each([
    ['/v2/voice', '/v2/voice/livekit-token'],
    ['/', '/livekit-token'],
  ])('is under BASE_PATH: %s', async (basePath, path) => {
    const url = await open({ BASE_PATH: basePath });
    const statusOf = async (at: string) => (await fetch(url + at, { method: 'POST' })).status;
    expect(await statusOf(path)).toBe(401);
    expect(await statusOf('/api/calls/livekit-token')).toBe(404);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(Object.keys((await json(`${url}/openapi.json`)).body.paths)).toContain(path);
  });
});

describe('a gateway that keeps Authorization for itself', () => {
  const bearer = () => `Bearer ${signIdToken(timesAt(clock.now()))}`;
  const statusOf = async (url: string, headers: Record<string, string>) => {
    const { status, body } = await askToken(url, { headers });
    return status === 200 ? status : body.code;
  };

  it('hands the ID token on in the header that is named, and no other is read', async () => {
    const url = await open({ AUTHORIZATION_HEADER: 'X-Forwarded-Authorization' });
    const gateways = { authorization: 'Bearer the-gateways-own' };
    const users = { 'x-forwarded-authorization': bearer() };
    expect(await statusOf(url, { ...gateways, ...users })).toBe(200);
    expect(await statusOf(url, { authorization: bearer() })).toBe('id_token_missing');
    const twice = { 'x-forwarded-authorization': `${bearer()}, ${bearer()}` };
    expect(await statusOf(url, { ...gateways, ...twice })).toBe('id_token_invalid');
  });

  it('is not believed where nobody has named it: anybody can send that header', async () => {
    const url = await open();
    const forged = { 'x-forwarded-authorization': bearer() };
    expect(await statusOf(url, { authorization: 'Bearer x', ...forged })).toBe('id_token_invalid');
    expect(await statusOf(url, { authorization: '', ...forged })).toBe('id_token_missing');
  });
});

describe('the client’s address', () => {
  const fail = (url: string, forwarded: string) =>
    json(`${url}/api/calls/livekit-token`, {
      method: 'POST',
      headers: { authorization: 'Bearer x', 'x-forwarded-for': forwarded },
    }).then(({ status }) => status);

  it('is the proxy’s word where TRUST_PROXY counts its hop', async () => {
    const url = await open({ TRUST_PROXY: '1', AUTH_FAILURES_PER_MINUTE: '1' });
    expect(await fail(url, '203.0.113.1')).toBe(403);
    expect(await fail(url, '203.0.113.1')).toBe(429);
    expect(await fail(url, '203.0.113.2')).toBe(403);
    // What the client itself has written stands further left.
    expect(await fail(url, '198.51.100.9, 203.0.113.1')).toBe(429);
  });

  it('is the /64 of an IPv6 address', async () => {
    const url = await open({ TRUST_PROXY: '127.0.0.1', AUTH_FAILURES_PER_MINUTE: '1' });
    expect(await fail(url, '2001:db8:1:2::1')).toBe(403);
    expect(await fail(url, '2001:db8:1:2:ffff::9')).toBe(429);
    expect(await fail(url, '2001:db8:1:3::1')).toBe(403);
  });

  it('is the connection’s where nobody is trusted, with one warning', async () => {
    const url = await open({ AUTH_FAILURES_PER_MINUTE: '1' });
    expect(await fail(url, '203.0.113.1')).toBe(403);
    expect(await fail(url, '203.0.113.2')).toBe(429);
    const warnings = log.lines.filter(({ message }) => message.includes('TRUST_PROXY'));
    expect(warnings).toHaveLength(1);
  });
});

describe('what never becomes a request', () => {
  const code = (body: string | undefined) => JSON.parse(body ?? '').code;

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['a method that is none', 'FOO / HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['a header without a name', 'GET / HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx',
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n'],
    ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n'],
  ])('is 400 request_malformed: %s', async (_case, text) => {
    const url = await open();
    const [answer, ...more] = await sendRaw(url, text);
    expect([answer?.status, code(answer?.body), more]).toEqual([400, 'request_malformed', []]);
    expect(answer?.headers['x-request-id']).toBe(JSON.parse(answer?.body ?? '').requestId);
    expect((await json(`${url}/healthz`)).status).toBe(200);
  });

  it('is logged by its request id, counted, and never with the bytes that came', async () => {
    const url = await open({ METRICS_TOKEN: 'x' });
    const token = signIdToken(timesAt(clock.now()));
    const bad = `GET / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n: y\r\n\r\n`;
    const [answer] = await sendRaw(url, bad);
    const { requestId } = JSON.parse(answer?.body ?? '');
    const line = log.lines.find(({ message }) => message === 'refused');
    expect(line?.fields).toMatchObject({ requestId, status: 400, code: 'request_malformed' });
    const written = JSON.stringify(log.lines);
    expect(written).not.toMatch(token);
    expect(written).not.toMatch(String([...Buffer.from(token.slice(0, 8))]));
    expect(answer?.headers['x-content-type-options']).toBe('nosniff');
    expect(await server?.switchboard.metrics()).toMatch(
      'refusals_total{code="request_malformed"} 1',
    );
  });

  it('is 431 where the headers are too large', async () => {
    const url = await open();
    const [answer] = await sendRaw(
      url,
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    );
    expect([answer?.status, code(answer?.body)]).toEqual([431, 'headers_too_large']);
  });

  it('is 408 where headers or body do not come in time', async () => {
    const url = await open({}, { timeouts: { headersMs: 50, requestMs: 100 } });
    const [half] = await sendRaw(url, 'GET /healthz HTTP/1.1\r\nhost');
    expect([half?.status, code(half?.body)]).toEqual([408, 'request_timeout']);
    const token = signIdToken(timesAt(clock.now()));
    const [noBody] = await sendRaw(
      url,
      `POST /api/calls/livekit-token HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
        'content-type: application/json\r\ncontent-length: 10\r\n\r\n{',
    );
    expect([noBody?.status, code(noBody?.body)]).toEqual([408, 'request_timeout']);
  });
});

describe('a connection on which nothing is asked', () => {
  const HALF = 'GET /healthz HTTP/1.1\r\nhos';
  const WHOLE = 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

  it.each([
    [{}, 'timeout=620'],
    [{ KEEP_ALIVE_SECONDS: '5' }, 'timeout=5'],
  ])('is kept for as long as load balancers keep theirs: %j', async (env, kept) => {
    const url = await open(env);
    expect((await fetch(`${url}/healthz`)).headers.get('keep-alive')).toBe(kept);
  });

  it('may wait longer for its first byte than headers may take, which count from there', async () => {
    const url = await open({}, { timeouts: { headersMs: 50, requestMs: 100, unusedMs: 60_000 } });
    const ahead = await openSocket(url);
    // Opened later, and told to go before.
    const [half] = await sendRaw(url, HALF);
    expect(half?.status).toBe(408);
    ahead.socket.write(WHOLE);
    expect(await ahead.read()).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('loses nothing of what comes in pieces', async () => {
    const url = await open();
    const { socket, read } = await openSocket(url);
    for (const letter of WHOLE) await new Promise((done) => socket.write(letter, done));
    expect(await read()).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('ends with its other side', async () => {
    const url = await open();
    const { socket, read } = await openSocket(url);
    socket.end();
    expect(await read()).toBe('');
  });
});

describe('the PROXY protocol', () => {
  it.each([
    ['1', 'PROXY TCP4 203.0.113.1 10.0.0.1 5001 443\r\n'],
    [
      '2',
      Buffer.from(
        '0d0a0d0a000d0a515549540a2111000ccb0071010a0000011389 01bb'.replace(' ', ''),
        'hex',
      ),
    ],
  ])('of version %s is no HTTP, and the log says once what it is', async (_version, line) => {
    const url = await open();
    for (let i = 0; i < 2; i += 1) {
      const bytes = Buffer.concat([Buffer.from(line), Buffer.from('GET /healthz HTTP/1.1\r\n')]);
      expect((await sendRaw(url, bytes))[0]?.status).toBe(400);
    }
    expect(log.lines.filter(({ message }) => message.includes('PROXY protocol'))).toHaveLength(1);
  });
});

describe('Expect: 100-continue', () => {
  const head = (token: string) =>
    'POST /api/calls/livekit-token HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n' +
    `authorization: Bearer ${token}\r\ncontent-type: application/json\r\n` +
    `content-length: ${JSON.stringify(GOOD_BODY).length}\r\nconnection: close\r\n\r\n`;

  it('is refused without a body having been asked for', async () => {
    const url = await open();
    const answers = await sendRaw(url, head('nonsense'));
    expect(answers.map(({ status }) => status)).toEqual([403]);
  });

  it('is told to continue once it is let in', async () => {
    const url = await open();
    const { socket, read } = await openSocket(url);
    socket.write(head(signIdToken(timesAt(clock.now()))));
    const first = await new Promise<string>((done) =>
      socket.once('data', (data) => done(`${data}`)),
    );
    expect(first).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(JSON.stringify(GOOD_BODY));
    expect(await read()).toMatch(/\r\n\r\nHTTP\/1\.1 200 OK/);
  });

  it('of another kind does no harm', async () => {
    const url = await open();
    const [answer] = await sendRaw(
      url,
      'GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: tea\r\nconnection: close\r\n\r\n',
    );
    expect(answer?.status).toBe(200);
  });
});

describe('a body that goes with what needs none', () => {
  const chunked = (method: string, path: string) =>
    `${method} ${path} HTTP/1.1\r\nhost: x\r\norigin: https://app.example.com\r\n` +
    'access-control-request-method: POST\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n';

  it.each([
    ['a preflight', 'OPTIONS', '/api/calls/livekit-token', 204],
    ['a HEAD that is refused', 'HEAD', '/metrics', 401],
    ['a HEAD of another method’s route', 'HEAD', '/api/calls/livekit-token', 405],
  ])('is not waited for: %s', async (_what, method, path, status) => {
    const url = await open({ CORS_ORIGINS: 'https://app.example.com', METRICS_TOKEN: 'x' });
    const [answer, ...more] = await sendRaw(url, chunked(method, path));
    expect([answer?.status, answer?.headers.connection, more]).toEqual([status, 'close', []]);
    const lines = log.lines.filter(({ fields }) => 'requestId' in fields);
    expect(lines.map(({ fields }) => (fields as { status: number }).status)).toEqual([status]);
  });
});

describe('stopping', () => {
  it('waits for no connection on which nothing has come', async () => {
    const url = await open();
    const { read } = await openSocket(url);
    await json(`${url}/healthz`);
    await server?.stop();
    expect(await read()).toBe('');
  });

  it('says so at once, serves on while it drains, and then ends', async () => {
    const url = await open({ DRAIN_SECONDS: '2' });
    const stopped = server?.stop();
    const ready = await json(`${url}/readyz`);
    expect([ready.status, ready.body.error]).toEqual([503, 'Not ready: stopping.']);
    const served = await askToken(url);
    // So that no kept connection is cut off under a request when the drain is over.
    expect([served.status, served.headers.get('connection')]).toEqual([200, 'close']);
    const { socket, read } = await openSocket(url);
    clock.advance(2_000);
    // Accepted before the drain was over: served, though nobody new is let in.
    await expect.poll(() => fetch(`${url}/healthz`).catch(() => 'refused')).toBe('refused');
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await read()).toMatch(/^HTTP\/1\.1 200 /);
    clock.advance(500);
    await stopped;
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });
});
