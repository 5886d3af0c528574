// What is left of whoever is erased, and of whoever is in no call any more.
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { DeviceId } from '../../src/base/ids.ts';
import type { Call } from '../../src/calls/call.ts';
import type { HostCall, HostEvent } from '../../src/calls/host-event.ts';
import type { Store } from '../../src/storage/store.ts';
import type { StoreStage } from './contract.ts';
import { device, installation } from './contract-ringing.ts';
import { change, end, move, newCallId, place, ringOf, shape, user } from './scenes.ts';

/** Found in no other word. */
const BOB = 'b0b-who-is-erased';

export function describeErase(
  name: string,
  { setStage, isShared }: { setStage: () => Promise<StoreStage>; isShared: boolean },
): void {
  describe(`${name}: erasing`, () => {
    let stage: StoreStage;
    let store: Store;
    const bob = user(BOB);

    beforeAll(async () => {
      stage = await setStage();
    });
    beforeEach(async () => {
      await stage.empty();
      store = stage.store;
    });
    afterAll(() => stage?.close());

    const hostEvent = (call: Call, uid?: string): HostEvent => ({
      type: 'call.declined',
      sequence: 1,
      at: 1_000,
      ...(uid !== undefined && { uid: user(uid) }),
      call: {
        id: call.id,
        caller: call.caller,
        parties: call.parties.map((party) => ({
          uid: party.uid,
          role: party.role,
          state: party.state,
          device: 'phone' as DeviceId,
        })),
      } as unknown as HostCall,
    });
    /** A call with whatever there can be of him in every table. */
    const past = async (placed: Parameters<typeof place>[1]) => {
      const profile = { uid: bob, name: 'Bob the Name', picture: 'https://pictures.example/b' };
      const call = (await place(store, { ...placed, profile })) as Call;
      await store.putDevice(device(BOB, 'his phone'));
      await store.takeRing(ringOf(call));
      await end(store, call.id);
      const { call: ended } = await store.call(call.id);
      return change(
        store,
        {
          ...(ended as Call),
          parties: (ended as Call).parties.map((party) => ({
            ...party,
            device: `device of ${party.uid}` as DeviceId,
            sid: `PA_${party.uid}`,
          })),
        },
        {
          effects: [
            { type: 'remove_participant', identity: BOB },
            { type: 'remove_participant', identity: 'alice' },
            {
              ...{ type: 'stop_ring', uid: bob, ringAt: 1_000, cause: 'over' },
              installation: installation('his phone'),
            },
            { type: 'host_event', target: 'app', event: hostEvent(ended as Call, BOB) },
            { type: 'host_event', target: 'app', event: hostEvent(ended as Call) },
          ],
        },
      );
    };
    const parties = async (call: Call) => shape((await store.call(call.id)).call)?.parties;

    it('leaves nothing but that somebody was there', async () => {
      const called = await past({ callees: [BOB, 'carol'] });
      const calling = await past({ caller: BOB, callees: ['carol'] });
      await store.listening([bob]);
      const before = await stage.everything();
      if (before !== undefined) {
        for (const trace of [BOB, 'Bob the Name', 'pictures.example', 'his phone']) {
          expect(before).toContain(trace);
        }
      }
      expect(await store.erase(bob)).toBe(true);
      const after = (await stage.everything()) ?? '';
      for (const trace of [BOB, 'Bob the Name', 'pictures.example', 'his phone']) {
        expect(after).not.toContain(trace);
      }
      expect(await store.devicesOf(bob)).toEqual([]);
      // Whoever guesses his name can't hold it against what is left of the request to ring him.
      expect((await store.call(called.id)).call?.requestHash).toBe('');
      expect(await parties(called)).toEqual({
        alice: 'left',
        erased: 'cancelled',
        carol: 'cancelled',
      });
      const { call } = await store.call(calling.id);
      expect(call?.caller).toBe('erased');
      expect(call?.parties[0]).toMatchObject({ uid: 'erased', role: 'caller', state: 'left' });
      expect(call?.parties[0]).not.toHaveProperty('device');
      // Of the others all is there.
      expect(call?.parties[1]).toMatchObject({ uid: 'carol', device: 'device of carol' });
      expect(await store.erase(bob)).toBe(false);
    });

    it('leaves what the host has yet to be told, about somebody who was erased', async () => {
      const call = await past({ callees: [BOB] });
      await store.erase(bob);
      const events: HostEvent[] = [];
      for (;;) {
        const [leased] = await store.leaseEffects('host', 1, 5_000);
        if (leased === undefined) break;
        events.push(leased.effect.event);
        await store.effectDone('host', leased);
      }
      const alice = { uid: 'alice', role: 'caller', state: 'left', device: 'phone' };
      const erased = { uid: 'erased', role: 'callee', state: 'cancelled' };
      const told = { id: call.id, caller: 'alice', parties: [alice, erased] };
      expect(events).toMatchObject([{ uid: 'erased', call: told }, { call: told }]);
      expect(events[0]?.call.parties[1]).not.toHaveProperty('device');
      expect(events[1]).not.toHaveProperty('uid');
      const rest = (await store.leaseEffects('livekit', 10, 5_000)).map(({ effect }) => effect);
      expect(rest).toContainEqual({ type: 'remove_participant', identity: 'alice' });
      expect(await store.leaseEffects('push', 10, 5_000)).toEqual([]);
    });

    it('of several people of one call tells them apart', async () => {
      const call = await past({ callees: [BOB, 'carol', 'dave'] });
      for (const uid of [BOB, 'dave', 'carol']) expect(await store.erase(user(uid))).toBe(true);
      expect(Object.keys((await parties(call)) ?? {})).toEqual([
        'alice',
        'erased',
        'erased-3',
        'erased-2',
      ]);
    });

    it('leaves a call that goes on without him as it is, and another ring of the same uid is new', async () => {
      const call = (await place(store, { callees: [BOB, 'carol'] })) as Call;
      await move(store, call.id, { uid: BOB, state: 'declined', cause: 'declined' });
      expect(await store.erase(bob)).toBe(true);
      expect((await store.history(bob, { limit: 10 })).calls).toEqual([]);
      const carols = await move(store, call.id, {
        uid: 'carol',
        state: 'joining',
        cause: 'accepted',
      });
      expect(shape(carols)?.parties).toEqual({
        alice: 'joining',
        erased: 'declined',
        carol: 'joining',
      });
      const next = (await place(store, { caller: 'dave', callees: [BOB] })) as Call;
      expect(shape(next)?.versions).toEqual({ dave: 1, [BOB]: 1 });
    });

    it('is refused of whoever holds a seat or is being rung, and nothing is changed', async () => {
      const call = (await place(store, { callees: [BOB] })) as Call;
      const before = await stage.everything();
      await expect(store.erase(bob)).rejects.toThrow(/cannot be erased: end that first/);
      await expect(store.erase(user('alice'))).rejects.toThrow(/cannot be erased/);
      expect(await stage.everything()).toEqual(before);
      await move(store, call.id, { uid: BOB, state: 'joining', cause: 'accepted' });
      await expect(store.erase(bob)).rejects.toThrow(/cannot be erased/);
      await end(store, call.id);
      expect(await store.erase(bob)).toBe(true);
    });

    it('lets a ring that is kept from him ring out', async () => {
      const call = (await place(store, { callees: [BOB], hidden: [BOB], ringMs: 5_000 })) as Call;
      expect(await store.erase(bob)).toBe(true);
      stage.advance(6_000);
      expect(await store.due(10)).toMatchObject([{ callId: call.id, key: 'ring:erased' }]);
      expect(await parties(call)).toEqual({ alice: 'joining', erased: 'ringing' });
      expect((await stage.everything()) ?? '').not.toContain(BOB);
    });

    it('of somebody of whom there is a device alone, or a feed, or nothing', async () => {
      await store.putDevice(device(BOB, 'phone'));
      expect(await store.erase(bob)).toBe(true);
      await store.feed(bob, undefined, 1);
      expect(await store.erase(bob)).toBe(true);
      expect(await store.erase(bob)).toBe(false);
    });

    it('of somebody with an open feed, who hears nothing more and stays forgotten', async () => {
      const { position } = await store.feed(bob, undefined, 1);
      await past({ callees: [BOB] });
      expect((await store.feedOn(bob, position, 9)).calls).toHaveLength(1);
      await store.erase(bob);
      const { now: from } = await store.call(newCallId());
      const { now, ...page } = await store.feedOn(bob, position, 9);
      expect(page).toEqual({ position, isSnapshot: false, calls: [] });
      expect(now).toBeGreaterThanOrEqual(from);
      await store.listening([bob]);
      expect(await store.erase(bob)).toBe(false);
      // Whoever calls that uid after that calls somebody new.
      const call = (await place(store, { callees: [BOB] })) as Call;
      expect(await store.feedOn(bob, position, 9)).toMatchObject({
        ...{ isSnapshot: true, calls: [{ id: call.id }] },
      });
    });

    it('at the same time as he is rung and registers a device ends one way or the other', async () => {
      const other = isShared ? await stage.instance() : store;
      if (isShared) onTestFinished(() => other.close());
      for (let round = 0; round < 20; round += 1) {
        await stage.empty();
        store = stage.store;
        await past({ callees: [BOB] });
        const [erased, call] = await Promise.all([
          other.erase(bob).then(
            () => true,
            () => false,
          ),
          place(store, { caller: 'carol', callees: [BOB] }),
          store.putDevice(device(BOB, 'phone')),
        ]);
        // Whoever was rung first is not erased; who is erased first is somebody new.
        expect(Object.keys(shape(call)?.parties ?? {})).toEqual(['carol', BOB]);
        const { calls } = await store.history(bob, { limit: 10 });
        expect(calls).toHaveLength(erased ? 1 : 2);
      }
    });

    describe('what is forgotten', () => {
      const nameOf = async (uid: string) => {
        const call = (await place(store, { caller: 'x', callees: [uid] })) as Call;
        await end(store, call.id);
        return call.parties[1]?.name;
      };
      const old = async () => {
        const profile = { uid: bob, name: 'Bob' };
        const call = (await place(store, { callees: [BOB], profile })) as Call;
        await end(store, call.id);
        stage.advance(100_000);
      };

      it('with the last call of a person is his name, whatever devices he has', async () => {
        await store.putDevice(device(BOB, 'phone'));
        const { position } = await store.feed(bob, undefined, 1);
        await old();
        expect(await store.forget(50_000, 10)).toBe(1);
        expect(await store.devicesOf(bob)).toHaveLength(1);
        expect((await store.feed(bob, position, 1)).isSnapshot).toBe(true);
        expect(await nameOf(BOB)).toBeUndefined();
      });

      it('of somebody who listens is the name alone', async () => {
        await old();
        const { position } = await store.feed(bob, undefined, 1);
        await store.listening([bob]);
        expect(await store.forget(50_000, 10)).toBe(1);
        expect((await store.feed(bob, position, 1)).isSnapshot).toBe(false);
        expect(await nameOf(BOB)).toBeUndefined();
      });

      it('of somebody who is in another call is nothing', async () => {
        await old();
        expect(await nameOf(BOB)).toBe('Bob');
        expect(await store.forget(50_000, 10)).toBe(1);
        expect(await nameOf(BOB)).toBe('Bob');
      });

      it('hangs on a call: what was to be pushed or told of it', async () => {
        await past({ callees: [BOB] });
        stage.advance(100_000);
        expect(await store.forget(50_000, 10)).toBe(1);
        const left = [store.nextDueMs('livekit'), store.nextDueMs('push'), store.nextDueMs('host')];
        expect(await Promise.all(left)).toEqual([undefined, undefined, undefined]);
      });
    });
  });
}
