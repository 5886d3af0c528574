// The end of a ring, told to each phone that may ring.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InstallationId, UserId } from '../../src/base/ids.ts';
import type { Call } from '../../src/calls/call.ts';
import type { PushResult, StopMessage } from '../../src/ringing/push.ts';
import { HANDED, type RingStage, RULES, setRingStage } from './stage.ts';

let stage: RingStage;
beforeEach(async () => {
  stage = await setRingStage();
  for (const phone of ['phone', 'tablet']) await stage.register('bob', phone, { locale: 'es' });
  await stage.loop.start();
});
afterEach(() => stage.close());

const FAILED: PushResult = { result: 'failed', reason: 'UNAVAILABLE' };
const rung = async (...to: string[]): Promise<Call> => {
  const call = await stage.place('alice', 'bob', ...to);
  await stage.pass(6_000);
  expect(stage.sender.sent().sort()).toEqual(['ring to phone', 'ring to tablet']);
  return call;
};
const stops = () => stage.sender.sent().filter((said) => said.startsWith('stop_ring'));
const messages = () =>
  stage.sender.pushes.flatMap(({ message }) => (message.type === 'ring' ? [] : [message]));
const isLeftToDo = async () => (await stage.store.nextDueMs('push')) !== undefined;

describe('a ring that ends', () => {
  it('because he answers is stopped on his other phones, which learn where he is', async () => {
    await stage.accept(await rung(), 'bob', 'phone');
    await stage.pass(200);
    expect(stops()).toEqual(['stop_ring (answered_elsewhere) to tablet']);
    expect(messages()).toMatchObject([{ device: 'bob-device' }]);
    expect(messages()[0]).not.toHaveProperty('missed');
  });

  it('because he answers who knows where is stopped on all of his phones', async () => {
    await stage.accept(await rung(), 'bob');
    await stage.pass(200);
    expect(stops().sort()).toEqual([
      'stop_ring (answered_elsewhere) to phone',
      'stop_ring (answered_elsewhere) to tablet',
    ]);
  });

  it('because he declines is stopped on his other phones', async () => {
    await stage.decline(await rung(), 'bob', 'tablet');
    await stage.pass(200);
    expect(stops()).toEqual(['stop_ring (declined_elsewhere) to phone']);
  });

  it('because the caller leaves is shown as a missed call on all of them', async () => {
    const call = await rung();
    await stage.apply({ type: 'leave', callId: call.id, uid: call.caller });
    await stage.pass(200);
    expect(stops()).toHaveLength(2);
    expect(messages()[0]).toMatchObject({
      cause: 'cancelled',
      missed: { body: 'Llamada perdida' },
    });
  });

  it('because it is over is shown as a missed call', async () => {
    const call = await rung();
    await stage.pass(RULES.ringMs + RULES.answerGraceMs);
    await stage.apply({ type: 'tick', callId: call.id });
    await stage.pass(200);
    expect(stops().sort()).toEqual(['stop_ring (over) to phone', 'stop_ring (over) to tablet']);
    expect(messages().every(({ missed }: StopMessage) => missed !== undefined)).toBe(true);
  });

  it('because the call ends is shown as a missed call', async () => {
    const call = await rung('carol');
    await stage.accept(call, 'carol');
    await stage.end(call);
    await stage.pass(200);
    expect(stops().sort()).toEqual(['stop_ring (ended) to phone', 'stop_ring (ended) to tablet']);
  });

  it('because each calls the other is stopped like one that he answers', async () => {
    await rung();
    await stage.place('bob', 'alice');
    await stage.pass(200);
    expect(stops().sort()).toEqual([
      'stop_ring (answered_elsewhere) to phone',
      'stop_ring (answered_elsewhere) to tablet',
    ]);
  });
});

describe('each phone is told once', () => {
  it('and nothing is left to do', async () => {
    await stage.end(await rung());
    await stage.pass(120_000);
    expect([stops().length, await isLeftToDo()]).toEqual([2, false]);
  });

  it('though the provider fails for another one', async () => {
    const call = await rung();
    stage.sender.answerWith(({ device }) =>
      device.installation === 'phone' && stops().length < 4 ? FAILED : HANDED,
    );
    await stage.end(call);
    await stage.pass(30_000);
    expect(stops().filter((said) => said.endsWith('tablet'))).toHaveLength(1);
    expect(stops().filter((said) => said.endsWith('phone')).length).toBeGreaterThan(2);
    expect(await isLeftToDo()).toBe(false);
  });

  it('but one that was removed meanwhile is not', async () => {
    const call = await rung();
    await stage.store.removeDevice('bob' as UserId, 'tablet' as InstallationId);
    await stage.end(call);
    await stage.pass(200);
    expect(stops()).toEqual(['stop_ring (cancelled) to phone']);
  });

  it('and one that has come since then, and never rang, is not', async () => {
    const call = await rung();
    await stage.register('bob', 'new-one');
    await stage.end(call);
    await stage.pass(10_000);
    expect(stops()).toHaveLength(2);
  });
});

describe('a provider that fails', () => {
  it('is asked for a minute after the ring where he answers elsewhere', async () => {
    const call = await rung();
    stage.sender.answerWith(() => FAILED);
    await stage.accept(call, 'bob', 'phone');
    await stage.pass(90_000);
    expect(await isLeftToDo()).toBe(true);
    await stage.pass(20_000);
    const { length } = stops();
    expect([length > 10, await isLeftToDo()]).toEqual([true, false]);
    await stage.pass(60_000);
    expect(stops()).toHaveLength(length);
    const told = stage.log.lines.filter(
      ({ message }) => message === 'a push of the end of a ring was tried',
    );
    expect(told).toHaveLength(length);
    expect(told[0]?.fields).toMatchObject({ callId: call.id, devices: 1, handed: 0, failed: 1 });
    expect(stage.log.lines.filter(({ level }) => level !== 'debug')).toMatchObject([
      { level: 'warn', fields: { callId: call.id }, message: expect.stringContaining('is over') },
    ]);
  });

  it('is asked for an hour where a call is missed', async () => {
    const call = await rung();
    stage.sender.answerWith(() => FAILED);
    await stage.end(call);
    await stage.pass(120_000);
    for (let minute = 0; minute < 54; minute += 1) {
      stage.clock.advance(60_000);
      await stage.pass(100);
    }
    expect(await isLeftToDo()).toBe(true);
    for (let minute = 0; minute < 10; minute += 1) {
      stage.clock.advance(60_000);
      await stage.pass(100);
    }
    expect(await isLeftToDo()).toBe(false);
    expect(stops().length).toBeLessThan(150);
  });

  it('that was away with all instances shows no missed call of hours ago', async () => {
    const call = await rung();
    await stage.loop.stop();
    await stage.end(call);
    stage.clock.advance(5 * 3_600_000);
    await stage.another().start();
    await stage.pass(200);
    expect([stops(), await isLeftToDo()]).toEqual([[], false]);
  });
});

describe('a stop', () => {
  it('waits for its ring, which a provider is slow to take', async () => {
    const ring = Promise.withResolvers<PushResult>();
    stage.sender.answerWith(({ message, device }) =>
      message.type === 'ring' && device.installation === 'phone' ? ring.promise : HANDED,
    );
    const call = await stage.place('alice', 'bob');
    await stage.pass(500);
    await stage.end(call);
    await stage.pass(1_500);
    // The other phone waits for nobody.
    expect(stops()).toEqual(['stop_ring (cancelled) to tablet']);
    ring.resolve(HANDED);
    await stage.pass(1_200);
    expect(stops().slice(1)).toEqual(['stop_ring (cancelled) to phone']);
  });

  it('goes to a phone of which nobody knows whether its ring arrived', async () => {
    stage.sender.answerWith(({ message }) =>
      message.type === 'ring' ? new Promise(() => {}) : HANDED,
    );
    const call = await stage.place('alice', 'bob');
    await stage.pass(500);
    await stage.end(call);
    await stage.pass(8_000);
    expect(stops()).toHaveLength(2);
  });

  it('of an earlier ring, which a provider would not take, leaves alone who has answered since', async () => {
    const call = await rung('carol');
    await stage.accept(call, 'carol');
    stage.sender.answerWith(({ message }) => (message.type === 'ring' ? HANDED : FAILED));
    await stage.decline(call, 'bob', 'tablet');
    // In the pause after a try.
    await stage.pass(2_000);
    const before = stops().length;
    const callees = [{ uid: 'bob' as UserId, isHidden: false }];
    await stage.apply({ type: 'invite', callId: call.id, uid: call.caller, callees });
    await stage.pass(200);
    await stage.accept(call, 'bob', 'phone');
    stage.sender.answerWith(() => HANDED);
    await stage.pass(20_000);
    expect(stops().slice(before)).toEqual(['stop_ring (answered_elsewhere) to tablet']);
    expect(await isLeftToDo()).toBe(false);
  });

  it('does not stop the ring that has followed', async () => {
    const call = await stage.place('alice', 'bob', 'carol');
    await stage.accept(call, 'carol');
    await stage.pass(6_000);
    await stage.loop.stop();
    await stage.decline(call, 'bob', 'phone');
    const callees = [{ uid: 'bob' as UserId, isHidden: false }];
    await stage.apply({ type: 'invite', callId: call.id, uid: call.caller, callees });
    const before = stage.sender.pushes.length;
    await stage.another().start();
    await stage.pass(1_000);
    expect(stage.sender.sent().slice(before).sort()).toEqual(['ring to phone', 'ring to tablet']);
    await stage.end(call);
    await stage.pass(1_000);
    expect(stops()).toHaveLength(2);
  });
});
