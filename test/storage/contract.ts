// What every store of calls must do, whatever keeps it.
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Call } from '../../src/calls/call.ts';
import { type FeedPosition, UnknownCursor } from '../../src/calls/store.ts';
import type { Store } from '../../src/storage/store.ts';
import { callIn, end, move, newCallId, place, shape, user } from './scenes.ts';

export interface StoreStage {
  /** Empty, and opened. */
  readonly store: Store;
  /** Another one over the same database, opened. */
  instance(): Promise<Store>;
  /** Turns the store's time on. */
  advance(ms: number): void;
  /** Removes all rows; `store` may be another then. */
  empty(): Promise<void>;
  /** All that is kept in all tables, as text; undefined: nobody else can look at it. */
  everything(): Promise<string | undefined>;
  close(): Promise<void>;
}

const ids = (calls: readonly Call[]): string[] => calls.map(({ id }) => id);

/** `isShared`: several instances may have the same database. */
export function describeStore(
  name: string,
  { setStage, isShared }: { setStage: () => Promise<StoreStage>; isShared: boolean },
): void {
  describe(name, () => {
    let stage: StoreStage;
    let store: Store;

    beforeAll(async () => {
      stage = await setStage();
    });
    beforeEach(async () => {
      await stage.empty();
      store = stage.store;
    });
    afterAll(() => stage?.close());

    describe('a change', () => {
      it('writes a new call whole, and reads it again as it was answered', async () => {
        const written = (await place(store, {
          context: 'chat',
          callees: ['bob', 'carol'],
        })) as Call;
        const { call, now } = await store.call(written.id);
        expect(call).toEqual(written);
        expect(Math.abs(now - written.createdAt)).toBeLessThan(60_000);
        expect(await store.callInRoom(written.room)).toEqual(written);
        expect(shape(written)).toEqual({
          state: 'ringing',
          parties: { alice: 'joining', bob: 'ringing', carol: 'ringing' },
          versions: { alice: 1, bob: 1, carol: 1 },
        });
      });

      it('keeps every field of a call, a party and a timer', async () => {
        const id = newCallId();
        const { written } = await store.change({ callId: id, people: [user('alice')] }, (scene) => {
          const { parties, ...plain } = callIn(scene, id, {});
          const call = {
            ...plain,
            kind: 'video',
            context: 'chat "1"',
            data: '{"a":[1,"ü"]}',
            isGroup: true,
            state: 'ended',
            outcome: 'answered',
            reason: 'hangup',
            activeAt: scene.now + 1,
            talkAt: scene.now + 2,
            endedAt: scene.now + 3,
            heard: 'webhook',
            told: 7,
            parties: parties.map((party) => ({
              ...party,
              state: 'left',
              isHidden: false,
              device: "a'b",
              seatedAt: scene.now,
              ringEndsAt: scene.now + 4,
              sid: 'PA_1',
              sidAt: scene.now + 5,
              goneSid: 'PA_0',
              answeredAt: scene.now + 6,
              leftAt: scene.now + 7,
              reason: 'connection_lost',
              rings: 2,
              alertedAt: scene.now + 8,
              reach: 0,
            })),
            timers: new Map([['watch', scene.now + 8]]),
          } as unknown as Call;
          return { changed: [{ call, seenBy: new Map(), effects: [] }], result: 'as said' };
        });
        const { call } = await store.call(id);
        expect(call).toEqual(written[0]);
        expect(call?.parties[1]).toMatchObject({
          sid: 'PA_1',
          goneSid: 'PA_0',
          device: "a'b",
          reach: 0,
        });
        expect(call?.told).toBe(7);
        expect([...(call?.timers ?? [])]).toEqual([['watch', (call as Call).createdAt + 8]]);
      });

      it('writes nothing where nothing changes', async () => {
        const call = (await place(store)) as Call;
        const { result, written } = await store.change({ callId: call.id, people: [] }, () => ({
          changed: [],
          result: 'refused',
        }));
        expect({ result, written }).toEqual({ result: 'refused', written: [] });
        expect((await store.call(call.id)).call).toEqual(call);
      });

      it('keeps nothing of a decision that throws, and throws the same', async () => {
        const id = newCallId();
        const thrown = new Error('a bug');
        const asked = store.change({ callId: id, people: [user('alice')] }, () => {
          throw thrown;
        });
        await expect(asked).rejects.toBe(thrown);
        expect((await store.call(id)).call).toBeUndefined();
        expect(await place(store, { id })).toMatchObject({ id });
      });

      it('keeps nothing of a decision that cannot be written', async () => {
        const id = newCallId();
        const asked = store.change({ callId: id, people: [] }, (scene) => ({
          changed: [
            {
              // Ended, and not said how.
              call: { ...callIn(scene, id, {}), state: 'ended' },
              seenBy: new Map([[user('alice'), 'ended']]),
              effects: [],
            },
          ],
          result: undefined,
        }));
        await expect(asked).rejects.toThrow(/constraint/i);
        expect((await store.call(id)).call).toBeUndefined();
        expect((await store.feed(user('alice'), undefined, 10)).position.version).toBe(0);
      });

      it('refuses a call that is not in the scene, and an eye that is no party', async () => {
        const other = (await place(store)) as Call;
        const foreign = store.change({ callId: newCallId(), people: [] }, () => ({
          changed: [{ call: other, seenBy: new Map(), effects: [] }],
          result: undefined,
        }));
        await expect(foreign).rejects.toThrow('not in the scene');
        const stranger = store.change({ callId: other.id, people: [] }, () => ({
          changed: [{ call: other, seenBy: new Map([[user('eve'), 'ended']]), effects: [] }],
          result: undefined,
        }));
        await expect(stranger).rejects.toThrow('no party');
      });

      it('shows the calls in which somebody concerned holds a seat, and the one asked for', async () => {
        const first = (await place(store)) as Call;
        const second = (await place(store, { caller: 'carol', callees: ['dave'] })) as Call;
        const others = async (people: string[], alsoCall?: Call['id']) => {
          const scope = { callId: newCallId(), people: people.map(user) };
          const { scene } = await store.change(
            alsoCall === undefined ? scope : { ...scope, alsoCall },
            () => ({ changed: [], result: undefined }),
          );
          return ids(scene.others).sort();
        };
        expect(await others(['alice'])).toEqual([first.id]);
        // He is rung, and holds no seat.
        expect(await others(['bob'])).toEqual([]);
        expect(await others(['alice', 'carol'])).toEqual([first.id, second.id].sort());
        expect(await others([], second.id)).toEqual([second.id]);
        await end(store, first.id);
        expect(await others(['alice'])).toEqual([]);
        expect(await others(['alice'], first.id)).toEqual([first.id]);
      });

      it('moves a seat from one call to another in one go', async () => {
        const first = (await place(store)) as Call;
        const second = (await place(store, {
          caller: 'carol',
          callees: ['alice'],
          evenIfBusy: true,
        })) as Call;
        const alice = user('alice');
        const { written } = await store.change(
          { callId: second.id, people: [alice], alsoCall: first.id },
          ({ call, others, now }) => ({
            changed: [
              {
                call: {
                  ...(call as Call),
                  parties: (call as Call).parties.map((party) =>
                    party.uid === alice ? { ...party, state: 'joining', seatedAt: now } : party,
                  ),
                },
                seenBy: new Map([[alice, 'accepted']]),
                effects: [],
              },
              {
                call: {
                  ...(others[0] as Call),
                  parties: (others[0] as Call).parties.map((party) =>
                    party.uid === alice ? { ...party, state: 'left' } : party,
                  ),
                },
                seenBy: new Map([[alice, 'left']]),
                effects: [],
              },
            ],
            result: undefined,
          }),
        );
        // Two changes in her eyes, each with a version of its own.
        expect(written.map((call) => shape(call)?.versions)).toEqual([
          { carol: 1, alice: 3 },
          { alice: 4, bob: 1 },
        ]);
        const page = await store.feed(alice, await positionOf('alice', 2), 1);
        expect({ calls: ids(page.calls), version: page.position.version }).toEqual({
          calls: [second.id],
          version: 3,
        });
      });

      it('lets nobody hold two seats, whatever was decided', async () => {
        await place(store);
        const id = newCallId();
        const asked = store.change({ callId: id, people: [user('alice')] }, (scene) => ({
          changed: [{ call: callIn(scene, id, {}), seenBy: new Map(), effects: [] }],
          result: undefined,
        }));
        await expect(asked).rejects.toThrow(/unique|duplicate/i);
        expect((await store.call(id)).call).toBeUndefined();
      });
    });

    const positionOf = async (uid: string, version: number): Promise<FeedPosition> => ({
      epoch: (await store.feed(user(uid), undefined, 1)).position.epoch,
      version,
    });

    describe('names', () => {
      const alice = user('alice');
      const picture = 'https://pictures.example/alice';
      const namesIn = (call: Call | undefined) =>
        call?.parties.map(({ name, picture: of }) => [name, of]);

      it('are those of the ID token that acted last, and are read along', async () => {
        const profile = { uid: alice, name: 'Alice', picture };
        const call = (await place(store, { profile })) as Call;
        expect(namesIn(call)).toEqual([
          ['Alice', picture],
          [undefined, undefined],
        ]);
        expect((await store.call(call.id)).call).toEqual(call);
      });

      it('stay when somebody else acts, and go when the token has none any more', async () => {
        const call = (await place(store, {
          profile: { uid: alice, name: 'Alice', picture },
        })) as Call;
        const ended = await end(store, call.id);
        expect(namesIn(ended)?.[0]).toEqual(['Alice', picture]);
        const next = (await place(store, { profile: { uid: alice } })) as Call;
        expect(namesIn(next)?.[0]).toEqual([undefined, undefined]);
        expect((await store.call(call.id)).call?.parties[0]).not.toHaveProperty('name');
      });

      it('show in the calls of those who never acted in them', async () => {
        const profile = { uid: user('bob'), name: 'Bob' };
        await place(store, { caller: 'bob', callees: ['carol'], profile });
        const call = await place(store, { callees: ['bob'], hidden: ['bob'] });
        expect(call).toBeUndefined();
        const shown = await place(store, { caller: 'dave', callees: ['carol'] });
        expect(namesIn(shown)).toEqual([
          [undefined, undefined],
          [undefined, undefined],
        ]);
      });
    });

    describe('a feed', () => {
      const alice = user('alice');

      it('begins with a snapshot of all live calls, even of somebody unknown', async () => {
        const nobody = await store.feed(user('nobody'), undefined, 10);
        expect(nobody).toMatchObject({ isSnapshot: true, calls: [], position: { version: 0 } });
        const call = (await place(store)) as Call;
        const old = (await place(store, {
          caller: 'carol',
          callees: ['alice'],
          evenIfBusy: true,
        })) as Call;
        await end(store, old.id);
        const page = await store.feed(alice, undefined, 10);
        expect(page).toMatchObject({ isSnapshot: true, position: { version: 3 } });
        expect(page.calls).toEqual([call]);
      });

      it('goes on after a cursor with each call as it is now, by rising version', async () => {
        const { position } = await store.feed(alice, undefined, 10);
        const first = (await place(store)) as Call;
        const second = (await place(store, {
          caller: 'carol',
          callees: ['alice'],
          evenIfBusy: true,
        })) as Call;
        const ended = await end(store, first.id);
        const page = await store.feed(alice, position, 10);
        expect(page.isSnapshot).toBe(false);
        expect(page.calls).toEqual([second, ended]);
        expect(page.position).toEqual({ epoch: position.epoch, version: 3 });
        const rest = await store.feed(alice, page.position, 10);
        expect(rest).toMatchObject({ isSnapshot: false, calls: [], position: page.position });
      });

      it('comes in pages that lose nothing', async () => {
        const { position } = await store.feed(alice, undefined, 10);
        const placed: (Call | undefined)[] = [];
        for (const caller of ['b', 'c', 'd', 'e', 'f']) {
          placed.push(await place(store, { caller, callees: ['alice'] }));
        }
        const seen: Call[] = [];
        let at = position;
        for (let pages = 0; pages < 3; pages += 1) {
          const page = await store.feed(alice, at, 2);
          seen.push(...page.calls);
          at = page.position;
        }
        expect(seen).toEqual(placed);
        expect(at).toEqual({ epoch: position.epoch, version: 5 });
      });

      it('is a snapshot again after a cursor of another epoch, or of a version to come', async () => {
        const call = (await place(store)) as Call;
        const { position } = await store.feed(alice, undefined, 10);
        for (const wrong of [
          { epoch: 'another', version: 0 },
          { ...position, version: position.version + 1 },
        ]) {
          const page = await store.feed(alice, wrong, 10);
          expect(page).toMatchObject({ isSnapshot: true, calls: [{ id: call.id }], position });
        }
      });

      it('shows nothing of a call to whom it is hidden, nor counts it', async () => {
        const bob = user('bob');
        const { position } = await store.feed(bob, undefined, 10);
        const call = (await place(store, { hidden: ['bob'] })) as Call;
        expect(shape(call)?.versions).toEqual({ alice: 1, bob: 0 });
        const ended = await end(store, call.id);
        expect(shape(ended)?.versions).toEqual({ alice: 2, bob: 0 });
        expect(await store.feed(bob, position, 10)).toMatchObject({ calls: [], position });
        expect((await store.feed(bob, undefined, 10)).calls).toEqual([]);
        expect((await store.live(bob)).calls).toEqual([]);
        expect((await store.history(bob, { limit: 10 })).calls).toEqual([]);
        expect((await store.history(alice, { limit: 10 })).calls).toEqual([ended]);
      });
    });

    describe('the lists', () => {
      const alice = user('alice');
      const others = ['b', 'c', 'd', 'e', 'f'];
      const placeAll = async (context?: (index: number) => string) => {
        const calls: Call[] = [];
        for (const [index, caller] of others.entries()) {
          const about = context === undefined ? {} : { context: context(index) };
          calls.push((await place(store, { caller, callees: ['alice'], ...about })) as Call);
          stage.advance(1_000);
        }
        return calls.reverse();
      };

      it('have live calls newest first, and no ended one', async () => {
        const calls = await placeAll();
        await end(store, (calls[1] as Call).id);
        const { calls: live, now } = await store.live(alice);
        expect(ids(live)).toEqual(ids(calls.filter((_, index) => index !== 1)));
        expect(now).toBeGreaterThan((calls[0] as Call).createdAt);
        // She left it; it goes on, and she may come back.
        await move(store, (calls[2] as Call).id, { uid: 'alice', state: 'left', cause: 'left' });
        expect((await store.live(alice)).calls).toHaveLength(4);
      });

      it('have the history newest first, page by page to its end', async () => {
        const calls = await placeAll();
        const seen: string[] = [];
        let after: string | undefined;
        const sizes: number[] = [];
        do {
          const page = await store.history(
            alice,
            after === undefined ? { limit: 2 } : { after, limit: 2 },
          );
          seen.push(...ids(page.calls));
          sizes.push(page.calls.length);
          after = page.next;
        } while (after !== undefined);
        expect({ seen, sizes }).toEqual({ seen: ids(calls), sizes: [2, 2, 1] });
      });

      it('lose nothing of the history where calls were placed in the same millisecond', async () => {
        const placed = await Promise.all(
          others.map((caller) => place(store, { caller, callees: ['alice'] })),
        );
        const first = await store.history(alice, { limit: 3 });
        const second = await store.history(alice, { after: first.next as string, limit: 3 });
        expect(ids([...first.calls, ...second.calls]).sort()).toEqual(ids(placed as Call[]).sort());
        expect(second.next).toBeUndefined();
      });

      it('have the history of a context alone', async () => {
        const calls = await placeAll((index) => (index % 2 === 0 ? 'even' : 'odd'));
        const page = await store.history(alice, { context: 'even', limit: 2 });
        expect(ids(page.calls)).toEqual([calls[0]?.id, calls[2]?.id]);
        const rest = await store.history(alice, {
          context: 'even',
          after: page.next as string,
          limit: 2,
        });
        expect(ids(rest.calls)).toEqual([calls[4]?.id]);
        expect(await store.history(alice, { context: 'none', limit: 2 })).toMatchObject({
          calls: [],
          next: undefined,
        });
      });

      it.each([
        'nonsense',
        // NUL, which is an error to one database.
        Buffer.from('1 \0').toString('base64url'),
        Buffer.from(`1 ${'-'.repeat(37)}`).toString('base64url'),
      ])('refuse a cursor that is none: %s', async (after) => {
        const page = store.history(alice, { after, limit: 1 });
        await expect(page).rejects.toThrow(UnknownCursor);
      });
    });

    describe('rings that were not answered', () => {
      const rings = async (callees: string[], caller = 'alice', callId = newCallId()) => {
        const forMs = 600_000;
        const ringsBy = { caller: user(caller), callees: callees.map(user), forMs };
        const { scene } = await store.change({ callId, people: [], ringsBy }, () => ({
          changed: [],
          result: undefined,
        }));
        return Object.fromEntries(scene.unansweredRings);
      };
      const ring = async (callees: string[]) => {
        const call = (await place(store, { callees })) as Call;
        stage.advance(1_000);
        await end(store, call.id);
        return call.createdAt;
      };
      const talk = async (caller: string, uid: string) => {
        const { id } = (await place(store, { caller, callees: [uid] })) as Call;
        stage.advance(1_000);
        const answered = { state: 'joining', answeredAt: (await store.call(id)).now } as const;
        await move(store, id, { uid, cause: 'accepted', ...answered });
        await end(store, id);
        stage.advance(1_000);
      };

      it('are counted a pair, within their time', async () => {
        await ring(['bob']);
        stage.advance(599_000);
        const since = await ring(['bob', 'carol']);
        await ring(['bob']);
        expect(await rings(['bob', 'carol', 'dave'])).toEqual({
          bob: { count: 2, since },
          carol: { count: 1, since },
        });
      });

      it('are those of whoever placed the call as well, where another one invites', async () => {
        const since = await ring(['bob']);
        const { id } = (await place(store, { callees: ['mallory'] })) as Call;
        expect(await rings(['bob'], 'mallory', id)).toEqual({ bob: { count: 1, since } });
        expect(await rings(['bob'], 'mallory')).toEqual({});
      });

      it('begin anew with an answer', async () => {
        await ring(['bob']);
        await ring(['bob']);
        await talk('alice', 'bob');
        expect(await rings(['bob'])).toEqual({});
        const since = await ring(['bob']);
        expect(await rings(['bob'])).toEqual({ bob: { count: 1, since } });
      });

      it('begin anew where the one who did not answer has called back, and was answered', async () => {
        const since = await ring(['bob', 'carol']);
        await end(store, ((await place(store, { caller: 'bob', callees: ['alice'] })) as Call).id);
        const both = { bob: { count: 1, since }, carol: { count: 1, since } };
        expect(await rings(['bob', 'carol'])).toEqual(both);
        await talk('bob', 'alice');
        expect(await rings(['bob', 'carol'])).toEqual({ carol: both.carol });
      });
    });

    describe('deadlines', () => {
      it('are due one a call, the oldest first, and tell when the next one is', async () => {
        expect(await store.nextDueMs('deadlines')).toBeUndefined();
        const late = (await place(store, { callees: ['bob', 'carol'], ringMs: 9_000 })) as Call;
        const early = (await place(store, {
          caller: 'dave',
          callees: ['eve'],
          ringMs: 5_000,
        })) as Call;
        expect(await store.due(10)).toEqual([]);
        const inMs = (await store.nextDueMs('deadlines')) as number;
        expect(inMs).toBeGreaterThan(3_000);
        expect(inMs).toBeLessThanOrEqual(5_000);
        stage.advance(10_000);
        const at = early.createdAt + 5_000;
        expect(await store.due(10)).toEqual([
          { callId: early.id, room: early.room, key: 'ring:eve', dueAt: at },
          { callId: late.id, room: late.room, key: 'ring:bob', dueAt: late.createdAt + 9_000 },
        ]);
        expect(await store.due(1)).toHaveLength(1);
        expect(await store.nextDueMs('deadlines')).toBe(0);
        await end(store, early.id);
        expect((await store.due(10)).map(({ callId }) => callId)).toEqual([late.id]);
      });

      it('are told to whoever waits for them as they are written', async () => {
        const told: number[] = [];
        const stop = store.onDue('deadlines', (ms) => told.push(ms));
        await place(store, { ringMs: 7_000 });
        await place(store, { caller: 'c', callees: ['d'], effects: [{ type: 'create_room' }] });
        expect(told).toEqual([7_000, 45_000]);
        stop();
        await place(store, { caller: 'e', callees: ['f'] });
        expect(told).toHaveLength(2);
      });
    });

    describe('effects', () => {
      it('are leased once, come again when the lease is over, and end when done', async () => {
        const effects = [
          { type: 'create_room' },
          { type: 'remove_participant', identity: 'a stranger' },
        ] as const;
        const call = (await place(store, { effects })) as Call;
        expect(await store.nextDueMs('livekit')).toBe(0);
        const leased = await store.leaseEffects('livekit', 10, 5_000);
        expect(leased).toHaveLength(2);
        expect(leased).toContainEqual(
          expect.objectContaining({
            callId: call.id,
            room: call.room,
            effect: effects[1],
            tries: 1,
          }),
        );
        expect(await store.leaseEffects('livekit', 10, 5_000)).toEqual([]);
        const [one, other] = leased as [(typeof leased)[0], (typeof leased)[0]];
        await store.effectDone('livekit', one);
        stage.advance(5_001);
        expect(await store.leaseEffects('livekit', 10, 5_000)).toEqual([{ ...other, tries: 2 }]);
        await store.effectFailed('livekit', other.id, 60_000);
        stage.advance(30_000);
        expect(await store.leaseEffects('livekit', 10, 5_000)).toEqual([]);
        stage.advance(30_001);
        expect(await store.leaseEffects('livekit', 10, 5_000)).toEqual([{ ...other, tries: 3 }]);
      });

      it('come as many at a time as asked for', async () => {
        await place(store, { effects: [{ type: 'create_room' }, { type: 'delete_room' }] });
        expect(await store.leaseEffects('livekit', 1, 5_000)).toHaveLength(1);
        expect(await store.leaseEffects('livekit', 1, 5_000)).toHaveLength(1);
        expect(await store.leaseEffects('livekit', 1, 5_000)).toEqual([]);
      });
    });

    describe('what has ended', () => {
      it('is known by its room for a while', async () => {
        const call = (await place(store)) as Call;
        await place(store, { caller: 'c', callees: ['d'] });
        expect(await store.roomsEndedWithin(60_000)).toEqual([]);
        await end(store, call.id);
        stage.advance(59_000);
        expect(await store.roomsEndedWithin(60_000)).toEqual([call.room]);
        stage.advance(1_001);
        expect(await store.roomsEndedWithin(60_000)).toEqual([]);
      });

      it('is forgotten a few at a time, and its people with the last of it', async () => {
        const profile = { uid: user('alice'), name: 'Alice' };
        for (const callee of ['b', 'c', 'd']) {
          const call = (await place(store, { callees: [callee], profile })) as Call;
          await end(store, call.id);
        }
        const { position } = await store.feed(user('alice'), undefined, 1);
        stage.advance(10_000);
        const kept = (await place(store, { caller: 'x', callees: ['b'] })) as Call;
        expect(await store.forget(60_000, 10)).toBe(0);
        expect(await store.forget(5_000, 2)).toBe(2);
        expect((await store.feed(user('alice'), position, 1)).isSnapshot).toBe(false);
        expect(await store.forget(5_000, 2)).toBe(1);
        expect(await store.forget(5_000, 2)).toBe(0);
        expect((await store.history(user('b'), { limit: 10 })).calls).toEqual([kept]);
        expect((await store.feed(user('alice'), position, 1)).isSnapshot).toBe(true);
        const next = await place(store);
        expect(next?.parties[0]).not.toHaveProperty('name');
      });
    });

    describe('whoever waits for a person', () => {
      it('is woken by each change in his eyes, and by no other', async () => {
        let woken = 0;
        const stop = store.onChangeFor(user('bob'), () => {
          woken += 1;
        });
        const call = (await place(store)) as Call;
        expect(woken).toBe(1);
        await place(store, { caller: 'c', callees: ['d'] });
        expect(woken).toBe(1);
        await end(store, call.id);
        expect(woken).toBe(2);
        await end(store, ((await place(store, { hidden: ['bob'] })) as Call).id);
        expect(woken).toBe(2);
        stop();
        await place(store);
        expect(woken).toBe(2);
      });
    });

    describe('whoever fails when he is woken', () => {
      it('undoes nothing, and keeps nobody else from it', async () => {
        const woken: string[] = [];
        const stops = [
          store.onChangeFor(user('bob'), () => {
            throw new Error('a bug');
          }),
          store.onChangeFor(user('bob'), () => woken.push('bob')),
        ];
        expect(await place(store)).toBeDefined();
        expect(woken).toEqual(['bob']);
        for (const stop of stops) stop();
      });
    });

    describe('at the same time', () => {
      it('two who call each other get one call', async () => {
        for (let round = 0; round < 25; round += 1) {
          await stage.empty();
          store = stage.store;
          const both = await Promise.all([
            place(store, { caller: 'alice', callees: ['bob'] }),
            place(store, { caller: 'bob', callees: ['alice'] }),
          ]);
          expect(both.filter((call) => call !== undefined)).toHaveLength(1);
        }
      });

      it('two who place under the same id get one call', async () => {
        for (let round = 0; round < 10; round += 1) {
          const id = newCallId();
          const both = await Promise.all([
            place(store, { id, caller: `a${round}`, callees: [`b${round}`] }),
            place(store, { id, caller: `c${round}`, callees: [`d${round}`] }),
          ]);
          expect(both.filter((call) => call !== undefined)).toHaveLength(1);
        }
      });

      it('every change of a person has a version of its own, without gaps', async () => {
        const callers = Array.from({ length: 20 }, (_, index) => `caller-${index}`);
        const placed = await Promise.all(
          callers.map((caller) => place(store, { caller, callees: ['bob', 'carol'] })),
        );
        await Promise.all((placed as Call[]).map(({ id }) => end(store, id)));
        for (const uid of ['bob', 'carol'].map(user)) {
          const { position } = await store.feed(uid, undefined, 1);
          expect(position.version).toBe(40);
          const page = await store.feed(uid, { ...position, version: 0 }, 100);
          const versions = page.calls.map(
            (call) => call.parties.find((p) => p.uid === uid)?.version,
          );
          expect(new Set(versions).size).toBe(20);
          expect(versions).toEqual(versions.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
        }
      });

      it('a reader that follows loses no change', async () => {
        const bob = user('bob');
        let { position } = await store.feed(bob, undefined, 1);
        const seen = new Map<string, string>();
        const follow = async () => {
          const page = await store.feed(bob, position, 5);
          position = page.position;
          for (const call of page.calls) seen.set(call.id, call.state);
          return page.calls.length;
        };
        let isOver = false;
        const reading = (async () => {
          while (!isOver || (await follow()) > 0) await follow();
        })();
        const placed = await Promise.all(
          Array.from({ length: 15 }, async (_, index) => {
            const call = (await place(store, { caller: `c${index}`, callees: ['bob'] })) as Call;
            return index % 2 === 0 ? end(store, call.id) : call;
          }),
        );
        isOver = true;
        await reading;
        expect(seen).toEqual(new Map(placed.map(({ id, state }) => [id, state])));
      });
    });

    describe.runIf(isShared)('over two instances', () => {
      const another = async () => {
        const other = await stage.instance();
        onTestFinished(() => other.close());
        return other;
      };

      it('two who call each other get one call', async () => {
        const other = await another();
        for (let round = 0; round < 25; round += 1) {
          await stage.empty();
          store = stage.store;
          const both = await Promise.all([
            place(store, { caller: 'alice', callees: ['bob'] }),
            place(other, { caller: 'bob', callees: ['alice'] }),
          ]);
          expect(both.filter((call) => call !== undefined)).toHaveLength(1);
        }
      });

      it('an effect is leased once', async () => {
        const other = await another();
        const effects = Array.from({ length: 20 }, () => ({ type: 'delete_room' }) as const);
        await place(store, { effects });
        const leased = await Promise.all(
          Array.from({ length: 8 }, (_, index) =>
            (index % 2 === 0 ? store : other).leaseEffects('livekit', 5, 60_000),
          ),
        );
        const all = leased.flat().map(({ id }) => id);
        // One that asks while another takes may go away with less; nothing is taken twice.
        for (let more = await other.leaseEffects('livekit', 20, 60_000); more.length > 0; ) {
          all.push(...more.map(({ id }) => id));
          more = await other.leaseEffects('livekit', 20, 60_000);
        }
        expect({ all: all.length, different: new Set(all).size }).toEqual({
          all: 20,
          different: 20,
        });
      });

      it('a change wakes who waits at the other one, for a person or for what is due', async () => {
        const other = await another();
        const told: string[] = [];
        const stops = [
          other.onChangeFor(user('bob'), () => told.push('bob')),
          other.onDue('deadlines', () => told.push('due')),
        ];
        await place(store);
        await vi.waitFor(
          () => {
            stage.advance(1_000);
            expect(told).toEqual(expect.arrayContaining(['bob', 'due']));
          },
          { timeout: 10_000 },
        );
        for (const stop of stops) stop();
      });
    });
  });
}
