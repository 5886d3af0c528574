// What phones and the host are told in a run of the model, held against what happened: once as it is
// decided, and once as it comes out of the store.
import { expect } from 'vitest';
import { type Call, isSeated, type Party, partyOf } from '../../src/calls/call.ts';
import type { Effect, Effects, RingEnd } from '../../src/calls/event.ts';
import type { HostEvent } from '../../src/calls/host-event.ts';
import { hostCallOf } from '../../src/calls/host-view.ts';
import type { CallStore, LeasedEffect } from '../../src/calls/store.ts';

interface Written {
  readonly before: Call | undefined;
  readonly after: Call;
  readonly effects: readonly Effect[];
  readonly now: number;
}

export interface Told {
  /** Sees all that is decided and written through it. */
  watched(store: CallStore): CallStore;
  /** What holds whenever nothing is going on; `calls` as the store has them. */
  look(calls: ReadonlyMap<string, Call>): void;
  /** Takes what there is of both lanes, as their loops would. */
  deliver(store: CallStore, fail: boolean): Promise<void>;
  /** Every word has come out of the store. */
  assertDelivered(): void;
}

export function createTold(): Told {
  const pending: Written[] = [];
  /** The ring that each phone sounds: `call uid` → the moment of its beginning. */
  const phones = new Map<string, number>();
  /** Of each, the last that it sounded. */
  const rings = new Map<string, number>();
  const events = new Map<string, HostEvent[]>();
  const pushes: string[] = [];
  const delivered = { pushes: [] as string[], events: new Map<string, HostEvent[]>() };
  let now = 0;

  return {
    watched: (store) => ({
      ...store,
      async change(scope, decide) {
        let decided: ReturnType<typeof decide> | undefined;
        const done = await store.change(scope, (scene) => {
          decided = decide(scene);
          return decided;
        });
        const known = [done.scene.call, ...done.scene.others];
        for (const { call: after, effects } of decided?.changed ?? []) {
          const before = known.find((call) => call?.id === after.id);
          pending.push({ before, after, effects, now: done.scene.now });
        }
        return done as never;
      },
    }),
    look(calls) {
      // Of two at once, the host's numbers say which was written first.
      pending.sort((one, other) => firstNumber(one) - firstNumber(other));
      for (const written of pending.splice(0)) {
        now = Math.max(now, written.now);
        hear(written);
      }
      for (const [callId, call] of calls) {
        const last = events.get(callId)?.at(-1);
        expect(last?.call, 'the host knows the call as it is').toEqual(hostCallOf(call));
        expect(last?.type === 'call.ended', 'its end is told last').toBe(call.state === 'ended');
        expect(call.told, 'counted with the call').toBe(last?.sequence);
        for (const party of call.parties) {
          const sounds = phones.get(`${callId} ${party.uid}`);
          const rungAt = isRung(party) ? party.createdAt : undefined;
          expect(sounds, 'a phone sounds exactly while its person is rung').toBe(rungAt);
        }
      }
    },
    async deliver(store, fail) {
      for (const leased of await store.leaseEffects('push', 20, 5_000)) {
        if (fail) await store.effectFailed('push', leased.id, 1_000);
        else {
          delivered.pushes.push(pushIn(leased.callId, leased.effect));
          await store.effectDone('push', leased);
        }
      }
      for (const leased of await store.leaseEffects('host', 20, 5_000)) {
        if (fail) await store.effectFailed('host', leased.id, 1_000);
        else {
          deliverEvent(leased);
          await store.effectDone('host', leased);
        }
      }
    },
    assertDelivered() {
      expect(delivered.pushes.sort(), 'every push comes out once').toEqual(pushes.sort());
      expect(delivered.events, 'every event comes out once').toEqual(events);
    },
  };

  function hear(written: Written): void {
    const { after, effects } = written;
    const heard = effects.flatMap((effect) => (effect.type === 'host_event' ? [effect.event] : []));
    const told = events.get(after.id) ?? [];
    events.set(after.id, told);
    for (const event of heard) {
      expect(told.at(-1)?.type, 'nothing after the end').not.toBe('call.ended');
      expect(event.sequence, 'without a gap').toBe(told.length + 1);
      expect(event.type === 'call.placed', 'the first of all').toBe(told.length === 0);
      expect(event.at, 'not before it happened').toBeLessThanOrEqual(written.now);
      told.push(event);
    }
    for (const effect of effects) {
      if (effect.type === 'ring') ring(written, effect);
      if (effect.type === 'stop_ring') stop(written, effect);
      if (effect.type !== 'ring' && effect.type !== 'stop_ring') continue;
      expect(heard, 'no push without an event').not.toEqual([]);
      pushes.push(pushIn(after.id, effect));
    }
  }

  function ring({ after }: Written, { uid, ringAt }: { uid: Party['uid']; ringAt: number }): void {
    const phone = `${after.id} ${uid}`;
    const { createdAt } = partyOf(after, uid) as Party;
    expect(ringAt, 'the ring that there is').toBe(createdAt);
    expect(rings.get(phone) ?? 0, 'one push a ring').toBeLessThan(createdAt);
    rings.set(phone, createdAt);
    phones.set(phone, createdAt);
  }

  function stop(written: Written, effect: Extract<Effects['push'], { type: 'stop_ring' }>): void {
    const phone = `${written.after.id} ${effect.uid}`;
    expect(phones.delete(phone), 'none stops that does not ring').toBe(true);
    const party = partyOf(written.after, effect.uid) as Party;
    expect(effect.ringAt, 'the ring that is over').toBe(party.createdAt);
    expect(effect.cause).toBe(causeOf(written, party));
    const isAnswered = effect.cause === 'answered_elsewhere';
    expect(effect.device, 'the device that has it').toBe(isAnswered ? party.device : undefined);
  }

  function deliverEvent({ callId, effect }: LeasedEffect<Effects['host']>): void {
    const so = delivered.events.get(callId) ?? [];
    delivered.events.set(callId, so);
    expect(effect.event.sequence, 'in order').toBe(so.length + 1);
    so.push(effect.event);
  }
}

const isRung = ({ state, isHidden }: Party): boolean => state === 'ringing' && !isHidden;

const pushIn = (callId: string, effect: Effects['push']): string =>
  JSON.stringify([callId, Object.entries(effect).sort()]);

const firstNumber = ({ effects }: Written): number => {
  const [first] = effects.flatMap((effect) =>
    effect.type === 'host_event' ? [effect.event.sequence] : [],
  );
  return first ?? Number.POSITIVE_INFINITY;
};

/** As the rules have it. What was over in time counts so, whatever came then. */
function causeOf({ before, after, now }: Written, party: Party): RingEnd {
  if (isSeated(party)) return 'answered_elsewhere';
  if (party.state === 'cancelled') return after.outcome === 'cancelled' ? 'cancelled' : 'ended';
  const dueAt = before?.timers.get(`ring:${party.uid}`) ?? Number.POSITIVE_INFINITY;
  return dueAt <= now ? 'over' : 'declined_elsewhere';
}
