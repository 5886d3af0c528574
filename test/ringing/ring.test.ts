// A ring, from the commit of a call to its phones.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UserId } from '../../src/base/ids.ts';
import type { Call } from '../../src/calls/call.ts';
import { StoreUnavailable } from '../../src/calls/store.ts';
import type { PushResult, RingMessage } from '../../src/ringing/push.ts';
import { createFakeSender, HANDED, type RingStage, RULES, setRingStage } from './stage.ts';

let stage: RingStage;
beforeEach(async () => {
  stage = await setRingStage();
});
afterEach(() => stage.close());

const failed = (more: object = {}): PushResult => ({
  ...{ result: 'failed', reason: 'UNAVAILABLE' },
  ...more,
});
const PUSHED = 'a push of a ring was tried';
const devicesOf = async (uid: string) =>
  (await stage.store.devicesOf(uid as UserId)).map(({ installation }) => installation);
const isLeftToDo = async () => (await stage.store.nextDueMs('push')) !== undefined;
const metric = async (line: string) =>
  (await stage.registry.metrics()).split('\n').find((one) => one.startsWith(line));

describe('a ring', () => {
  it('goes to all devices of each who is rung, once, within a tenth of a second', async () => {
    for (const phone of ['phone', 'tablet']) await stage.register('bob', phone);
    await stage.register('carol', 'carols');
    await stage.register('alice', 'alices');
    await stage.loop.start();
    await stage.place('alice', 'bob', 'carol');
    await stage.pass(100);
    expect(stage.sender.sent().sort()).toEqual([
      'ring to carols',
      'ring to phone',
      'ring to tablet',
    ]);
    await stage.pass(RULES.ringMs - 1_000);
    expect(stage.sender.pushes).toHaveLength(3);
    expect(await isLeftToDo()).toBe(false);
  });

  it('says what is left of it', async () => {
    await stage.register('bob', 'phone');
    const call = await stage.place('alice', 'bob');
    await stage.pass(7_000);
    await stage.loop.start();
    await stage.pass(100);
    const message = stage.sender.pushes[0]?.message as RingMessage;
    expect([message.callId, message.to]).toEqual([call.id, 'bob']);
    expect(RULES.ringMs - message.ringMs).toBeGreaterThanOrEqual(7_000);
    expect(RULES.ringMs - message.ringMs).toBeLessThan(7_200);
  });

  it('reaches nobody from whom the call is hidden', async () => {
    await stage.register('hidden-bob', 'phone');
    await stage.loop.start();
    await stage.place('alice', 'hidden-bob');
    await stage.pass(60_000);
    expect(stage.sender.pushes).toEqual([]);
  });

  it('of somebody without a device is done at once', async () => {
    await stage.loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(100);
    expect(await isLeftToDo()).toBe(false);
  });

  it('that has ended before its push is sent is never sent', async () => {
    await stage.register('bob', 'phone');
    await stage.end(await stage.place('alice', 'bob'));
    await stage.loop.start();
    await stage.pass(60_000);
    expect(stage.sender.pushes).toEqual([]);
  });

  it('that is over is not sent in the answer grace', async () => {
    await stage.register('bob', 'phone');
    await stage.place('alice', 'bob');
    stage.clock.advance(RULES.ringMs);
    await stage.loop.start();
    await stage.pass(5_000);
    expect([stage.sender.pushes, await isLeftToDo()]).toEqual([[], false]);
  });

  it('goes to a device by each sender that has a way to it', async () => {
    const targets = [
      { kind: 'fcm_token', value: 'token' },
      { kind: 'host', value: 'one-signal-id' },
    ] as const;
    await stage.register('bob', 'phone', { targets });
    const host = createFakeSender('host', ['host']);
    const loop = stage.another({ senders: [stage.sender, host] });
    await loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(100);
    expect([stage.sender.pushes[0]?.target, host.pushes[0]?.target]).toEqual(targets);
  });

  it('is measured from the writing of it', async () => {
    await stage.register('bob', 'phone', { platform: 'ios' });
    await stage.place('alice', 'bob');
    stage.clock.advance(3_000);
    await stage.loop.start();
    await stage.pass(100);
    expect(await metric('switchboard_rings_handed_total{platform="ios"}')).toMatch(/ 1$/);
    expect(await metric('switchboard_ring_push_seconds_sum')).toMatch(/ 3$/);
  });
});

describe('a provider that fails', () => {
  it('is asked again after longer and longer pauses, until the ring is over and never after', async () => {
    await stage.register('bob', 'phone');
    const times: number[] = [];
    const from = stage.clock.monotonic();
    stage.sender.answerWith(() => {
      times.push((stage.clock.monotonic() - from) / 1_000);
      return failed();
    });
    await stage.loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(120_000);
    const pauses = times.slice(1).map((time, nth) => Math.round(time - (times[nth] as number)));
    expect(pauses).toEqual([1, 1, 2, 4, 8, 8, 8, 8]);
    expect(Math.max(...times)).toBeLessThan(RULES.ringMs / 1_000);
    expect(stage.log.lines.filter(({ level }) => level !== 'debug')).toMatchObject([
      { level: 'warn', message: 'a phone could not be rung before its ring was over' },
    ]);
  });

  it('has the time that it asks for', async () => {
    await stage.register('bob', 'phone');
    stage.sender.answerWith(() => failed({ retryAfterMs: 20_000 }));
    await stage.loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(19_500);
    expect(stage.sender.pushes).toHaveLength(1);
    await stage.pass(1_500);
    expect(stage.sender.pushes).toHaveLength(2);
  });

  it('is not asked for another call before its time either, and that is counted', async () => {
    await stage.register('bob', 'phone');
    stage.sender.answerWith(() => failed({ retryAfterMs: 20_000 }));
    await stage.loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(1_000);
    await stage.place('carol', 'bob');
    await stage.pass(1_000);
    expect(stage.sender.pushes).toHaveLength(1);
    const tries = 'switchboard_pushes_total{provider="fcm",type="ring",result="failed"';
    expect(await metric(`${tries},reason="held"`)).toMatch(/ 1$/);
    expect(await metric(`${tries},reason="UNAVAILABLE"`)).toMatch(/ 1$/);
  });

  it('is not asked again where its time is after the ring', async () => {
    await stage.register('bob', 'phone');
    stage.sender.answerWith(() => failed({ retryAfterMs: 60_000 }));
    await stage.loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(44_000);
    expect([stage.sender.pushes.length, await isLeftToDo()]).toEqual([1, false]);
  });

  it('for one device does not ring another one twice, nor early', async () => {
    for (const phone of ['good', 'bad', 'limited', 'hopeless']) await stage.register('bob', phone);
    const answers: Record<string, PushResult> = {
      bad: failed(),
      limited: failed({ retryAfterMs: 10_000 }),
      hopeless: failed({ retryAfterMs: 100_000 }),
    };
    stage.sender.answerWith(({ device }) => answers[device.installation] ?? HANDED);
    await stage.loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(9_000);
    const count = (phone: string) =>
      stage.sender.sent().filter((said) => said === `ring to ${phone}`).length;
    expect([count('good'), count('limited'), count('hopeless')]).toEqual([1, 1, 1]);
    expect(count('bad')).toBeGreaterThan(3);
    await stage.pass(10_000);
    expect([count('good'), count('limited'), count('hopeless')]).toEqual([1, 2, 1]);
  });

  it('and then has it, has it once', async () => {
    await stage.register('bob', 'phone');
    stage.sender.answerWith(() => (stage.sender.pushes.length < 3 ? failed() : HANDED));
    await stage.loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(40_000);
    expect(stage.sender.pushes).toHaveLength(3);
  });

  it('that hangs is given up after three seconds, and keeps the ring from nobody', async () => {
    for (const [who, phone] of [
      ['bob', 'hanging'],
      ['bob', 'other'],
      ['dave', 'daves'],
    ] as const) {
      await stage.register(who, phone);
    }
    const signals: AbortSignal[] = [];
    stage.sender.answerWith(({ device }, signal) => {
      if (device.installation !== 'hanging') return HANDED;
      signals.push(signal);
      return new Promise(() => {});
    });
    await stage.loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(100);
    await stage.place('carol', 'dave');
    await stage.pass(100);
    expect(stage.sender.sent().sort()).toEqual([
      'ring to daves',
      'ring to hanging',
      'ring to other',
    ]);
    await stage.pass(2_700);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await stage.pass(200);
    expect(signals[0]?.aborted).toBe(true);
    await stage.pass(1_000);
    expect(stage.sender.sent().slice(3)).toEqual(['ring to hanging']);
    expect(
      await metric('switchboard_pushes_total{provider="fcm",type="ring",result="failed"'),
    ).toMatch(/reason="timeout"} 1$/);
  });
});

describe('a sender that does what it must not', () => {
  it.each([
    ['rejects', () => Promise.reject(new Error('with a token in it'))],
    [
      'throws',
      () => {
        throw new Error('with a token in it');
      },
    ],
    ['answers nothing', () => undefined as never],
    ['answers nonsense', () => ({ result: 'perhaps', reason: 'who knows' }) as never],
    ['gives no reason', () => ({ result: 'failed' }) as never],
    ['names no time', () => ({ ...failed(), retryAfterMs: 'soon' }) as never],
    ['names a time before now', () => ({ ...failed(), retryAfterMs: -1 }) as never],
    ['names no number', () => ({ ...failed(), retryAfterMs: Number.NaN }) as never],
  ])('(%s) has failed, is told of it once an hour, and is asked again', async (_, answer) => {
    await stage.register('bob', 'phone');
    stage.sender.answerWith(answer);
    await stage.loop.start();
    await stage.end(await placedAndRung());
    expect(stage.sender.pushes.length).toBeGreaterThan(3);
    const told = () => stage.log.lines.filter(({ level }) => level === 'error');
    expect(told()).toMatchObject([{ fields: { provider: 'fcm' } }]);
    expect(JSON.stringify(told())).not.toContain('token');
    await stage.pass(3_600_000);
    await stage.end(await placedAndRung());
    expect(told()).toHaveLength(2);
  });

  it('(throws where it names a target) is passed over', async () => {
    await stage.register('bob', 'phone');
    const bad = createFakeSender('host');
    const targetFor = () => {
      throw new Error('a bug');
    };
    const loop = stage.another({ senders: [{ ...bad, targetFor }, stage.sender] });
    await loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(100);
    expect(stage.sender.sent()).toEqual(['ring to phone']);
  });

  async function placedAndRung(): Promise<Call> {
    const call = await stage.place('alice', 'bob');
    await stage.pass(5_000);
    return call;
  }
});

describe('a device', () => {
  it('of whose value a provider knows nothing any more is forgotten', async () => {
    for (const phone of ['phone', 'sold']) await stage.register('bob', phone);
    stage.sender.answerWith(({ device }) =>
      device.installation === 'sold' ? { result: 'gone', reason: 'UNREGISTERED' } : HANDED,
    );
    await stage.loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(40_000);
    expect(stage.sender.sent().sort()).toEqual(['ring to phone', 'ring to sold']);
    expect(await devicesOf('bob')).toEqual(['phone']);
  });

  it('of which one value is gone is rung by the other', async () => {
    const targets = [
      { kind: 'apns_voip', value: 'old' },
      { kind: 'apns', value: 'good' },
    ] as const;
    await stage.register('bob', 'phone', { platform: 'ios', targets });
    const apns = createFakeSender('apns', ['apns_voip', 'apns']);
    const targetFor: typeof apns.targetFor = (_, device) =>
      ['apns_voip', 'apns'].flatMap((kind) => device.targets.filter((one) => one.kind === kind))[0];
    apns.answerWith(({ target }) =>
      target.value === 'old' ? { result: 'gone', reason: 'Unregistered' } : HANDED,
    );
    await stage.another({ senders: [{ ...apns, targetFor }] }).start();
    await stage.place('alice', 'bob');
    await stage.pass(1_000);
    expect(apns.pushes.map(({ target }) => target.value)).toEqual(['old', 'good']);
    expect(await devicesOf('bob')).toEqual(['phone']);
  });

  it('for which a provider refuses the push is not tried again, though another one is', async () => {
    for (const phone of ['refused', 'failing']) await stage.register('bob', phone);
    stage.sender.answerWith(({ device }) =>
      device.installation === 'refused'
        ? { result: 'refused', reason: 'PERMISSION_DENIED' }
        : failed(),
    );
    await stage.loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(20_000);
    const refused = stage.sender.sent().filter((said) => said === 'ring to refused');
    expect(refused).toHaveLength(1);
    expect(stage.sender.pushes.length).toBeGreaterThan(4);
  });
});

it('is told in the log, each try by how far it came, to whoever looks closely', async () => {
  for (const phone of ['good', 'gone', 'late']) await stage.register('bob', phone);
  stage.sender.answerWith(({ device: { installation } }) => {
    if (installation === 'gone') return { result: 'gone', reason: 'UNREGISTERED' };
    return installation === 'late' && stage.sender.pushes.length < 4 ? failed() : HANDED;
  });
  await stage.loop.start();
  const { id: callId } = await stage.place('alice', 'bob');
  await stage.pass(2_000);
  const alone = await stage.place('carol', 'nobody-there');
  await stage.pass(200);
  const none = { devices: 0, handed: 0, failed: 0, unreachable: 0 };
  expect(stage.log.lines).toEqual(
    [
      { callId, tries: 1, devices: 3, handed: 1, failed: 1, unreachable: 1 },
      { callId, tries: 2, devices: 1, handed: 1, failed: 0, unreachable: 0 },
      { callId: alone.id, tries: 1, ...none },
    ].map((fields) => ({ level: 'debug', fields, message: PUSHED })),
  );
});

describe('an instance', () => {
  it('that comes to nothing between commit and push is stood in for within five seconds', async () => {
    await stage.register('bob', 'phone');
    await stage.place('alice', 'bob');
    // It takes the work, writes down whom it rings, and is killed.
    const killed = stage.another({
      store: {
        ...stage.store,
        async takeRing(ring) {
          await stage.store.takeRing(ring);
          throw new StoreUnavailable(new Error('killed'));
        },
      },
    });
    await killed.start();
    await stage.pass(100);
    await killed.stop();
    await stage.loop.start();
    await stage.pass(4_200);
    expect(stage.sender.pushes).toEqual([]);
    await stage.pass(400);
    expect(stage.sender.sent()).toEqual(['ring to phone']);
  });

  it('that stops waits for what is under way', async () => {
    await stage.register('bob', 'phone');
    const { promise, resolve } = Promise.withResolvers<PushResult>();
    stage.sender.answerWith(() => promise);
    await stage.loop.start();
    await stage.place('alice', 'bob');
    await stage.pass(100);
    let isOver = false;
    const stopped = stage.loop.stop().then(() => {
      isOver = true;
    });
    await stage.pass(1_000);
    expect(isOver).toBe(false);
    resolve(HANDED);
    await stopped;
    expect(await isLeftToDo()).toBe(false);
  });

  it('that stops waits for three seconds at most', async () => {
    await stage.register('bob', 'phone');
    await stage.loop.start();
    await stage.place('alice', 'bob');
    stage.store.takeRing = () => new Promise(() => {});
    await stage.pass(100);
    const stopped = stage.loop.stop();
    await stage.pass(3_000);
    await expect(stopped).resolves.toBeUndefined();
  });
});

describe('a database out of reach', () => {
  const away = () => Promise.reject(new StoreUnavailable(new Error('ECONNREFUSED')));
  const levels = () =>
    stage.log.lines.flatMap(({ level, message }) => (message === PUSHED ? [] : [level]));
  /** Fails once, and works then. */
  const once = (name: 'takeRing' | 'ringHanded' | 'dropTarget') => {
    const right = stage.store[name];
    stage.store[name] = () => {
      stage.store[name] = right as never;
      return away();
    };
  };
  beforeEach(async () => {
    await stage.register('bob', 'phone');
    await stage.loop.start();
  });

  it('lets the ring wait, and is rung from when it is back', async () => {
    once('takeRing');
    await stage.place('alice', 'bob');
    await stage.pass(4_000);
    expect(stage.sender.pushes).toEqual([]);
    await stage.pass(2_000);
    expect([stage.sender.sent(), levels()]).toEqual([['ring to phone'], ['debug']]);
  });

  it('after the push has the ring sent again, under one id', async () => {
    once('ringHanded');
    const call = await stage.place('alice', 'bob');
    await stage.pass(40_000);
    expect(stage.sender.pushes.map(({ message }) => message.callId)).toEqual([call.id, call.id]);
  });

  it('keeps a value that is gone until the provider says so again', async () => {
    once('dropTarget');
    stage.sender.answerWith(() => ({ result: 'gone', reason: 'UNREGISTERED' }));
    await stage.place('alice', 'bob');
    await stage.pass(1_000);
    expect([await devicesOf('bob'), levels()]).toEqual([['phone'], ['debug']]);
    await stage.place('carol', 'bob');
    await stage.pass(1_000);
    expect(await devicesOf('bob')).toEqual([]);
  });
});
