// LiveKit's webhooks as LiveKit sends them, in every mount.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../../src/calls/call.ts';
import { partyOf } from '../../src/calls/call.ts';
import { createWebhookVerifier } from '../../src/events/webhook.ts';
import { createEngine, type Engine } from '../../src/http/engine.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createRateLimit } from '../../src/limits/rate-limit.ts';
import { type Received, webhookPathUnder, webhookRoute } from '../../src/routes/webhook.ts';
import { LIVEKIT_KEYS, signed, signedText, type Webhook } from '../fakes/livekit-api.ts';
import { MOUNTS, type Mount } from '../mounts.ts';
import { openSocket } from '../raw.ts';
import { comes, type EventsStage, setEventsStage } from './stage.ts';

const BASE = '/api/calls';
const OLD_KEYS = { apiKey: 'old-key', apiSecret: 'old-secret-of-at-least-32-characters' };
const FAILURES_PER_MINUTE = 5;
const HOSTS = MOUNTS.filter(({ serve, onlyOneRoute }) => serve !== undefined && !onlyOneRoute);

describe.each(HOSTS)('the webhook in $name', (mount: Mount) => {
  let stage: EventsStage;
  let engine: Engine;
  let url: string;
  let close: () => Promise<void>;
  let call: Call;
  let received: Received[];

  beforeEach(async () => {
    received = [];
    stage = await setEventsStage();
    const { clock, log } = stage;
    engine = createEngine({
      routes: [
        webhookRoute({
          path: webhookPathUnder(BASE),
          verifier: createWebhookVerifier({ keys: [LIVEKIT_KEYS, OLD_KEYS], clock }),
          handle: stage.handle,
          failures: createRateLimit(FAILURES_PER_MINUTE, clock),
          onReceived: (one) => void received.push(one),
        }),
      ],
      basePath: BASE,
      corsOrigins: [],
      trustProxy: 0,
      headers: {},
      clock,
      log,
      metrics: createMetrics(),
      isClosing: () => false,
      onFirstRequest() {},
      onHostClose: () => engine.stop(),
    });
    const served = await (mount.serve as NonNullable<Mount['serve']>)(engine);
    url = `${served.baseUrl}/livekit-webhook`;
    close = served.close;
    call = await stage.place('alice', 'bob');
    await stage.accept(call, 'bob');
  });
  afterEach(async () => {
    await close();
    await stage.close();
  });

  async function send({ body, headers }: Webhook, more: Record<string, string> = {}) {
    const all = { ...headers, ...more };
    const response = await fetch(url, { method: 'POST', body, headers: all });
    const answer = (await response.json()) as Record<string, unknown>;
    return { status: response.status, code: answer.code, headers: response.headers };
  }
  const joinedEvent = () => ({
    event: 'participant_joined',
    room: { name: call.room },
    participant: { sid: 'PA_1', identity: 'alice', joinedAtMs: String(stage.clock.now()) },
  });
  const joined = (keys = LIVEKIT_KEYS) => signed(joinedEvent(), keys, stage.clock.now());
  const aliceIs = async () => partyOf(await stage.callOf(call), 'alice')?.state;
  const unsigned = async () => ({ ...(await joined()), headers: { authorization: 'x' } });

  it('that LiveKit has signed changes the call', async () => {
    expect(await send(await joined())).toMatchObject({ status: 200 });
    expect(await aliceIs()).toBe('joined');
  });

  it('is believed with the key of before, while keys rotate', async () => {
    expect(await send(await joined(OLD_KEYS))).toMatchObject({ status: 200 });
    expect(await aliceIs()).toBe('joined');
  });

  it('of a room that is no call’s asks nobody', async () => {
    await stage.store.close();
    const event = { ...joinedEvent(), room: { name: 'lobby' } };
    const lobby = await signed(event, LIVEKIT_KEYS, stage.clock.now());
    expect(await send(lobby)).toMatchObject({ status: 200 });
    await stage.store.open();
  });

  it.each([
    ['of nobody', { authorization: '' }],
    ['of another secret', { authorization: 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl' }],
  ])('with a signature %s is refused, and changes nothing', async (_whose, headers) => {
    expect(await send(await joined(), headers)).toMatchObject({
      status: 401,
      code: 'webhook_signature_invalid',
    });
    expect(await aliceIs()).toBe('joining');
  });

  it('whose body is not the one that was signed is refused', async () => {
    const webhook = await joined();
    const other = { ...webhook, body: webhook.body.replace('alice', 'carol') };
    expect(await send(other)).toMatchObject({ status: 401, code: 'webhook_signature_invalid' });
  });

  it('says in the log why it was refused, and nothing of the signature', async () => {
    await send(await signed(joinedEvent(), { ...LIVEKIT_KEYS, apiKey: 'other' }));
    const written = JSON.stringify(stage.log.lines);
    expect(written).toContain('none of our LiveKit keys has signed it');
    expect(written).not.toContain('eyJ');
  });

  it('that is signed by nobody is refused before its body has come', async () => {
    const { socket, read } = await openSocket(url);
    const { pathname, host } = new URL(url);
    socket.write(
      `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/webhook+json\r\n` +
        'Authorization: x\r\nContent-Length: 1000000\r\n\r\n',
    );
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    await comes(() => text.includes('webhook_signature_invalid'));
    socket.destroy();
    await read();
  });

  it('is told to wait where too many come that nobody signed; LiveKit’s own pass', async () => {
    for (let n = 0; n < FAILURES_PER_MINUTE; n += 1) {
      expect(await send(await unsigned())).toMatchObject({ status: 401 });
    }
    const refused = await send(await unsigned());
    expect(refused).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(await send(await joined())).toMatchObject({ status: 200 });
  });

  it('is to come again while there is no database', async () => {
    await stage.store.close();
    const answer = await send(await joined());
    expect(answer).toMatchObject({ status: 503, code: 'calls_unavailable' });
    await stage.store.open();
  });

  it('is to come again where we have a bug', async () => {
    stage.broken.add(call.id);
    expect(await send(await joined())).toMatchObject({ status: 500, code: 'internal' });
  });

  it('that is no JSON is refused for good', async () => {
    const { body, headers } = await signedText('{"event":', stage.clock.now());
    expect(await send({ body, headers })).toMatchObject({ status: 400, code: 'request_invalid' });
    expect(received).toEqual([{ event: 'none', result: 'malformed' }]);
  });

  it('of a megabyte, as metadata may make it, is taken', async () => {
    const event = { ...joinedEvent(), padding: 'x'.repeat(1_000_000) };
    const big = await signed(event, LIVEKIT_KEYS, stage.clock.now());
    expect(await send(big)).toMatchObject({ status: 200 });
    expect(await aliceIs()).toBe('joined');
  });

  it('of three megabytes is refused', async () => {
    const event = { ...joinedEvent(), padding: 'x'.repeat(3_000_000) };
    const huge = await signed(event, LIVEKIT_KEYS, stage.clock.now());
    expect(await send(huge)).toMatchObject({ status: 413, code: 'body_too_large' });
  });

  it('of another content type is refused', async () => {
    expect(await send(await joined(), { 'content-type': 'text/plain' })).toMatchObject({
      status: 415,
    });
  });
});
