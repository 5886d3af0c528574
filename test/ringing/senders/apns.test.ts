import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { RING_ENDS } from '../../../src/calls/event.ts';
import { APNS_FAULTS, type ApnsFaultName } from '../../../src/dev/stand-ins/apns.ts';
import { faultOfApnsKey } from '../../../src/ringing/apns/key.ts';
import { createApnsSender } from '../../../src/ringing/apns/sender.ts';
import type { Target } from '../../../src/ringing/device.ts';
import type { PushResult } from '../../../src/ringing/push.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createFakeLog } from '../../fakes/log.ts';
import {
  APNS_KEYS,
  apnsStage,
  BUNDLE,
  CALL,
  device,
  missed,
  NOW,
  PLAIN,
  ring,
  SECRETS,
  send,
  stop,
  TABLET,
  TICKET,
  TOKEN,
  VOIP,
} from './stage.ts';

const iphone = device('ios', VOIP, PLAIN);
const MINUTE_MS = 60_000;

describe('a ring by APNs', () => {
  it('is a VoIP push that ends with the ring', async () => {
    const { production, sender } = await apnsStage();
    expect(await send(sender, ring(), iphone)).toEqual({ result: 'handed' });
    const [push] = production.pushes;
    expect(push?.token).toBe(VOIP.value);
    expect(push?.headers).toMatchObject({
      'apns-push-type': 'voip',
      'apns-topic': `${BUNDLE}.voip`,
      'apns-priority': '10',
      'apns-expiration': String(Math.ceil((NOW + 29_500) / 1000)),
      'apns-collapse-id': CALL,
      'apns-id': CALL,
    });
    expect(push?.payload).toEqual({
      aps: {},
      v: 1,
      type: 'ring',
      id: CALL,
      to: 'bob',
      nameCaller: 'Alice',
      handle: 'alice',
      kind: 'video',
      context: 'order 7',
      ringSeconds: 30,
      durationMs: 29_500,
      serverTime: '2026-08-01T14:02:00.000Z',
      ticket: TICKET,
    });
  });

  it('is an id and a ticket where nothing else may pass', async () => {
    const { production, sender } = await apnsStage();
    await send(sender, ring({ about: undefined }), iphone);
    expect(production.pushes[0]?.payload).toEqual({
      aps: {},
      v: 1,
      type: 'ring',
      id: CALL,
      ticket: TICKET,
    });
  });

  it('is a notification where the app has registered nothing for VoIP', async () => {
    const { production, sender } = await apnsStage();
    await send(sender, ring(), device('ios', PLAIN));
    expect(production.pushes[0]).toMatchObject({
      token: PLAIN.value,
      headers: {
        'apns-push-type': 'alert',
        'apns-topic': BUNDLE,
        'apns-collapse-id': CALL,
      },
      payload: { aps: { alert: { title: 'Alice', body: 'Incoming video call' } }, ticket: TICKET },
    });
  });

  it('names nobody in a notification where nothing may pass Apple', async () => {
    const { production, sender } = await apnsStage();
    await send(sender, ring({ about: undefined }), device('ios', PLAIN));
    expect(production.pushes[0]?.payload).toMatchObject({
      aps: { alert: { body: 'Incoming call' } },
    });
    expect(JSON.stringify(production.pushes[0]?.payload)).not.toContain('Alice');
  });

  it('goes to the server that the device belongs to', async () => {
    const { production, sandbox, sender } = await apnsStage();
    const ofXcode: Target = { ...VOIP, isSandbox: true };
    await send(sender, ring(), device('ios', ofXcode));
    expect([production.pushes.length, sandbox.pushes.length]).toEqual([0, 1]);
    await send(sender, ring(), iphone);
    expect([production.pushes.length, sandbox.pushes.length]).toEqual([1, 1]);
  });

  it('loses its context where it would be too long, never its ticket', async () => {
    const { production, sender } = await apnsStage();
    const about = { ...(ring().about ?? expect.fail()), context: '€'.repeat(2_000) };
    expect(await send(sender, ring({ about }), iphone)).toEqual({ result: 'handed' });
    expect(production.pushes[0]?.payload).toMatchObject({ ticket: TICKET, nameCaller: 'Alice' });
    expect(production.pushes[0]?.payload).not.toHaveProperty('context');
  });

  it('is for iPhones alone', async () => {
    const { sender } = await apnsStage();
    expect(sender.kinds).toEqual(['apns_voip', 'apns']);
    expect(sender.targetFor(ring(), device('android', VOIP))).toBeUndefined();
    expect(sender.targetFor(ring(), device('ios', TOKEN))).toBeUndefined();
  });
});

describe('the end of a ring by APNs', () => {
  it.each(RING_ENDS)('is never a VoIP push: %s', async (cause) => {
    const { production, sender } = await apnsStage();
    const isMissed = cause !== 'answered_elsewhere' && cause !== 'declined_elsewhere';
    const message = isMissed ? missed({ cause, device: TABLET }) : stop({ cause, device: TABLET });
    expect(await send(sender, message, iphone)).toEqual({ result: 'handed' });
    const [push] = production.pushes;
    expect(push?.token).toBe(PLAIN.value);
    expect(push?.headers).toMatchObject({
      'apns-topic': BUNDLE,
      'apns-push-type': isMissed ? 'alert' : 'background',
      'apns-priority': isMissed ? '10' : '5',
      'apns-expiration': String((NOW + (isMissed ? 3_600_000 : 60_000)) / 1000),
    });
    expect(push?.headers['apns-collapse-id']).toBe(isMissed ? CALL : undefined);
    expect(push?.payload).toEqual({
      aps: isMissed
        ? { alert: { title: 'Alice', body: 'Missed call' }, 'content-available': 1 }
        : { 'content-available': 1 },
      v: 1,
      type: 'stop_ring',
      id: CALL,
      cause,
      device: TABLET,
      ...(isMissed && { title: 'Alice', body: 'Missed call' }),
    });
  });

  it('goes nowhere where there is a VoIP value alone', async () => {
    const { sender } = await apnsStage();
    expect(sender.targetFor(stop(), device('ios', VOIP))).toBeUndefined();
    expect(sender.targetFor(missed(), device('ios', VOIP))).toBeUndefined();
  });

  it('counts on the icon where the host says a number', async () => {
    const { production, sender } = await apnsStage();
    await send(sender, missed({ missed: { body: 'Missed call', badge: 3 } }), iphone);
    expect(production.pushes[0]?.payload.aps).toEqual({
      alert: { body: 'Missed call' },
      badge: 3,
      'content-available': 1,
    });
  });
});

const gone = ['BadDeviceToken', 'ExpiredToken', 'Unregistered'];
const again = [
  'IdleTimeout',
  'InternalServerError',
  'ServiceUnavailable',
  'Shutdown',
  'TooManyProviderTokenUpdates',
  'TooManyRequests',
];
/** What the line in the log must name. */
const LINES: Partial<Record<ApnsFaultName, RegExp>> = {
  BadDeviceToken: /sandbox: true/,
  DeviceTokenNotForTopic: /APNS_BUNDLE_ID/,
  TopicDisallowed: /APNS_BUNDLE_ID/,
  BadTopic: /APNS_BUNDLE_ID/,
  MissingTopic: /APNS_BUNDLE_ID/,
  InvalidProviderToken: /APNS_KEY, APNS_KEY_ID .*APNS_TEAM_ID/,
  MissingProviderToken: /APNS_KEY_ID/,
  Forbidden: /APNS_KEY_ID/,
  UnrelatedKeyIdInToken: /APNS_TEAM_ID/,
  BadEnvironmentKeyIdInToken: /APNS_KEY/,
  BadEnvironmentKeyInToken: /APNS_KEY/,
  ExpiredProviderToken: /clock/,
};

function resultOf(name: ApnsFaultName): PushResult {
  if (gone.includes(name)) return { result: 'gone', reason: name };
  return { result: again.includes(name) ? 'failed' : 'refused', reason: name };
}

describe('APNs answers', () => {
  it.each(APNS_FAULTS)('%s', async (name) => {
    const { production, sender, log } = await apnsStage();
    production.answerWith(name);
    expect(await send(sender, ring(), iphone)).toEqual(resultOf(name));
    expect(production.asked).toBe(1);
    const isUsual = name === 'Unregistered' || name === 'ExpiredToken';
    expect(log.lines.map(({ message }) => message)).toEqual(
      isUsual ? [] : [expect.stringMatching(LINES[name] ?? /APNs/)],
    );
  });

  it('with a time: it is handed on', async () => {
    const { production, sender } = await apnsStage();
    production.answerWith({ fault: 'TooManyRequests', retryAfter: '30' });
    expect(await send(sender, ring(), iphone)).toEqual({
      result: 'failed',
      reason: 'TooManyRequests',
      retryAfterMs: 30_000,
    });
  });

  it.each([
    ['page', 'failed', 'nonsense'],
    ['bad-gateway', 'failed', 'ServiceUnavailable'],
    ['cut', 'failed', 'ECONNRESET'],
    ['cut-halfway', 'failed', 'ECONNRESET'],
    ['goaway', 'failed', 'ERR_HTTP2_STREAM_ERROR'],
    ['huge', 'failed', 'no_answer'],
  ] as const)('in disorder: %s', async (disorder, result, reason) => {
    const { production, sender } = await apnsStage();
    production.answerWith(disorder);
    expect(await send(sender, ring(), iphone)).toEqual({ result, reason });
    production.answerWith('right');
    expect(await send(sender, ring(), iphone)).toEqual({ result: 'handed' });
  });

  it.each(['hang', 'hang-halfway'] as const)('not in time: %s', async (disorder) => {
    const { production, sender } = await apnsStage();
    production.answerWith(disorder);
    const controller = new AbortController();
    const sent = send(sender, ring(), iphone, controller.signal);
    await vi.waitFor(() => expect(production.asked).toBe(1));
    controller.abort();
    expect(await sent).toEqual({ result: 'failed', reason: 'timeout' });
    expect(await send(sender, ring(), iphone, controller.signal)).toEqual({
      result: 'failed',
      reason: 'timeout',
    });
  });

  it('about a device that is no device’s name: nobody is asked', async () => {
    const { production, sender } = await apnsStage();
    const odd = device('ios', { kind: 'apns_voip', value: '../../evil?x' });
    expect(await send(sender, ring(), odd)).toEqual({ result: 'gone', reason: 'BadDeviceToken' });
    expect(production.asked).toBe(0);
  });
});

describe('the tokens for APNs', () => {
  it('are made every 40 minutes, and not for each push', async () => {
    const { production, sender, clock } = await apnsStage();
    const startS = Math.floor(NOW / 1000);
    for (let minutes = 0; minutes <= 90; minutes += 10) {
      expect(await send(sender, ring(), iphone)).toEqual({ result: 'handed' });
      clock.advance(10 * MINUTE_MS);
    }
    expect(production.tokensMadeAt).toEqual([startS, startS + 2_400, startS + 4_800]);
  });

  it('that Apple calls too old are made anew, and the push is sent again', async () => {
    const { production, sender, clock } = await apnsStage();
    await send(sender, ring(), iphone);
    clock.advance(25 * MINUTE_MS);
    production.expireTokens();
    expect(await send(sender, ring(), iphone)).toEqual({ result: 'handed' });
    expect(production.tokensMadeAt).toHaveLength(2);
    expect(production.asked).toBe(3);
  });

  it('are made no more often than every 20 minutes, whatever Apple calls them', async () => {
    const { production, sender, clock } = await apnsStage();
    await send(sender, ring(), iphone);
    clock.advance(19 * MINUTE_MS);
    production.expireTokens();
    expect(await send(sender, ring(), iphone)).toEqual({
      result: 'refused',
      reason: 'ExpiredProviderToken',
    });
    expect(production.asked).toBe(2);
  });

  it('are made once for all that are under way', async () => {
    const { production, sender, clock } = await apnsStage();
    await send(sender, ring(), iphone);
    // The wall clock was an hour behind when the token was made.
    clock.shiftWall(61 * MINUTE_MS);
    const results = await Promise.all(
      Array.from({ length: 50 }, () => send(sender, ring(), iphone)),
    );
    expect(results.every(({ result }) => result === 'handed')).toBe(true);
    expect(production.tokensMadeAt).toHaveLength(2);
  });

  it('from the future are not used', async () => {
    const { sender, clock } = await apnsStage();
    await send(sender, ring(), iphone);
    clock.shiftWall(-3 * 60 * MINUTE_MS);
    // Within 20 minutes of the other, by Apple's clock: that is told, and passes.
    expect(await send(sender, ring(), iphone)).toMatchObject({
      reason: 'TooManyProviderTokenUpdates',
    });
  });
});

describe('the connection to APNs', () => {
  it('is there before the first ring', async () => {
    const { production, sandbox, sender } = await apnsStage();
    await sender.start?.();
    expect([production.server.opened, sandbox.server.opened]).toEqual([1, 0]);
    await send(sender, ring(), iphone);
    expect(production.server.opened).toBe(1);
  });

  it('carries 500 pushes at once', async () => {
    const { production, sender } = await apnsStage();
    const results = await Promise.all(
      Array.from({ length: 500 }, () => send(sender, ring(), iphone)),
    );
    expect(results.every(({ result }) => result === 'handed')).toBe(true);
    expect(production.pushes).toHaveLength(500);
    expect(production.server.opened).toBe(1);
    expect(production.tokensMadeAt).toHaveLength(1);
  });

  it.each([0, 2])('is made anew after GOAWAY (%i), and no push is lost by it', async (code) => {
    const { production, sender } = await apnsStage();
    await send(sender, ring(), iphone);
    const pushes = Array.from({ length: 20 }, () => send(sender, ring(), iphone));
    production.server.goAway(code);
    const results = await Promise.all([...pushes, send(sender, ring(), iphone)]);
    expect(results.every(({ result }) => result === 'handed')).toBe(true);
    await vi.waitFor(() => expect(production.server.open).toBe(1));
  });

  it('is made anew where it was cut', async () => {
    const { production, sender } = await apnsStage();
    await send(sender, ring(), iphone);
    production.server.cut();
    expect(await send(sender, ring(), iphone)).toEqual({ result: 'handed' });
    expect(production.server.opened).toBe(2);
  });

  it('is asked whether it is there after half a minute of silence', async () => {
    const { production, sender, clock } = await apnsStage();
    await send(sender, ring(), iphone);
    clock.advance(20_000);
    await send(sender, ring(), iphone);
    expect(production.server.pings).toBe(0);
    clock.advance(31_000);
    await Promise.all([send(sender, ring(), iphone), send(sender, ring(), iphone)]);
    expect(production.server.pings).toBe(1);
    expect(production.server.opened).toBe(1);
  });

  it('leaves nothing behind when the sender stops', async () => {
    const { production, sandbox, sender, clock } = await apnsStage();
    await sender.start?.();
    await send(sender, ring(), device('ios', { ...VOIP, isSandbox: true }));
    production.answerWith('hang');
    const sent = send(sender, ring(), iphone);
    await vi.waitFor(() => expect(production.asked).toBe(1));
    await sender.stop?.();
    expect(await sent).toMatchObject({ result: 'failed' });
    await vi.waitFor(() => expect([production.server.open, sandbox.server.open]).toEqual([0, 0]));
    expect(clock.waiting()).toEqual([]);
  });

  it('starts without APNs, and says so with the first push', async () => {
    const { production, sender } = await apnsStage();
    await production.stop();
    await sender.start?.();
    expect(await send(sender, ring(), iphone)).toEqual({
      result: 'failed',
      reason: 'ECONNREFUSED',
    });
  });
});

describe('a sender by APNs', () => {
  it('lets no secret into the log or a result, whatever happens', async () => {
    const { production, sender, log } = await apnsStage();
    const results: PushResult[] = [];
    for (const name of [...APNS_FAULTS, 'page', 'cut', 'goaway', 'huge'] as const) {
      production.answerWith(name);
      results.push(await send(sender, ring(), iphone), await send(sender, missed(), iphone));
    }
    const told = JSON.stringify([log.lines, results]);
    const body = APNS_KEYS.key.split('\n')[1] ?? expect.fail();
    for (const secret of [...SECRETS, body, 'eyJ']) expect(told).not.toContain(secret);
    expect(log.lines.length).toBeGreaterThan(20);
  });

  it('is not made of a key that is none', () => {
    const options = { ...APNS_KEYS, bundleId: BUNDLE, clock: createFakeClock(NOW) };
    const make = (key: string) => () => createApnsSender({ ...options, key, log: createFakeLog() });
    expect(make('no key')).toThrow(/the key for APNs must be/);
    expect(make('no key')).toThrow(TypeError);
  });
});

describe('the key for APNs', () => {
  const { key } = APNS_KEYS;
  const inner = key.replace(/-----[^-]+-----/g, '');

  it.each([
    ['the text of the file', key],
    ['that with Windows’ line ends', key.replaceAll('\n', '\r\n')],
    ['that with \\n for its line ends', key.replaceAll('\n', '\\n')],
    ['base64 of it', Buffer.from(key).toString('base64')],
    ['its inside alone', inner],
  ])('is taken as %s', (_, text) => {
    expect(faultOfApnsKey(text)).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['a word', 'secret'],
    ['a path', './AuthKey_ABC.p8'],
    ['half of it', key.slice(0, 80)],
    ['a public key', APNS_KEYS.publicKey.export({ type: 'spki', format: 'pem' }) as string],
  ])('is not taken as %s, of which nothing is told', (_, text) => {
    const fault = faultOfApnsKey(text);
    expect(fault).toMatch(/\.p8/);
    if (text.length > 3) expect(fault).not.toContain(text.slice(0, 20));
  });

  it('is of the curve that APNs takes', () => {
    for (const { privateKey } of [
      generateKeyPairSync('ec', { namedCurve: 'P-384' }),
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ]) {
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
      expect(faultOfApnsKey(pem)).toMatch(/another kind/);
    }
  });
});
