// What a host puts around the feed: compression, users of its own, a time-out for silence.
import { createServer, type RequestListener } from 'node:http';
import compression from 'compression';
import express from 'express';
import express4 from 'express4';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createEngine, type Engine } from '../../src/http/engine.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { route } from '../../src/http/routes.ts';
import { type CallStage, PLAIN, setCallStage } from '../call-stage.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import { listen, type Mount } from '../mounts.ts';
import { type Listener, listenTo } from './listen.ts';

const BASE = '/api/calls';
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function served(listener: RequestListener, timeoutMs?: number): Promise<string> {
  const server = createServer(listener);
  if (timeoutMs !== undefined) server.timeout = timeoutMs;
  const { origin, close } = await listen(server);
  cleanups.push(close);
  return origin;
}

async function staged(...given: Parameters<typeof setCallStage>): Promise<CallStage> {
  const stage = await setCallStage(...given);
  cleanups.push(() => stage.close());
  return stage;
}

/** The same switchboard, behind another host of the test's own. */
const at = (stage: CallStage, origin: string) => ({ ...stage, baseUrl: origin + BASE });

async function listening(...given: Parameters<typeof listenTo>): Promise<Listener> {
  const listener = await listenTo(...given);
  cleanups.push(() => listener.close());
  return listener;
}

const EXPRESS = [
  ['Express 4', express4 as unknown as typeof express],
  ['Express 5', express],
] as const;

describe.each(EXPRESS)('in %s that compresses', (_name, make) => {
  const behindCompression = (handler: RequestListener) => {
    const app = make();
    // As eager as it gets: everything, however short.
    app.use(compression({ threshold: 0, filter: () => true }));
    app.use(BASE, handler);
    return app;
  };

  it('each event of a stream arrives at once', async () => {
    const stage = await staged();
    const host = at(stage, await served(behindCompression(stage.switchboard.handler)));
    const bob = await listening(host, 'bob', { headers: { 'accept-encoding': 'gzip' } });
    expect(bob.response.headers.get('content-encoding')).toBeNull();
    await bob.heard('snapshot');
    const { call } = await stage.place('alice', ['bob']);
    await bob.heard('call', ({ data }) => data.cause === 'ringing');
    stage.clock.advance(10_000);
    await vi.waitFor(() => expect(bob.comments()).toBe(1));
    await stage.accept('bob', call.id);
    await bob.heard('call', ({ data }) => data.call?.me.state === 'joining');
  });

  it('a poll is held and then answered, compressed', async () => {
    const stage = await staged();
    const origin = await served(behindCompression(stage.switchboard.handler));
    const { body } = await stage.as('bob', 'GET', '/events');
    const polled = fetch(`${origin}${BASE}/events?waitSeconds=25&after=${body.cursor}`, {
      headers: { authorization: `Bearer ${stage.idToken({ sub: 'bob', user_id: 'bob' })}` },
    });
    await vi.waitFor(() => expect(stage.clock.waiting()).toContain(25_000));
    await stage.place('alice', ['bob']);
    const response = await polled;
    expect(response.headers.get('content-encoding')).not.toBeNull();
    expect(await response.json()).toMatchObject({ changes: [{ cause: 'ringing' }] });
  });

  it('a stream that may be compressed is flushed piece by piece', async () => {
    let say = (_piece: string) => {};
    const said = (async function* () {
      for (;;) yield await new Promise<string>((resolve) => (say = resolve));
    })();
    const clock = createFakeClock();
    const engine: Engine = createEngine({
      routes: [
        route({
          ...{ method: 'GET', path: `${BASE}/words`, admit: 'public', contentType: 'text/plain' },
          schema: { summary: 'Words of a test' },
          answer: () => ({ stream: () => said, headers: { 'cache-control': 'no-store' } }),
        }),
      ],
      ...{ basePath: BASE, corsOrigins: [], trustProxy: 0, headers: {}, clock },
      ...{ log: createFakeLog(), metrics: createMetrics(), isClosing: () => false },
      onFirstRequest() {},
      onHostClose: () => engine.stop(),
    });
    const origin = await served(behindCompression(engine.handler));
    const controller = new AbortController();
    cleanups.push(() => controller.abort());
    const response = await fetch(`${origin}${BASE}/words`, {
      // As it comes over the wire: what fetch unpacks, it may keep for a while.
      headers: { 'accept-encoding': 'gzip' },
      signal: controller.signal,
    });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    for (const word of ['one', 'two']) {
      say(word);
      expect(decoder.decode((await reader?.read())?.value)).toBe(word);
    }
  });
});

describe('with the host’s own users, whose sign-in has no end', () => {
  it('a stream goes on as long as it is read', async () => {
    const stage = await staged(PLAIN as Mount, { userOf: () => ({ uid: 'bob' }) });
    const bob = await listening(stage, 'bob');
    await bob.heard('snapshot');
    for (let minutes = 0; minutes < 90; minutes += 1) {
      stage.clock.advance(60_000);
      await new Promise(setImmediate);
    }
    await stage.as('alice', 'GET', '/events');
    expect(bob.events.map(({ event }) => event)).toEqual(['snapshot']);
    expect(bob.comments()).toBeGreaterThan(80);
  });
});

describe('where the host ends connections that are silent', () => {
  /** Node tells of silence once, and ends the connection then. */
  async function withTimeOut(stage: CallStage) {
    let silences = 0;
    const origin = await served((request, response) => {
      request.socket.once('timeout', () => (silences += 1));
      stage.switchboard.handler(request, response);
    }, 20);
    return { host: at(stage, origin), silences: () => silences };
  }
  const asked = (stage: CallStage, uid: string, url: string) =>
    fetch(url, {
      headers: { authorization: `Bearer ${stage.idToken({ sub: uid, user_id: uid })}` },
    });

  it('a poll is held on, and answered', async () => {
    const stage = await staged();
    const { host, silences } = await withTimeOut(stage);
    const { body } = await stage.as('bob', 'GET', '/events');
    const url = `${host.baseUrl}/events?waitSeconds=25&after=${body.cursor}`;
    const polled = asked(stage, 'bob', url);
    await vi.waitUntil(() => silences() > 0);
    await stage.place('alice', ['bob']);
    expect(await (await polled).json()).toMatchObject({ changes: [{ cause: 'ringing' }] });
  });

  it('so is one call', async () => {
    const stage = await staged();
    const { host, silences } = await withTimeOut(stage);
    const { call } = await stage.place('alice', ['bob']);
    const url = `${host.baseUrl}/${call.id}?waitSeconds=25&after=${call.version}`;
    const polled = asked(stage, 'alice', url);
    await vi.waitUntil(() => silences() > 0);
    await stage.accept('bob', call.id);
    expect(await (await polled).json()).toMatchObject({ call: { state: 'active' } });
  });
});
