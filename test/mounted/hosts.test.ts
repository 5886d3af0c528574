// What a host may rely on: its own routes, its own headers, its own request type.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, request as httpRequest } from 'node:http';
import cors from '@fastify/cors';
import express from 'express';
import { fastify } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import type { Switchboard } from '../../src/compose/house.ts';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { compose } from '../../src/switchboard.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { PROJECT_ID, signIdToken, timesAt } from '../fakes/firebase.ts';
import { startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { createFakeLog } from '../fakes/log.ts';
import { listen } from '../mounts.ts';
import { GOOD_BODY } from '../stage.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const clock = createFakeClock();
const PATH = '/api/calls/livekit-token';

async function make(options: SwitchboardOptions = {}): Promise<Switchboard> {
  const keys = await startKeyEndpoint();
  const { switchboard } = compose(
    {
      firebaseProjectId: PROJECT_ID,
      firebaseKeysUrl: keys.url,
      livekitApiKey: 'key',
      livekitApiSecret: 'secret',
      logger: createFakeLog(),
      ...options,
    },
    clock,
  );
  cleanups.push(keys.close, () => switchboard.stop());
  return switchboard;
}

describe('what a host brings', () => {
  it('may be a logger that throws', async () => {
    const fail = () => {
      throw new Error('the disk is full');
    };
    const logger = { debug: fail, info: fail, warn: fail, error: fail };
    const { handler } = await make({ logger });
    const url = await serve((req, res) => handler(req, res));
    expect((await ask(url + PATH)).status).toBe(200);
    expect((await ask(url + PATH, { headers: { authorization: 'Bearer x' } })).status).toBe(403);
  });

  it('is no Redis address that nobody can read', async () => {
    const redisUrl = 'redis://user:%zz@127.0.0.1:1';
    await expect(make({ redisUrl })).rejects.toThrow(/redisUrl must have % .* written as %25/);
  });
});

async function serve(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const { origin, close } = await listen(createServer(listener));
  cleanups.push(close);
  return origin;
}

function ask(
  url: string,
  init: { body?: string; headers?: Record<string, string>; method?: string } = {},
) {
  const { method = 'POST', body = JSON.stringify(GOOD_BODY), headers = {} } = init;
  return fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${signIdToken(timesAt(clock.now()))}`,
      'content-type': 'application/json',
      ...headers,
    },
    ...(method === 'GET' || method === 'OPTIONS' ? {} : { body }),
  });
}

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

describe('an Express host', () => {
  it('keeps its own routes, with their bodies, before and after ours', async () => {
    const { handler } = await make();
    const app = express();
    app.get('/api/calls/mine', (_request, response) => void response.send('before'));
    app.use('/api/calls', handler);
    app.use(express.json());
    app.post('/api/calls/echo', (request, response) => void response.json(request.body));
    const origin = await serve(app);
    expect(await (await fetch(`${origin}/api/calls/mine`)).text()).toBe('before');
    const echo = await ask(`${origin}/api/calls/echo`, { body: '{"kept":true}' });
    expect(await echo.json()).toEqual({ kept: true });
    expect((await ask(origin + PATH)).status).toBe(200);
  });

  it('sees its own url again after ours was routed', async () => {
    const { handler } = await make();
    const app = express();
    let seen: unknown;
    app.use((request, response, next) => {
      response.on('finish', () => {
        seen = [request.originalUrl, request.url];
      });
      next();
    });
    app.use('/api/calls', handler);
    const origin = await serve(app);
    await (await ask(`${origin}${PATH}?a=1`)).text();
    await expect.poll(() => seen).toEqual([`${PATH}?a=1`, '/livekit-token?a=1']);
  });

  it('finds its AsyncLocalStorage in its rule, also where the body comes late', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const { handler } = await make({
      authorizeRoom: () => {
        seen.push(storage.getStore());
        return true;
      },
    });
    let arrived = Promise.withResolvers<void>();
    const app = express();
    app.use((_request, _response, next) => storage.run('of this request', next));
    app.use('/api/calls', handler);
    const origin = await serve((request, response) => {
      app(request, response);
      arrived.resolve();
    });
    // From then on nothing has to be waited for but the body.
    expect((await ask(origin + PATH)).status).toBe(200);
    arrived = Promise.withResolvers();
    const body = JSON.stringify(GOOD_BODY);
    const answered = Promise.withResolvers<number | undefined>();
    const asking = httpRequest(`${origin}${PATH}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${signIdToken(timesAt(clock.now()))}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    });
    asking.on('response', (response) => {
      response.resume();
      answered.resolve(response.statusCode);
    });
    asking.flushHeaders();
    await arrived.promise;
    asking.end(body);
    expect(await answered.promise).toBe(200);
    expect(seen).toEqual(['of this request', 'of this request']);
  });

  it('keeps its cors() and its Vary, and answers preflights itself', async () => {
    const { handler } = await make();
    const app = express();
    app.use((request, response, next) => {
      response.setHeader('access-control-allow-origin', 'https://app.example.com');
      response.setHeader('vary', 'Origin');
      if (request.method === 'OPTIONS') response.status(204).end();
      else next();
    });
    app.use('/api/calls', handler);
    const origin = await serve(app);
    expect((await ask(origin + PATH, { method: 'OPTIONS' })).status).toBe(204);
    const { headers } = await ask(origin + PATH);
    expect(headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(headers.get('vary')).toBe('Origin');
  });

  it('keeps its Vary beside ours where we have a list of origins', async () => {
    const { handler } = await make({ corsOrigins: ['https://app.example.com'] });
    const app = express();
    app.use((_request, response, next) => {
      response.setHeader('vary', 'Accept-Encoding');
      next();
    });
    app.use('/api/calls', handler);
    const origin = await serve(app);
    const { headers } = await ask(origin + PATH, {
      headers: { origin: 'https://app.example.com' },
    });
    expect(headers.get('vary')?.split(/,\s*/).sort()).toEqual(['Accept-Encoding', 'Origin']);
    const preflight = await ask(origin + PATH, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
  });

  it('gives its own request to userOf', async () => {
    const { handler } = await make({
      firebaseProjectId: undefined,
      userOf: (request: express.Request) => ({ uid: request.get('x-session') ?? '' }),
    });
    const app = express().use('/api/calls', handler);
    const origin = await serve(app);
    expect((await ask(origin + PATH, { headers: { 'x-session': 'alice' } })).status).toBe(200);
  });

  it('counts failures by its own view of the address', async () => {
    const { handler } = await make({ authFailuresPerMinute: 1 });
    const app = express();
    app.set('trust proxy', 1);
    app.use('/api/calls', handler);
    const origin = await serve(app);
    const fail = async (address: string) =>
      (
        await ask(origin + PATH, {
          headers: { authorization: 'Bearer x', 'x-forwarded-for': address },
        })
      ).status;
    expect([
      await fail('203.0.113.1'),
      await fail('203.0.113.1'),
      await fail('203.0.113.2'),
    ]).toEqual([403, 429, 403]);
  });

  it('with a body that something else has swallowed is told how to mend it', async () => {
    const { handler } = await make();
    const app = express();
    app.use((request, _response, next) => {
      request.resume().on('end', next);
    });
    app.use('/api/calls', handler);
    const origin = await serve(app);
    const response = await ask(origin + PATH);
    const { code, error } = (await response.json()) as { code: string; error: string };
    expect([response.status, code]).toEqual([500, 'body_consumed']);
    expect(error).toMatch(/Mount switchboard\.handler before/);
  });

  it('cannot be led astray by a forged req.body', async () => {
    const { handler } = await make();
    const app = express();
    app.use((request, _response, next) => {
      request.body = { roomName: 'forged', participantIdentity: 'bob' };
      next();
    });
    app.use('/api/calls', handler);
    const origin = await serve(app);
    expect((await ask(origin + PATH)).status).toBe(200);
  });

  it('may keep the raw body, as Firebase Functions does', async () => {
    const { handler } = await make();
    const app = express();
    app.use(
      express.json({
        verify: (request, _response, bytes) => Object.assign(request, { rawBody: bytes }),
      }),
    );
    app.use('/api/calls', handler);
    const origin = await serve(app);
    expect((await ask(origin + PATH)).status).toBe(200);
    const invalid = await fetch(origin + PATH, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${signIdToken(timesAt(clock.now()))}`,
        'content-type': 'application/json',
      },
      body: Buffer.concat([Buffer.from('{"roomName":"'), Buffer.from([0xff]), Buffer.from('"}')]),
    });
    expect(await invalid.json()).toMatchObject({ error: 'The body is not valid UTF-8.' });
  });

  it.each([
    ['text', express.text({ type: '*/*' })],
    ['bytes', express.raw({ type: '*/*' })],
  ])('may have parsed the body as %s', async (_kind, parser) => {
    const { handler } = await make();
    const app = express().use(parser).use('/api/calls', handler);
    const origin = await serve(app);
    expect((await ask(origin + PATH)).status).toBe(200);
    expect(await codeOf(await ask(origin + PATH, { body: '{' }))).toBe('request_invalid');
  });

  it('has its parser’s faults on our paths told as ours, and keeps its own', async () => {
    const { handler, errorHandler } = await make();
    const app = express();
    app.use(express.json());
    app.use('/api/calls', handler);
    app.post('/other', (_request, response) => void response.send('other'));
    app.use(errorHandler);
    app.use(
      ((error, _request, response, _next) =>
        void response.status(418).send(error.type)) as express.ErrorRequestHandler,
    );
    const origin = await serve(app);
    const ours = await ask(origin + PATH, { body: '{' });
    expect([ours.status, await codeOf(ours)]).toEqual([400, 'request_invalid']);
    const unauthenticated = await ask(origin + PATH, { body: '{', headers: { authorization: '' } });
    expect(await codeOf(unauthenticated)).toBe('id_token_missing');
    const other = await ask(`${origin}/other`, { body: '{' });
    expect([other.status, await other.text()]).toEqual([418, 'entity.parse.failed']);
  });

  it('may hand over its firebase-admin app', async () => {
    const apps = [
      { options: { projectId: PROJECT_ID } },
      { options: { credential: { projectId: PROJECT_ID, getAccessToken() {} } } },
    ];
    for (const firebaseApp of apps) {
      const { handler } = await make({ firebaseProjectId: undefined, firebaseApp });
      const origin = await serve(express().use('/api/calls', handler));
      expect((await ask(origin + PATH)).status).toBe(200);
    }
  });
});

describe('a Fastify host', () => {
  it('keeps its own parsers, routes and headers', async () => {
    const { plugin } = await make();
    const host = fastify();
    cleanups.push(() => host.close());
    await host.register(cors, { origin: 'https://app.example.com' });
    await host.register(plugin);
    host.post('/api/calls/echo', (request) => ({ got: request.body }));
    const origin = await host.listen({ host: '127.0.0.1', port: 0 });
    const echo = await ask(`${origin}/api/calls/echo`, { body: '{"kept":true}' });
    expect(await echo.json()).toEqual({ got: { kept: true } });
    const { status, headers } = await ask(origin + PATH, {
      headers: { origin: 'https://app.example.com' },
    });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://app.example.com',
    ]);
    const preflight = await ask(origin + PATH, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
  });

  it('gives its own request to userOf', async () => {
    const { plugin } = await make({
      firebaseProjectId: undefined,
      userOf: (request: { session?: { uid: string } }) => request.session,
    });
    const host = fastify();
    cleanups.push(() => host.close());
    host.decorateRequest('session');
    host.addHook('onRequest', async (request) => {
      Object.assign(request, { session: { uid: 'alice' } });
    });
    await host.register(plugin, { prefix: '/api/calls' });
    const origin = await host.listen({ host: '127.0.0.1', port: 0 });
    expect((await ask(origin + PATH)).status).toBe(200);
  });
});

describe('a plain host', () => {
  it('may choose the base path', async () => {
    const { handler } = await make({ basePath: '/v2/voice' });
    const origin = await serve((request, response) => handler(request, response));
    expect((await ask(`${origin}/v2/voice/livekit-token`)).status).toBe(200);
    expect(await codeOf(await ask(origin + PATH))).toBe('not_found');
  });

  it('is answered at once, before anything was started', async () => {
    const switchboard = await make();
    expect(switchboard.readiness().ready).toBe(false);
    const origin = await serve(switchboard.handler);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(origin + PATH)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(switchboard.readiness()).toEqual({ ready: true, missing: [] });
    expect(await switchboard.metrics()).toMatch(/^switchboard_tokens_minted_total 20$/m);
  });
});
