import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { RING_ENDS } from '../../../src/calls/event.ts';
import { FCM_FAULTS, type FcmFaultName, startFcmStandIn } from '../../../src/dev/stand-ins/fcm.ts';
import { DISORDERS } from '../../../src/dev/stand-ins/provider-server.ts';
import { createFcmSender } from '../../../src/ringing/fcm/sender.ts';
import type { PushResult } from '../../../src/ringing/push.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { startFirebaseAdmin } from '../../fakes/firebase-admin.ts';
import { freePort } from '../../fakes/free-port.ts';
import { layLine } from '../../fakes/frozen-line.ts';
import { createFakeLog } from '../../fakes/log.ts';
import {
  CALL,
  device,
  FID,
  fcmStage,
  missed,
  NOW,
  PLAIN,
  PROJECT,
  pushFor,
  ring,
  SECRETS,
  send,
  stop,
  TABLET,
  TICKET,
  TOKEN,
  VOIP,
} from './stage.ts';

const android = device('android', TOKEN);
const web = device('web', TOKEN);
const ios = device('ios', TOKEN);

/** Of a try that is cut short, as after its 3 seconds. */
async function cutShort(
  push: (signal: AbortSignal) => Promise<PushResult>,
  isThere: () => boolean,
) {
  const controller = new AbortController();
  const sent = push(controller.signal);
  await vi.waitFor(() => expect(isThere()).toBe(true));
  controller.abort(new Error('late'));
  return await sent;
}

describe('a ring by FCM', () => {
  it('is data and nothing else on Android, in a hurry, for as long as it rings', async () => {
    const { fcm, sender } = await fcmStage();
    expect(await send(sender, ring(), android)).toEqual({ result: 'handed' });
    expect(fcm.pushes.map(({ message }) => message)).toEqual([
      {
        token: TOKEN.value,
        data: {
          v: '1',
          type: 'ring',
          id: CALL,
          to: 'bob',
          nameCaller: 'Alice',
          handle: 'alice',
          kind: 'video',
          context: 'order 7',
          ringSeconds: '30',
          durationMs: '29500',
          serverTime: '2026-08-01T14:02:00.000Z',
          ticket: TICKET,
        },
        android: { priority: 'HIGH', ttl: '30s' },
      },
    ]);
  });

  it('says neither name nor context where there is none', async () => {
    const { fcm, sender } = await fcmStage();
    const { callerUid, kind, isGroup } = ring().about ?? expect.fail();
    await send(sender, ring({ about: { callerUid, kind, isGroup } }), android);
    const { data } = fcm.pushes[0]?.message ?? {};
    expect(data).not.toHaveProperty('nameCaller');
    expect(data).not.toHaveProperty('context');
  });

  it('is an id and a ticket where nothing else may pass', async () => {
    const { fcm, sender } = await fcmStage();
    await send(sender, ring({ about: undefined }), android);
    expect(fcm.pushes[0]?.message.data).toEqual({ v: '1', type: 'ring', id: CALL, ticket: TICKET });
  });

  it('is data on the web too, urgent, for the service worker to show', async () => {
    const { fcm, sender } = await fcmStage();
    await send(sender, ring(), web);
    expect(fcm.pushes[0]?.message).toMatchObject({
      data: { type: 'ring', id: CALL },
      webpush: { headers: { Urgency: 'high', TTL: '30' } },
    });
    expect(fcm.pushes[0]?.message).not.toHaveProperty('notification');
  });

  it('is a notification on an iPhone, which FCM can ring in no other way', async () => {
    const { fcm, sender } = await fcmStage();
    await send(sender, ring(), ios);
    expect(fcm.pushes[0]?.message.apns).toEqual({
      headers: {
        'apns-push-type': 'alert',
        'apns-priority': '10',
        'apns-collapse-id': CALL,
        'apns-expiration': String(Math.ceil((NOW + 29_500) / 1000)),
      },
      payload: {
        aps: {
          alert: { title: 'Alice', body: 'Incoming video call' },
          sound: 'default',
          'interruption-level': 'time-sensitive',
          'content-available': 1,
          'mutable-content': 1,
        },
      },
    });
  });

  it('goes to an installation id as to a token', async () => {
    const { fcm, sender } = await fcmStage();
    await send(sender, ring(), device('android', FID));
    expect(fcm.pushes[0]?.message).toMatchObject({ fid: FID.value });
    expect(fcm.pushes[0]?.message).not.toHaveProperty('token');
  });

  it('loses its context where it would be too long, never its ticket', async () => {
    const { fcm, sender } = await fcmStage();
    const about = { ...(ring().about ?? expect.fail()), context: '€'.repeat(2_000) };
    expect(await send(sender, ring({ about }), android)).toEqual({ result: 'handed' });
    const { data } = fcm.pushes[0]?.message ?? {};
    expect(data).toMatchObject({ id: CALL, ticket: TICKET, nameCaller: 'Alice' });
    expect(data).not.toHaveProperty('context');
  });

  it('is APNs’ where an iPhone has a value for it and APNs is there', () => {
    const fcm = createFcmSender({
      app: { options: { projectId: PROJECT, credential: { getAccessToken: () => {} } } },
      clock: createFakeClock(NOW),
      log: createFakeLog(),
      hasApns: true,
    });
    expect(fcm.targetFor(ring(), device('ios', VOIP, TOKEN))).toBeUndefined();
    expect(fcm.targetFor(ring(), ios)).toBe(TOKEN);
    // The VoIP value is good for no stop.
    expect(fcm.targetFor(stop(), device('ios', VOIP, TOKEN))).toBe(TOKEN);
    expect(fcm.targetFor(stop(), device('ios', PLAIN, TOKEN))).toBeUndefined();
    expect(fcm.targetFor(ring(), device('android', TOKEN))).toBe(TOKEN);
    expect(fcm.targetFor(ring(), device('ios', VOIP))).toBeUndefined();
  });
});

describe('the end of a ring by FCM', () => {
  it.each(RING_ENDS)('is told to Android: %s', async (cause) => {
    const { fcm, sender } = await fcmStage();
    const shown = cause === 'answered_elsewhere' || cause === 'declined_elsewhere' ? {} : missed();
    await send(sender, stop({ ...shown, cause, device: TABLET }), android);
    const isMissed = 'missed' in shown;
    expect(fcm.pushes[0]?.message).toEqual({
      token: TOKEN.value,
      data: {
        v: '1',
        type: 'stop_ring',
        id: CALL,
        cause,
        device: TABLET,
        ...(isMissed && { title: 'Alice', body: 'Missed call' }),
      },
      // What shows nothing may not hurry: FCM takes the hurry away from such apps.
      android: isMissed ? { priority: 'HIGH', ttl: '3600s' } : { priority: 'NORMAL', ttl: '60s' },
    });
  });

  it.each(RING_ENDS)('is told to an iPhone: %s', async (cause) => {
    const { fcm, sender } = await fcmStage();
    const isMissed = cause !== 'answered_elsewhere' && cause !== 'declined_elsewhere';
    await send(sender, isMissed ? missed({ cause }) : stop({ cause }), ios);
    const { headers, payload } = (fcm.pushes[0]?.message.apns ?? {}) as Record<string, object>;
    expect(headers).toMatchObject({
      'apns-push-type': isMissed ? 'alert' : 'background',
      'apns-priority': isMissed ? '10' : '5',
    });
    expect(payload).toEqual({
      aps: isMissed
        ? { alert: { title: 'Alice', body: 'Missed call' }, 'content-available': 1 }
        : { 'content-available': 1 },
    });
  });

  it('is told to a page where there is a missed call to show, and else is not', async () => {
    const { fcm, sender } = await fcmStage();
    expect(sender.targetFor(stop(), web)).toBeUndefined();
    expect(sender.targetFor(stop({ cause: 'declined_elsewhere' }), web)).toBeUndefined();
    await send(sender, missed(), web);
    expect(fcm.pushes[0]?.message).toMatchObject({
      data: { type: 'stop_ring', body: 'Missed call' },
      webpush: { headers: { Urgency: 'high', TTL: '3600' } },
    });
  });
});

const gone = (reason: string): PushResult => ({ result: 'gone', reason });
const refused = (reason: string): PushResult => ({ result: 'refused', reason });
const failed = (reason: string): PushResult => ({ result: 'failed', reason });

/** Every error of FCM, what it means for a ring, and whether an operator must hear of it. */
const ERRORS: Record<FcmFaultName, readonly [PushResult, RegExp | undefined]> = {
  UNREGISTERED: [gone('UNREGISTERED'), undefined],
  INVALID_TOKEN: [gone('INVALID_ARGUMENT'), /getToken\(\)/],
  SENDER_ID_MISMATCH: [gone('SENDER_ID_MISMATCH'), /another Firebase project/],
  INVALID_ARGUMENT: [refused('INVALID_ARGUMENT'), /malformed/],
  THIRD_PARTY_AUTH_ERROR: [refused('THIRD_PARTY_AUTH_ERROR'), /Cloud Messaging/],
  UNAUTHENTICATED: [refused('UNAUTHENTICATED'), /access token/],
  PERMISSION_DENIED: [refused('PERMISSION_DENIED'), /roles\/firebasecloudmessaging\.admin/],
  SERVICE_DISABLED: [refused('PERMISSION_DENIED'), /fcm\.googleapis\.com/],
  NOT_FOUND: [refused('NOT_FOUND'), /FIREBASE_PROJECT_ID/],
  QUOTA_EXCEEDED: [failed('QUOTA_EXCEEDED'), /for now/],
  RESOURCE_EXHAUSTED: [failed('RESOURCE_EXHAUSTED'), /for now/],
  UNAVAILABLE: [failed('UNAVAILABLE'), /for now/],
  INTERNAL: [failed('INTERNAL'), /for now/],
  UNSPECIFIED_ERROR: [failed('UNSPECIFIED_ERROR'), /for now/],
};

describe('FCM answers', () => {
  it('has a row for every error', () => {
    expect(Object.keys(ERRORS).sort()).toEqual([...FCM_FAULTS].sort());
  });

  it.each(FCM_FAULTS)('%s', async (name) => {
    const { fcm, sender, log } = await fcmStage();
    fcm.answerWith(name);
    const [result, line] = ERRORS[name];
    expect(await send(sender, ring(), android)).toEqual(result);
    expect(log.lines.map(({ message }) => message)).toEqual(
      line === undefined ? [] : [expect.stringMatching(line)],
    );
  });

  it('names no time: none is made up. Names one: it is handed on', async () => {
    const { fcm, sender } = await fcmStage();
    fcm.answerWith({ fault: 'QUOTA_EXCEEDED', retryAfter: '7' });
    expect(await send(sender, ring(), android)).toEqual({
      ...failed('QUOTA_EXCEEDED'),
      retryAfterMs: 7_000,
    });
    fcm.answerWith({ fault: 'UNAVAILABLE', retryAfter: new Date(NOW + 12_000).toUTCString() });
    expect(await send(sender, ring(), android)).toEqual({
      ...failed('UNAVAILABLE'),
      retryAfterMs: 12_000,
    });
    fcm.answerWith({ fault: 'UNAVAILABLE', retryAfter: 'soon' });
    expect(await send(sender, ring(), android)).toEqual(failed('UNAVAILABLE'));
  });

  it('is asked once a try, whatever it answers', async () => {
    const { fcm, sender } = await fcmStage();
    for (const fault of ['UNAVAILABLE', 'QUOTA_EXCEEDED', 'INTERNAL'] as const) {
      const before = fcm.asked;
      fcm.answerWith(fault);
      await send(sender, ring(), android);
      expect(fcm.asked - before).toBe(1);
    }
  });

  it('that a token is refused: another one is tried, once', async () => {
    let made = 0;
    const getAccessToken = async () => {
      made += 1;
      return { access_token: `token-${made}`, expires_in: 3_600 };
    };
    const app = { options: { projectId: PROJECT, credential: { getAccessToken } } };
    const { fcm, sender } = await fcmStage({ app });
    fcm.acceptOnly('token-2');
    expect(await send(sender, ring(), android)).toEqual({ result: 'handed' });
    expect(made).toBe(2);
  });

  it('nobody is there any more: each learns it by its own value', async () => {
    const { fcm, sender } = await fcmStage();
    fcm.forget(FID.value);
    expect(await send(sender, ring(), device('android', FID))).toEqual(gone('UNREGISTERED'));
    expect(await send(sender, ring(), android)).toEqual({ result: 'handed' });
  });

  it('tells one line an hour of what meets every push', async () => {
    const { fcm, sender, log, clock } = await fcmStage();
    fcm.answerWith('PERMISSION_DENIED');
    await send(sender, ring(), android);
    await send(sender, ring(), android);
    expect(log.lines).toHaveLength(1);
    clock.advance(3_600_000);
    await send(sender, ring(), android);
    expect(log.lines).toHaveLength(2);
  });
});

describe('FCM in disorder', () => {
  it.each([
    ['page', failed('nonsense')],
    ['bad-gateway', failed('UNAVAILABLE')],
    ['huge', failed('no_answer')],
    ['cut', failed('ECONNRESET')],
    ['cut-halfway', failed('ECONNRESET')],
    ['goaway', failed('ERR_HTTP2_STREAM_ERROR')],
  ] as const)('%s', async (disorder, result) => {
    const { fcm, sender } = await fcmStage();
    fcm.answerWith(disorder);
    expect(await send(sender, ring(), android)).toEqual(result);
    fcm.answerWith('right');
    expect(await send(sender, ring(), android)).toEqual({ result: 'handed' });
  });

  it.each(['hang', 'hang-halfway'] as const)(
    '%s: the try ends with its signal',
    async (disorder) => {
      const { fcm, sender } = await fcmStage();
      fcm.answerWith(disorder);
      const result = await cutShort(
        (signal) => send(sender, ring(), android, signal),
        () => fcm.asked === 1,
      );
      expect(result).toEqual(failed('timeout'));
      // The connection is asked whether it is there, and is.
      fcm.answerWith('right');
      expect(await send(sender, ring(), android)).toEqual({ result: 'handed' });
      expect(fcm.server.opened).toBe(1);
      expect(fcm.server.pings).toBe(1);
    },
  );

  it('knows every disorder', () => {
    expect(DISORDERS).toHaveLength(8);
  });

  it('is not there', async () => {
    const port = await freePort();
    const { sender } = await fcmStage({ url: `http://127.0.0.1:${port}` });
    expect(await send(sender, ring(), android)).toEqual(failed('ECONNREFUSED'));
  });

  it('is there and speaks something else', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { sender } = await fcmStage({ url: `http://127.0.0.1:${port}` });
    expect(await send(sender, ring(), android)).toMatchObject({ result: 'failed' });
  });

  it('takes the connection and says nothing: that ends after 3 s by itself', async () => {
    const sockets: { destroy(): void }[] = [];
    const server = createServer((socket) => sockets.push(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const { sender, clock } = await fcmStage({ url: `http://127.0.0.1:${port}` });
    const started = sender.start?.();
    await vi.waitFor(() => expect(sockets).toHaveLength(1));
    const sent = send(sender, ring(), android);
    clock.advance(3_000);
    await started;
    expect(await sent).toMatchObject({ result: 'failed' });
    await vi.waitFor(() => expect(clock.waiting()).toEqual([]));
  });
});

describe('the connection to FCM', () => {
  it('is there before the first ring, with an access token', async () => {
    const getAccessToken = vi.fn(async () => ({ access_token: 'early', expires_in: 3_600 }));
    const app = { options: { projectId: PROJECT, credential: { getAccessToken } } };
    const { fcm, sender } = await fcmStage({ app });
    fcm.acceptOnly('early');
    await sender.start?.();
    expect(fcm.server.opened).toBe(1);
    expect(getAccessToken).toHaveBeenCalledTimes(1);
    expect(await send(sender, ring(), android)).toEqual({ result: 'handed' });
    expect(fcm.server.opened).toBe(1);
    expect(getAccessToken).toHaveBeenCalledTimes(1);
  });

  it('carries 500 pushes at once', async () => {
    const { fcm, sender } = await fcmStage();
    const results = await Promise.all(
      Array.from({ length: 500 }, () => send(sender, ring(), android)),
    );
    expect(results.every(({ result }) => result === 'handed')).toBe(true);
    expect(fcm.pushes).toHaveLength(500);
    expect(fcm.server.opened).toBe(1);
  });

  it('is made anew where it was cut between two pushes', async () => {
    const { fcm, sender } = await fcmStage();
    await send(sender, ring(), android);
    fcm.server.cut();
    expect(await send(sender, ring(), android)).toEqual({ result: 'handed' });
    expect(fcm.server.opened).toBe(2);
  });

  it('is made anew after GOAWAY, and no push is lost by it', async () => {
    const { fcm, sender } = await fcmStage();
    await send(sender, ring(), android);
    const pushes = Array.from({ length: 20 }, () => send(sender, ring(), android));
    fcm.server.goAway();
    const results = await Promise.all([...pushes, send(sender, ring(), android)]);
    expect(results.every(({ result }) => result === 'handed')).toBe(true);
    await vi.waitFor(() => expect(fcm.server.open).toBe(1));
  });

  it('on which GOAWAY has turned a push away is closed', async () => {
    const { fcm, sender } = await fcmStage();
    fcm.answerWith('goaway');
    await send(sender, ring(), android);
    expect(fcm.server.opened).toBeGreaterThan(0);
    await vi.waitFor(() => expect(fcm.server.open).toBe(0));
  });

  it('that is dead without a word is found out before anything is sent', async () => {
    const fcm = await startFcmStandIn({ projectId: PROJECT });
    const line = await layLine(fcm.server.url);
    const { app } = fcm;
    const { sender, clock } = await fcmStage({ app, url: line.url });
    onTestFinished(async () => {
      await line.close();
      await fcm.stop();
    });
    await send(sender, ring(), android);
    line.freeze();
    clock.advance(60_000);
    const sent = send(sender, ring(), android);
    await vi.waitFor(() => expect(clock.waiting()).toEqual([1_000]));
    clock.advance(1_000);
    expect(await sent).toEqual({ result: 'handed' });
    expect(fcm.server.opened).toBe(2);
    expect(fcm.pushes).toHaveLength(2);
  });

  it('leaves nothing behind when the sender stops', async () => {
    const { fcm, sender, clock } = await fcmStage();
    await sender.start?.();
    fcm.answerWith('hang');
    const sent = send(sender, ring(), android);
    await vi.waitFor(() => expect(fcm.asked).toBe(1));
    await sender.stop?.();
    expect(await sent).toMatchObject({ result: 'failed' });
    await vi.waitFor(() => expect(fcm.server.open).toBe(0));
    expect(clock.waiting()).toEqual([]);
    expect(await send(sender, ring(), android)).toMatchObject({ result: 'failed' });
    await sender.stop?.();
  });
});

describe('access tokens', () => {
  const withCredential = async (getAccessToken: () => Promise<unknown>) => {
    const app = { options: { projectId: PROJECT, credential: { getAccessToken } } };
    return await fcmStage({ app });
  };

  it('are asked for once, however many wait, and before the old one ends', async () => {
    let made = 0;
    const { fcm, sender, clock } = await withCredential(async () => {
      made += 1;
      return { access_token: `token-${made}`, expires_in: 3_600 };
    });
    fcm.acceptOnly('token-1');
    await Promise.all(Array.from({ length: 20 }, () => send(sender, ring(), android)));
    expect(made).toBe(1);
    clock.advance(3_600_000 - 4 * 60_000);
    // Still good, and nobody waits for the next one.
    expect(await send(sender, ring(), android)).toEqual({ result: 'handed' });
    expect(made).toBe(2);
    fcm.acceptOnly('token-2');
    expect(await send(sender, ring(), android)).toEqual({ result: 'handed' });
    expect(made).toBe(2);
  });

  it.each([
    ['an error', async () => Promise.reject(new Error('invalid_grant secret-of-the-key'))],
    ['nothing', async () => undefined],
    ['no text', async () => ({ access_token: 7, expires_in: 1 })],
    ['a line break', async () => ({ access_token: 'a\r\nb: c', expires_in: 3_600 })],
  ])('that do not come (%s) are a try that failed, and a line in the log', async (_, get) => {
    const { fcm, sender, log } = await withCredential(get);
    await sender.start?.();
    expect(await send(sender, ring(), android)).toEqual(failed('access_token'));
    expect(fcm.asked).toBe(0);
    expect(log.lines).toEqual([
      {
        level: 'warn',
        fields: { provider: 'fcm', reason: 'access_token' },
        message: expect.stringMatching(/doctor/),
      },
    ]);
  });

  it('that hang hold up one try, and not all that come later', async () => {
    let made = 0;
    const { fcm, sender, clock } = await withCredential(() => {
      made += 1;
      return made === 1
        ? new Promise(() => {})
        : Promise.resolve({ access_token: 'at-last', expires_in: 3_600 });
    });
    fcm.acceptOnly('at-last');
    const result = await cutShort(
      (signal) => send(sender, ring(), android, signal),
      () => made === 1,
    );
    expect(result).toEqual(failed('timeout'));
    clock.advance(10_000);
    await vi.waitFor(async () =>
      expect(await send(sender, ring(), android)).toEqual({ result: 'handed' }),
    );
    expect(made).toBe(2);
  });

  it('are billed where the account says', async () => {
    const credential = {
      getAccessToken: async () => ({ access_token: 'x', expires_in: 3_600 }),
      getQuotaProjectId: () => 'another-project',
    };
    const { fcm, sender } = await fcmStage({
      app: { options: { projectId: PROJECT, credential } },
    });
    fcm.acceptOnly('x');
    await send(sender, ring(), android);
    expect(fcm.pushes[0]?.headers).toMatchObject({ 'x-goog-user-project': 'another-project' });
  });
});

describe('a sender by FCM', () => {
  const parts = () => ({ clock: createFakeClock(NOW), log: createFakeLog() });

  it('is not made of an app that can send nothing', () => {
    expect(() => createFcmSender({ app: { options: { projectId: PROJECT } }, ...parts() })).toThrow(
      /has no credential/,
    );
    const credential = { getAccessToken: () => {} };
    expect(() => createFcmSender({ app: { options: { credential } }, ...parts() })).toThrow(
      /has no projectId/,
    );
  });

  it('sends as an App of firebase-admin', async () => {
    const google = await startFirebaseAdmin();
    onTestFinished(google.close);
    const { fcm, sender } = await fcmStage({ app: google.app });
    fcm.acceptOnly('x');
    expect(await send(sender, ring(), android)).toEqual({ result: 'handed' });
  });

  it('lets no secret into the log or a result, whatever happens', async () => {
    const { fcm, sender, log } = await fcmStage();
    const results: PushResult[] = [];
    for (const name of FCM_FAULTS) {
      fcm.answerWith(name);
      results.push(await send(sender, ring(), android), await send(sender, missed(), ios));
    }
    for (const name of ['page', 'cut', 'goaway', 'huge', 'cut-halfway'] as const) {
      fcm.answerWith(name);
      results.push(await send(sender, ring(), android));
    }
    const told = JSON.stringify([log.lines, results]);
    for (const secret of [...SECRETS, 'stand-in-access-token']) expect(told).not.toContain(secret);
    expect(results.length).toBeGreaterThan(FCM_FAULTS.length);
  });

  it('has a way to each of its kinds, and to no other', () => {
    const sender = createFcmSender({
      app: { options: { projectId: PROJECT, credential: { getAccessToken: () => {} } } },
      ...parts(),
    });
    expect(sender.kinds).toEqual(['fcm_token', 'fid']);
    expect(sender.targetFor(ring(), device('android', { kind: 'host', value: 'x' }))).toBe(
      undefined,
    );
    expect(pushFor(sender, ring(), device('android', FID)).target).toBe(FID);
  });
});
