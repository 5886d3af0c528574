// A provider that answers nobody while hundreds of phones are to be rung by it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PushResult } from '../../src/ringing/push.ts';
import {
  type Answer,
  createFakeSender,
  type FakeSender,
  HANDED,
  type RingStage,
  setRingStage,
} from './stage.ts';

const NO_ANSWER: PushResult = { result: 'failed', reason: 'no_answer' };
/** How long each waits in vain. */
const HANGS: Readonly<Record<string, () => Promise<PushResult>>> = {
  'never answers': () => new Promise(() => {}),
  // Whoever comes while a connection is tried for three seconds fails with it.
  'cannot be connected to': () => {
    const leftMs = 3_000 - (stage.clock.monotonic() % 3_000);
    return new Promise((resolve) => void stage.clock.after(leftMs, () => resolve(NO_ANSWER)));
  },
};

/** More than are done at once. */
const IPHONES = 600;

let stage: RingStage;
let apns: FakeSender;
describe.each(Object.keys(HANGS))('a provider that %s', (how) => {
  beforeEach(async () => {
    stage = await setRingStage();
    apns = createFakeSender('apns', ['apns_voip']);
    await stage.another({ senders: [apns, stage.sender] }).start();
    for (let nth = 0; nth < IPHONES; nth += 1) {
      const targets = [{ kind: 'apns_voip', value: `voip-${nth}` }] as const;
      await stage.register(`callee-${nth}`, `iphone-${nth}`, { platform: 'ios', targets });
    }
    await stage.register('bob', 'android');
    apns.answerWith(HANGS[how] as Answer);
    for (let nth = 0; nth < IPHONES; nth += 1) await stage.place(`caller-${nth}`, `callee-${nth}`);
    // It is known by then.
    await stage.pass(4_500);
  });
  afterEach(() => stage.close());

  it('keeps neither a ring nor its end from the phones of another', async () => {
    for (let nth = 0; nth < 5; nth += 1) {
      const call = await stage.place('alice', 'bob');
      await stage.pass(200);
      await stage.end(call);
      await stage.pass(800);
      expect(stage.sender.sent().slice(2 * nth)).toEqual([
        'ring to android',
        'stop_ring (cancelled) to android',
      ]);
    }
  });

  it('is asked by few until it answers, and rings all of its phones then', async () => {
    const before = apns.pushes.length;
    await stage.pass(9_000);
    expect(apns.pushes.length - before).toBeLessThanOrEqual(4 * 64);
    const crowded = /provider="apns",type="ring",result="failed",reason="crowded"} \d+/;
    expect(await stage.registry.metrics()).toMatch(crowded);
    const rung = new Set<string>();
    apns.answerWith(({ device }) => {
      rung.add(device.installation);
      return HANDED;
    });
    await stage.pass(12_000);
    expect(rung.size).toBe(IPHONES);
  });
});
