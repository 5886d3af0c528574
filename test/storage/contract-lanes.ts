// What is due, lane by lane, as every store must have it.
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DeviceId, InstallationId } from '../../src/base/ids.ts';
import type { Call } from '../../src/calls/call.ts';
import type { Effect, Lane } from '../../src/calls/event.ts';
import type { CallStore, LeasedEffect } from '../../src/calls/store.ts';
import type { StoreStage } from './contract.ts';
import { change, place, told, user } from './scenes.ts';

const RING = { type: 'ring', uid: user('bob'), ringAt: 1_000 } as const satisfies Effect;
const STOP = {
  type: 'stop_ring',
  uid: user('bob'),
  ringAt: 1_000,
  cause: 'answered_elsewhere',
  installation: 'i-1' as InstallationId,
  device: 'phone' as DeviceId,
} as const satisfies Effect;

export function describeLanes(
  name: string,
  { setStage, isShared }: { setStage: () => Promise<StoreStage>; isShared: boolean },
): void {
  describe(`${name}: lanes`, () => {
    let stage: StoreStage;
    let store: CallStore;

    beforeAll(async () => {
      stage = await setStage();
    });
    beforeEach(async () => {
      await stage.empty();
      store = stage.store;
    });
    afterAll(() => stage?.close());

    const placed = async (effects: readonly Effect[], caller = 'alice') =>
      (await place(store, { caller, effects })) as Call;
    const lease = (lane: Lane, at = store) => at.leaseEffects(lane, 10, 5_000);
    /** Target and number of what is leased of the host's. */
    const numbers = async (at = store) =>
      (await at.leaseEffects('host', 10, 5_000))
        .map(({ effect }) => `${effect.target} ${effect.event.sequence}`)
        .sort();

    it('have each its own, as it was written', async () => {
      const call = await placed([{ type: 'create_room' }, RING, STOP, told(1)]);
      for (const [lane, effects] of [
        ['livekit', [{ type: 'create_room' }]],
        ['push', [RING, STOP]],
        ['host', [told(1)]],
      ] as const) {
        const leased = await lease(lane);
        expect(leased.map(({ effect }) => effect)).toEqual(expect.arrayContaining([...effects]));
        expect(leased).toHaveLength(effects.length);
        expect(leased[0]).toMatchObject({ callId: call.id, room: call.room, tries: 1 });
      }
    });

    it('keep what has no uid, installation or device without them', async () => {
      const { event, ...rest } = told(1);
      const { uid: _, ...ofNobody } = event;
      const bare = { ...rest, event: ofNobody };
      const over = { type: 'stop_ring', uid: user('bob'), ringAt: 1_000, cause: 'over' } as const;
      await placed([over, bare]);
      expect((await lease('push'))[0]?.effect).toStrictEqual(over);
      expect((await lease('host'))[0]?.effect).toStrictEqual(bare);
    });

    it('tell each when its next is due, and nothing of the others', async () => {
      const times = async () => ({
        deadlines: await store.nextDueMs('deadlines'),
        livekit: await store.nextDueMs('livekit'),
        push: await store.nextDueMs('push'),
        host: await store.nextDueMs('host'),
      });
      const never = {
        deadlines: undefined,
        livekit: undefined,
        push: undefined,
        host: undefined,
      };
      expect(await times()).toEqual(never);
      await placed([RING]);
      expect(await times()).toEqual({ ...never, deadlines: expect.any(Number), push: 0 });
      const [ring] = await lease('push');
      // The end of the lease: whoever took it may be gone.
      const { push } = await times();
      expect(push).toBeGreaterThan(3_000);
      expect(push).toBeLessThanOrEqual(5_000);
      await store.effectDone('push', ring as LeasedEffect);
      await placed([told(1)], 'carol');
      expect(await times()).toEqual({ ...never, deadlines: expect.any(Number), host: 0 });
    });

    it.each(['push', 'host'] as const)(
      'of %s: leased once, again after it, and gone when done',
      async (lane) => {
        await placed([RING, told(1)]);
        const [first] = await lease(lane);
        expect(await lease(lane)).toEqual([]);
        stage.advance(5_001);
        expect(await store.nextDueMs(lane)).toBe(0);
        expect(await lease(lane)).toEqual([{ ...first, tries: 2 }]);
        await store.effectFailed(lane, first?.id as string, 60_000);
        stage.advance(30_000);
        expect(await lease(lane)).toEqual([]);
        stage.advance(30_001);
        expect(await lease(lane)).toEqual([{ ...first, tries: 3 }]);
        await store.effectDone(lane, first as LeasedEffect);
        stage.advance(60_000);
        expect(await lease(lane)).toEqual([]);
        expect(await store.nextDueMs(lane)).toBeUndefined();
      },
    );

    it('are told of with the commit, each to those that look after it', async () => {
      const heard: string[] = [];
      const stops = (['deadlines', 'livekit', 'push', 'host'] as const).map((of) =>
        store.onDue(of, (ms) => heard.push(`${of} in ${ms}`)),
      );
      const call = await placed([RING]);
      expect(heard.splice(0)).toEqual(['deadlines in 45000', 'push in 0']);
      await change(store, call, { effects: [told(1)] });
      expect(heard.splice(0)).toEqual(['host in 0']);
      const [ring] = await lease('push');
      await store.effectFailed('push', ring?.id as string, 2_000);
      expect(heard.splice(0)).toEqual(['push in 2000']);
      await change(store, call, {});
      expect(heard).toEqual([]);
      for (const stop of stops) stop();
    });

    it('are kept with the call or not at all', async () => {
      const call = await placed([]);
      const broken = change(store, { ...call, state: 'ended' }, { effects: [RING, told(1)] });
      await expect(broken).rejects.toThrow(/constraint/i);
      expect([await lease('push'), await lease('host')]).toEqual([[], []]);
    });

    describe('of the host', () => {
      it('come one after the other, a call and a target', async () => {
        const call = await placed([told(1, 'app'), told(1, 'other'), told(2, 'app')]);
        await placed([told(1, 'app')], 'carol');
        await change(store, call, { effects: [told(3, 'app'), told(2, 'other')] });
        expect(await store.leaseEffects('host', 10, 5_000)).toHaveLength(3);
        expect(await store.leaseEffects('host', 10, 5_000)).toEqual([]);
        stage.advance(5_001);
        const seen: string[] = [];
        for (;;) {
          const leased = await store.leaseEffects('host', 10, 60_000);
          if (leased.length === 0) break;
          for (const one of leased) {
            const { callId, effect } = one;
            if (callId === call.id) seen.push(`${effect.target} ${effect.event.sequence}`);
            await store.effectDone('host', one);
          }
        }
        expect(seen.filter((one) => one.startsWith('app'))).toEqual(['app 1', 'app 2', 'app 3']);
        expect(seen.filter((one) => one.startsWith('other'))).toEqual(['other 1', 'other 2']);
      });

      it('wait behind one that fails, and their turn is told of when it is done', async () => {
        await placed([told(1), told(2)]);
        const [first] = await lease('host');
        await store.effectFailed('host', first?.id as string, 60_000);
        stage.advance(59_000);
        expect(await lease('host')).toEqual([]);
        // Those behind it are no reason to look.
        expect(await store.nextDueMs('host')).toBeGreaterThan(0);
        stage.advance(1_001);
        expect(await numbers()).toEqual(['app 1']);
        const heard: number[] = [];
        const stop = store.onDue('host', (ms) => heard.push(ms));
        await store.effectDone('host', first as LeasedEffect);
        stop();
        expect(heard).toEqual([0]);
        expect(await numbers()).toEqual(['app 2']);
      });

      it('that were given up let the others pass, and come again when they are delivered anew', async () => {
        const call = await placed([told(1), told(2), told(3)]);
        for (const _ of [1, 2]) {
          const [leased] = await lease('host');
          await store.hostEventGivenUp(leased as LeasedEffect);
        }
        expect(await numbers()).toEqual(['app 3']);
        await change(store, call, { effects: [told(4)] });
        expect(await store.redeliverHostEvents()).toBe(2);
        const seen: string[] = [];
        stage.advance(5_001);
        for (;;) {
          const [leased] = await store.leaseEffects('host', 1, 60_000);
          if (leased === undefined) break;
          seen.push(`${leased.effect.event.sequence}, try ${leased.tries}`);
          await store.effectDone('host', leased);
        }
        expect(seen).toEqual(['1, try 1', '2, try 1', '3, try 2', '4, try 1']);
        expect(await store.redeliverHostEvents()).toBe(0);
      });

      it('that is being told while others are delivered anew waits for no second time', async () => {
        await placed([told(1), told(2)]);
        const [first] = await lease('host');
        await store.hostEventGivenUp(first as LeasedEffect);
        const [second] = await lease('host');
        await store.redeliverHostEvents();
        await store.effectFailed('host', second?.id as string, 0);
        expect(await numbers()).toEqual(['app 1']);
        await store.effectDone('host', second as LeasedEffect);
        expect(await numbers()).toEqual([]);
        await store.effectDone('host', first as LeasedEffect);
        expect(await store.nextDueMs('host')).toBeUndefined();
      });

      it('are none left alone while others come and go at the same time', async () => {
        const call = await placed([told(1)]);
        const seen: number[] = [];
        const telling = (async () => {
          while (seen.length < 20) {
            for (const leased of await store.leaseEffects('host', 10, 60_000)) {
              seen.push(leased.effect.event.sequence);
              await store.effectDone('host', leased);
            }
          }
        })();
        for (let sequence = 2; sequence <= 20; sequence += 1) {
          await change(store, call, { effects: [told(sequence)] });
        }
        await telling;
        expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
      });
    });

    describe.runIf(isShared)('over two instances', () => {
      const another = async () => {
        const other = await stage.instance();
        onTestFinished(() => other.close());
        return other;
      };

      it('what one has taken and not done, the other takes when the lease is over', async () => {
        const other = await another();
        await placed([RING, told(1), told(2)]);
        const heard = vi.fn();
        onTestFinished(other.onDue('push', heard));
        expect(await lease('push')).toHaveLength(1);
        expect(await numbers()).toEqual(['app 1']);
        expect([await lease('push', other), await numbers(other)]).toEqual([[], []]);
        for (const lane of ['push', 'host'] as const) {
          const ms = await other.nextDueMs(lane);
          expect(ms).toBeGreaterThan(0);
          expect(ms).toBeLessThanOrEqual(5_000);
        }
        stage.advance(5_001);
        expect(await lease('push', other)).toMatchObject([{ effect: RING, tries: 2 }]);
        expect(await numbers(other)).toEqual(['app 1']);
      });

      it('whoever tells hears that another one has had events sent again', async () => {
        const other = await another();
        await placed([told(1)]);
        const [taken] = await store.leaseEffects('host', 1, 5_000);
        await store.hostEventGivenUp(taken as LeasedEffect);
        const heard = vi.fn();
        onTestFinished(store.onDue('host', heard));
        expect(await other.redeliverHostEvents()).toBe(1);
        await vi.waitFor(
          () => {
            stage.advance(100);
            expect(heard).toHaveBeenCalled();
          },
          { timeout: 10_000 },
        );
        expect(await numbers()).toEqual(['app 1']);
      });

      it('the events of a call keep their order, whoever tells them', async () => {
        const other = await another();
        const call = await placed([told(1)]);
        const seen: number[] = [];
        const tell = async (at: CallStore) => {
          while (seen.length < 20) {
            for (const leased of await at.leaseEffects('host', 10, 60_000)) {
              seen.push(leased.effect.event.sequence);
              await at.effectDone('host', leased);
            }
          }
        };
        const telling = Promise.all([tell(store), tell(other)]);
        for (let sequence = 2; sequence <= 20; sequence += 1) {
          await change(store, call, { effects: [told(sequence)] });
        }
        await telling;
        expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
      });
    });
  });
}
