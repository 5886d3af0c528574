import { describe, expect, it } from 'vitest';
import { TARGET_KINDS, type Target } from '../../../src/ringing/device.ts';
import {
  createHostSender,
  type PushToSend,
  type SendPush,
} from '../../../src/ringing/host-sender.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createFakeLog } from '../../fakes/log.ts';
import {
  CALL,
  device,
  missed,
  NOW,
  PLAIN,
  ring,
  SECRETS,
  send,
  stop,
  TICKET,
  TOKEN,
  VOIP,
} from './stage.ts';

const HOSTS: Target = { kind: 'host', value: 'player-7' };
const phone = device('android', HOSTS);

function stage(sendPush: SendPush, kinds: readonly Target['kind'][] = ['host']) {
  const log = createFakeLog();
  return { log, sender: createHostSender({ sendPush, kinds, clock: createFakeClock(NOW), log }) };
}

describe("the host's own sender", () => {
  it('gets a push as plain JSON', async () => {
    const pushes: PushToSend[] = [];
    const { sender } = stage((push) => {
      pushes.push(push);
      return 'handed';
    });
    const withLocale = { ...phone, locale: 'de-AT' };
    expect(await send(sender, ring(), withLocale)).toEqual({ result: 'handed' });
    expect(pushes).toEqual([JSON.parse(JSON.stringify(pushes[0]))]);
    expect(pushes[0]).toEqual({
      type: 'ring',
      callId: CALL,
      to: 'bob',
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
      ttlSeconds: 30,
      priority: 'high',
      device: {
        installationId: 'installation-1',
        platform: 'android',
        locale: 'de-AT',
        kind: 'host',
        value: 'player-7',
      },
    });
  });

  it('gets the end of a ring, and the words of a missed call', async () => {
    const pushes: PushToSend[] = [];
    const { sender } = stage((push) => {
      pushes.push(push);
      return 'handed';
    });
    await send(sender, stop(), phone);
    await send(sender, missed({ missed: { body: 'Missed call', badge: 2 } }), phone);
    expect(pushes.map(({ data, device: _, callId: __, to: ___, ...push }) => push)).toEqual([
      { type: 'stop_ring', ttlSeconds: 60, priority: 'normal' },
      {
        type: 'stop_ring',
        ttlSeconds: 3_600,
        priority: 'high',
        body: 'Missed call',
        badge: 2,
      },
    ]);
  });

  it.each([
    ['handed', { result: 'handed' }],
    ['gone', { result: 'gone', reason: 'gone' }],
    ['failed', { result: 'failed', reason: 'failed' }],
    ['refused', { result: 'refused', reason: 'refused' }],
    [{ result: 'handed', reason: 'x' }, { result: 'handed' }],
    [
      { result: 'gone', reason: 'no-player' },
      { result: 'gone', reason: 'no-player' },
    ],
    [
      { result: 'failed', reason: 'busy', retryAfterMs: 5_000 },
      { result: 'failed', reason: 'busy', retryAfterMs: 5_000 },
    ],
    [
      { result: 'failed', reason: 'a sentence with secret-7', retryAfterMs: Number.NaN },
      { result: 'failed', reason: 'failed' },
    ],
    [
      { result: 'refused', reason: 7 },
      { result: 'refused', reason: 'refused' },
    ],
  ])('answers %j', async (answer, result) => {
    const { sender, log } = stage(() => answer as 'handed');
    expect(await send(sender, ring(), phone)).toEqual(result);
    expect(log.lines).toEqual([]);
  });

  it.each([undefined, null, true, 'ok', 7, {}, { result: 'sent' }, []])(
    'answers %j, which is no answer: it failed, and the log says what one would be',
    async (answer) => {
      const { sender, log } = stage(() => answer as unknown as 'handed');
      expect(await send(sender, ring(), phone)).toEqual({ result: 'failed', reason: 'nonsense' });
      expect(log.lines.map(({ message }) => message)).toEqual([
        expect.stringMatching(/sendPush must answer/),
      ]);
    },
  );

  it.each([
    [
      'throws',
      () => {
        throw new Error(`no way for ${TICKET}`);
      },
    ],
    ['rejects', () => Promise.reject(new Error(`no way for ${TICKET}`))],
    ['rejects with nothing', () => Promise.reject(undefined)],
  ] as const)('%s: it failed, and nothing of the error is told', async (_, sendPush) => {
    const { sender, log } = stage(sendPush as SendPush);
    expect(await send(sender, ring(), phone)).toEqual({ result: 'failed', reason: 'thrown' });
    expect(log.lines).toHaveLength(1);
    for (const secret of SECRETS) expect(JSON.stringify(log.lines)).not.toContain(secret);
  });

  it('that hangs is heard no longer than its time, heeded or not', async () => {
    const controller = new AbortController();
    let isAborted = false;
    const { sender } = stage((_, signal) => {
      signal.addEventListener('abort', () => {
        isAborted = true;
      });
      return new Promise(() => {});
    });
    const sent = send(sender, ring(), phone, controller.signal);
    controller.abort();
    expect(await sent).toEqual({ result: 'failed', reason: 'timeout' });
    expect(isAborted).toBe(true);
  });

  it('that rejects after its time disturbs nobody', async () => {
    const controller = new AbortController();
    const late = Promise.withResolvers<'handed'>();
    const { sender, log } = stage(() => late.promise);
    const sent = send(sender, ring(), phone, controller.signal);
    controller.abort();
    expect(await sent).toEqual({ result: 'failed', reason: 'timeout' });
    late.reject(new Error('too late'));
    await late.promise.catch(() => {});
    expect(log.lines).toHaveLength(1);
  });

  it('may say few words of its own, for each is counted', async () => {
    let said = 0;
    const { sender } = stage(() => {
      said += 1;
      return { result: 'failed', reason: `reason-${said}` };
    });
    const reasons = new Set<string>();
    for (let push = 0; push < 100; push += 1) {
      const result = await send(sender, ring(), phone);
      if (result.result === 'failed') reasons.add(result.reason);
    }
    expect(reasons.size).toBe(21);
  });

  it('takes its own kind alone beside other senders, and else all', () => {
    const beside = stage(() => 'handed').sender;
    expect(beside.targetFor(ring(), device('android', TOKEN))).toBeUndefined();
    expect(beside.targetFor(ring(), device('android', TOKEN, HOSTS))).toBe(HOSTS);
    const alone = stage(() => 'handed', TARGET_KINDS).sender;
    expect(alone.targetFor(ring(), device('android', TOKEN))).toBe(TOKEN);
    expect(alone.targetFor(ring(), device('android', TOKEN, HOSTS))).toBe(HOSTS);
    expect(alone.targetFor(ring(), device('ios', PLAIN, VOIP))).toBe(VOIP);
  });

  it('never gets a VoIP value to stop a ring', () => {
    const { sender } = stage(() => 'handed', TARGET_KINDS);
    expect(sender.targetFor(stop(), device('ios', VOIP, PLAIN))).toBe(PLAIN);
    expect(sender.targetFor(missed(), device('ios', VOIP))).toBeUndefined();
  });
});
