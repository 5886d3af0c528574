// Rings and their ends side by side, on instances that may die, by a provider that may do anything:
// whatever the order, no phone rings on that was never told, and none is told that he has used.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { UserId } from '../../src/base/ids.ts';
import { type Call, partyOf } from '../../src/calls/call.ts';
import { StoreUnavailable } from '../../src/calls/store.ts';
import type { Push, PushResult } from '../../src/ringing/push.ts';
import type { Store } from '../../src/storage/store.ts';
import { createPhone, type Phone } from './phone.ts';
import { type RingStage, setRingStage } from './stage.ts';

const PHONES = ['one', 'two'];
const BOB = 'bob' as UserId;

/** The provider settles one of those that wait. `arrives`: though it says otherwise. */
interface Settled {
  readonly which: number;
  readonly result: 'handed' | 'failed';
  readonly arrives: boolean;
}

type Step =
  | { readonly do: 'pass'; readonly ms: number }
  | ({ readonly do: 'settle' } & Settled)
  | { readonly do: 'accept' | 'decline'; readonly at: number | undefined }
  | { readonly do: 'end' | 'invite' | 'instance' | 'die' };

const phone = fc.option(fc.nat(PHONES.length - 1), { nil: undefined });
const step: fc.Arbitrary<Step> = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom(50, 200, 900, 2_000, 5_500) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('settle' as const),
        which: fc.nat(3),
        result: fc.constantFrom('handed', 'failed'),
        arrives: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('accept', 'decline'), at: phone }) },
    { weight: 3, arbitrary: fc.constantFrom('end', 'invite', 'instance', 'die') },
  )
  .map((one) => {
    if (typeof one === 'number') return { do: 'pass', ms: one };
    return (typeof one === 'string' ? { do: one } : one) as Step;
  });

/** Of the one that has ended the push is under way yet as the other begins and ends. */
const TWO_RINGS_AT_ONCE: Step[] = [
  { do: 'decline', at: undefined },
  { do: 'invite' },
  { do: 'instance' },
  { do: 'settle', which: 0, result: 'handed', arrives: false },
  { do: 'accept', at: undefined },
  { do: 'pass', ms: 50 },
];

/** Each look at a ring that is still on its way counts as a try of its end: the pause after it is long. */
const WAITED_FOR_LONG: Step[] = [
  { do: 'instance' },
  { do: 'end' },
  { do: 'pass', ms: 5_500 },
  { do: 'die' },
  { do: 'pass', ms: 5_500 },
  { do: 'pass', ms: 2_000 },
];

it('after any order of events every phone that rang is told, but where he acted', {
  timeout: 60_000,
}, async () => {
  let rings = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      const world = await setWorld();
      for (const one of steps) await world.take(one);
      await world.settleDown();
      rings += world.stage.sender.pushes.length;
      const { stage, phones } = world;
      const said = stage.sender.sent();
      await stage.close();
      const named = (some: readonly Phone[]) => some.map(({ name }) => name);
      const ringing = named(phones.filter((one) => one.isRinging()));
      const inVain = named(phones.filter((one) => one.wasToldInVain()));
      // What was sent is there to read where it fails.
      expect({ ringing, inVain, said }).toEqual({ ringing: [], inVain: [], said });
    }),
    { numRuns: 150, examples: [[TWO_RINGS_AT_ONCE], [WAITED_FOR_LONG]] },
  );
  expect(rings).toBeGreaterThan(300);
});

async function setWorld() {
  const stage = await setRingStage();
  const phones = PHONES.map(createPhone);
  for (const { name } of phones) await stage.register(BOB, name);
  const provider = createProvider(stage, phones);
  const instances: (() => void)[] = [];
  const begin = async () => {
    const { store, die } = mortal(stage.store);
    instances.push(die);
    await stage.another({ store }).start();
  };
  await begin();
  // Of three, so that the call goes on without him.
  const call = await stage.place('alice', BOB, 'carol');
  await stage.accept(call, 'carol');

  async function take(one: Step): Promise<void> {
    switch (one.do) {
      case 'pass':
        return stage.pass(one.ms);
      case 'settle':
        provider.settle(one);
        return stage.pass(1);
      case 'instance':
        return begin();
      case 'die':
        return void instances.shift()?.();
      default:
        return act(one);
    }
  }

  async function act(one: Exclude<Step, { do: 'pass' | 'settle' | 'instance' | 'die' }>) {
    const isRung = await rings(stage, call);
    try {
      if (one.do === 'end') await stage.end(call);
      if (one.do === 'invite' && !isRung) {
        await stage.pass(1);
        await stage.apply({
          ...{ type: 'invite', callId: call.id, uid: call.caller },
          callees: [{ uid: BOB, isHidden: false }],
        });
        if (await rings(stage, call)) for (const each of phones) each.rungAnew();
      }
      if ((one.do === 'accept' || one.do === 'decline') && isRung) {
        const at = one.at === undefined ? undefined : phones[one.at];
        await stage[one.do](call, BOB, at?.name);
        at?.acted();
      }
    } catch (error) {
      // The call is over already, or he was rung too often.
      if (!/call_ended|ring_limited|not_caller/.test(String(error))) throw error;
    }
  }

  return {
    stage,
    phones,
    take,
    /** The call ends, all that was asked is answered, and one instance lives. */
    async settleDown() {
      await stage.end(call);
      provider.behave();
      await begin();
      // Longer than the longest pause between two tries, of a missed call.
      await stage.pass(61_000);
      expect(await stage.store.nextDueMs('push')).toBeUndefined();
    },
  };
}

const rings = async ({ store }: RingStage, { id }: Call): Promise<boolean> => {
  const { call } = await store.call(id);
  return call !== undefined && partyOf(call, BOB)?.state === 'ringing';
};

/** It may say that it has failed though the push arrives, and it may say nothing at all. */
function createProvider({ sender }: RingStage, phones: readonly Phone[]) {
  const waiting: { push: Push; resolve: (result: PushResult) => void }[] = [];
  let isGood = false;
  const phoneOf = ({ device }: Push) => phones.find(({ name }) => name === device.installation);
  const arrive = (push: Push) => phoneOf(push)?.arrived(push);
  sender.answerWith((push, signal) => {
    phoneOf(push)?.sent(push);
    if (isGood) {
      arrive(push);
      return { result: 'handed' };
    }
    const { promise, resolve } = Promise.withResolvers<PushResult>();
    const one = { push, resolve };
    waiting.push(one);
    signal.addEventListener('abort', () => {
      const at = waiting.indexOf(one);
      if (at < 0) return;
      waiting.splice(at, 1);
      // It had it all the while.
      if (push.message.type === 'ring') arrive(push);
    });
    return promise;
  });
  const settle = ({ which, result, arrives }: Settled) => {
    const [one] = waiting.splice(which % Math.max(waiting.length, 1), 1);
    if (one === undefined) return;
    const isRing = one.push.message.type === 'ring';
    if (result === 'handed' || (isRing && arrives)) arrive(one.push);
    one.resolve(result === 'handed' ? { result } : { result, reason: 'UNAVAILABLE' });
  };
  return {
    settle,
    behave() {
      isGood = true;
      while (waiting.length > 0)
        settle({ which: waiting.length - 1, result: 'handed', arrives: true });
    },
  };
}

/** An instance's view of the store, until it dies. */
function mortal(store: Store): { store: Store; die: () => void } {
  let isDead = false;
  const own = Object.entries(store).map(([name, ask]) => [
    name,
    (...args: unknown[]) => {
      if (!isDead) return (ask as (...args: unknown[]) => unknown)(...args);
      return Promise.reject(new StoreUnavailable(new Error('dead')));
    },
  ]);
  const die = () => {
    isDead = true;
  };
  return { store: { ...store, ...Object.fromEntries(own) }, die };
}
