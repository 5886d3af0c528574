// Devices, and which of them rings, as every store must keep them.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { InstallationId } from '../../src/base/ids.ts';
import type { Call } from '../../src/calls/call.ts';
import { DEVICES_MAX, type Device, type Target } from '../../src/ringing/device.ts';
import type { Store } from '../../src/storage/store.ts';
import type { StoreStage } from './contract.ts';
import { change, end, move, newCallId, place, ringOf, user } from './scenes.ts';

export const installation = (name: string) => name as InstallationId;
const fcm = (value: string): Target => ({ kind: 'fcm_token', value });

export const device = (uid: string, name: string, more: Partial<Device> = {}): Device => ({
  uid: user(uid),
  installation: installation(name),
  platform: 'android',
  targets: [fcm(`token of ${uid} at ${name}`)],
  ...more,
});

const names = (devices: readonly Device[] | undefined) =>
  devices?.map((one) => one.installation).sort();

export function describeRinging(
  name: string,
  { setStage, isShared }: { setStage: () => Promise<StoreStage>; isShared: boolean },
): void {
  describe(`${name}: ringing`, () => {
    let stage: StoreStage;
    let store: Store;
    const bob = user('bob');

    beforeAll(async () => {
      stage = await setStage();
    });
    beforeEach(async () => {
      await stage.empty();
      store = stage.store;
    });
    afterAll(() => stage?.close());

    const put = async (...devices: readonly Device[]) => {
      for (const one of devices) {
        await store.putDevice(one);
        stage.advance(1_000);
      }
    };

    describe('a device', () => {
      it('is kept whole, and with new values as it is put again', async () => {
        const phone = device('bob', 'iPhone "1"', {
          platform: 'ios',
          locale: 'de-DE',
          targets: [
            { kind: 'apns', value: 'a', isSandbox: true },
            { kind: 'apns_voip', value: 'b' },
            fcm('c'),
          ],
        });
        await put(phone);
        expect(await store.devicesOf(bob)).toStrictEqual([phone]);
        const later = device('bob', 'iPhone "1"', { platform: 'ios', targets: [fcm('d')] });
        await put(later);
        expect(await store.devicesOf(bob)).toStrictEqual([later]);
        expect(await store.devicesOf(user('carol'))).toEqual([]);
      });

      it('may be one of several of a person, the one that was heard last first', async () => {
        await put(device('bob', 'old'), device('bob', 'new'), device('bob', 'third'));
        await put(device('bob', 'old'));
        const order = (await store.devicesOf(bob)).map((one) => one.installation);
        expect(order).toEqual(['old', 'third', 'new']);
      });

      it('goes when it is removed, by its own person alone', async () => {
        await put(device('bob', 'phone'));
        expect(await store.removeDevice(user('carol'), installation('phone'))).toBe(false);
        expect(await store.removeDevice(bob, installation('phone'))).toBe(true);
        expect(await store.removeDevice(bob, installation('phone'))).toBe(false);
        expect(await store.devicesOf(bob)).toEqual([]);
      });

      it('whose value somebody else has now is gone whole: it is the same phone', async () => {
        const both = [fcm('1'), { kind: 'apns_voip', value: '2' } as const];
        await put(device('bob', 'phone', { targets: both }), device('bob', 'other'));
        await put(device('carol', 'phone', { targets: [fcm('1')] }));
        expect(names(await store.devicesOf(bob))).toEqual(['other']);
        expect(await store.devicesOf(user('carol'))).toHaveLength(1);
      });

      it('whose value another installation of its person has now is gone: the app was installed anew', async () => {
        await put(device('bob', 'before', { targets: [fcm('1')] }));
        await put(device('bob', 'after', { targets: [fcm('1')] }));
        expect(names(await store.devicesOf(bob))).toEqual(['after']);
      });

      it('has values as long as providers may make them', async () => {
        const long = device('bob', 'phone', { targets: [fcm(randomBytes(2_048).toString('hex'))] });
        await put(long);
        await put(long);
        expect(await store.devicesOf(bob)).toEqual([long]);
        await store.dropTarget(long.targets[0] as Target);
        expect(await store.devicesOf(bob)).toEqual([]);
      });

      it('of another kind may have the same value', async () => {
        await put(device('bob', 'phone', { targets: [fcm('1')] }));
        await put(device('carol', 'phone', { targets: [{ kind: 'fid', value: '1' }] }));
        expect(await store.devicesOf(bob)).toHaveLength(1);
      });

      it('too many makes the longest silent go', async () => {
        const all = Array.from({ length: DEVICES_MAX }, (_, n) => `phone-${n}`);
        await put(...all.map((one) => device('bob', one)));
        await put(device('bob', 'phone-0'));
        expect(names(await store.devicesOf(bob))).toEqual(all.toSorted());
        await put(device('bob', 'one more'));
        const kept = [...all.filter((one) => one !== 'phone-1'), 'one more'].sort();
        expect(names(await store.devicesOf(bob))).toEqual(kept);
      });

      it('loses a value of which a provider knows nothing, and goes with the last', async () => {
        const [one, other] = [fcm('1'), { kind: 'apns_voip', value: '2' } as const];
        await put(device('bob', 'phone', { targets: [one, other] }));
        await store.dropTarget(one);
        expect(await store.devicesOf(bob)).toMatchObject([{ targets: [other] }]);
        await store.dropTarget({ kind: 'fid', value: '2' });
        expect(await store.devicesOf(bob)).toHaveLength(1);
        await store.dropTarget(other);
        expect(await store.devicesOf(bob)).toEqual([]);
      });

      it('is forgotten without a sign of life, a few at a time', async () => {
        await put(device('bob', 'a'), device('bob', 'b'), device('carol', 'c'));
        stage.advance(10_000);
        await put(device('bob', 'b'));
        expect(await store.forgetDevices(60_000, 10)).toBe(0);
        expect(await store.forgetDevices(5_000, 1)).toBe(1);
        expect(await store.forgetDevices(5_000, 1)).toBe(1);
        expect(await store.forgetDevices(5_000, 1)).toBe(0);
        expect(names(await store.devicesOf(bob))).toEqual(['b']);
      });
    });

    describe('the reach of whoever is to be rung', () => {
      const reach = async (...uids: readonly string[]) => {
        const ringsBy = { caller: user('alice'), callees: uids.map(user), forMs: 600_000 };
        const { scene } = await store.change({ callId: newCallId(), people: [], ringsBy }, () => ({
          changed: [],
          result: undefined,
        }));
        return scene.reach && Object.fromEntries(scene.reach);
      };
      const heard = async (...uids: readonly string[]) => {
        for (const uid of uids) await store.feed(user(uid), undefined, 1);
        await store.listening(uids.map(user));
      };

      it('is how many devices can be pushed to, and none for a stranger', async () => {
        const targets = [fcm('1'), { kind: 'apns_voip', value: '2' } as const];
        await put(device('bob', 'phone', { targets }));
        await put(device('carol', 'a'), device('carol', 'b'));
        expect(await reach('bob', 'carol', 'dave')).toEqual({ bob: 1, carol: 2, dave: 0 });
        await store.dropTarget(targets[0] as Target);
        await store.dropTarget(targets[1] as Target);
        expect(await reach('bob')).toEqual({ bob: 0 });
      });

      it('is one more where a feed is open, until a while after the last word of it', async () => {
        await put(device('bob', 'phone'));
        await heard('bob', 'carol', 'nobody that calls');
        expect(await reach('bob', 'carol')).toEqual({ bob: 2, carol: 1 });
        stage.advance(85_000);
        await heard('carol');
        stage.advance(6_000);
        expect(await reach('bob', 'carol')).toEqual({ bob: 1, carol: 1 });
      });

      it('of more people than one statement takes is marked all the same', async () => {
        const many = Array.from({ length: 501 }, (_, n) => `listener-${n}`);
        await store.feed(user('listener-0'), undefined, 1);
        await store.feed(user('listener-500'), undefined, 1);
        await store.listening(many.map(user));
        expect(await reach('listener-0', 'listener-500')).toEqual({
          'listener-0': 1,
          'listener-500': 1,
        });
      });

      it('is not looked at where nobody asks', async () => {
        const { scene } = await store.change({ callId: newCallId(), people: [] }, () => ({
          changed: [],
          result: undefined,
        }));
        expect(scene).not.toHaveProperty('reach');
      });
    });

    describe('at the same time', () => {
      const both = async () => {
        const other = isShared ? await stage.instance() : store;
        if (isShared) onTestFinished(() => other.close());
        return [store, other] as const;
      };

      it('two people who have the same value get one device of it', async () => {
        const [here, there] = await both();
        const people = ['alice', 'bob', 'carol', 'dave'];
        for (let round = 0; round < 25; round += 1) {
          // Crosswise: each takes what another has.
          const values = people.map((_, n) => fcm(`${(n + round) % people.length}`));
          await Promise.all(
            people.map((uid, n) => {
              const targets = [values[n] as Target, { kind: 'fid', value: 'shared' } as const];
              const at = n % 2 === 0 ? here : there;
              return at.putDevice(device(uid, 'phone', { targets }));
            }),
          );
          const devices = await Promise.all(people.map((uid) => store.devicesOf(user(uid))));
          const seen = devices.flat().flatMap(({ targets }) => targets.map(({ value }) => value));
          expect(seen.filter((value) => value === 'shared')).toHaveLength(1);
          expect(new Set(seen).size).toBe(seen.length);
          expect(devices.flat().every(({ targets }) => targets.length === 2)).toBe(true);
        }
      });

      it('many new devices of one person are no more than there may be', async () => {
        const [here, there] = await both();
        await Promise.all(
          Array.from({ length: 2 * DEVICES_MAX }, (_, n) =>
            (n % 2 === 0 ? here : there).putDevice(device('bob', `phone-${n}`)),
          ),
        );
        expect(await store.devicesOf(bob)).toHaveLength(DEVICES_MAX);
      });

      it('a value that is dropped and one that comes leave a device with the one that came', async () => {
        const [here, there] = await both();
        for (let round = 0; round < 25; round += 1) {
          await put(device('bob', 'phone', { targets: [fcm(`old ${round}`)] }));
          await Promise.all([
            here.putDevice(device('bob', 'phone', { targets: [fcm(`new ${round}`)] })),
            there.dropTarget(fcm(`old ${round}`)),
          ]);
          expect(await store.devicesOf(bob)).toMatchObject([{ targets: [fcm(`new ${round}`)] }]);
        }
      });

      it('the rings and ends of many phones are written down by both, each of them', async () => {
        const [here, there] = await both();
        const phones = Array.from({ length: DEVICES_MAX }, (_, n) => `phone-${n}`);
        await put(...phones.map((name) => device('bob', name)));
        for (let round = 0; round < 10; round += 1) {
          const call = (await place(store)) as Call;
          const ring = ringOf(call);
          await store.takeRing(ring);
          // Crosswise, while one of both takes them once more.
          await Promise.all([
            there.takeRing(ring),
            ...phones.map((name) => here.ringHanded(ring, [installation(name)])),
            ...phones.toReversed().map((name) => there.ringHanded(ring, [installation(name)])),
          ]);
          expect((await store.takeRing(ring))?.devices).toEqual([]);
          await end(store, call.id);
          await Promise.all([
            ...phones.map((name) => here.stopHanded(ring, [installation(name)])),
            ...phones.toReversed().map((name) => there.stopHanded(ring, [installation(name)])),
          ]);
          expect((await store.takeStop(call.id, bob, undefined))?.devices).toEqual([]);
        }
      });

      it('a ring that ends as it is taken is seen by one of both', async () => {
        const [here, there] = await both();
        for (let round = 0; round < 25; round += 1) {
          await put(device('bob', 'phone'));
          const call = (await place(store)) as Call;
          const taking = here.takeRing(ringOf(call));
          const [taken] = await Promise.all([taking, end(there, call.id)]);
          const stopped = await store.takeStop(call.id, bob, undefined);
          expect(stopped?.devices).toEqual(taken?.devices ?? []);
        }
      });
    });

    describe('a ring', () => {
      const ringing = async (...devices: readonly Device[]) => {
        await put(...(devices.length > 0 ? devices : [device('bob', 'phone')]));
        return (await place(store)) as Call;
      };
      const taken = async (call: Call) => names((await store.takeRing(ringOf(call)))?.devices);
      const stopped = async (call: Call, but?: string) =>
        store.takeStop(call.id, bob, but === undefined ? undefined : installation(but));

      it('goes to all devices of the callee, with the call as it is', async () => {
        const phone = device('bob', 'phone', { locale: 'fr' });
        const call = await ringing(phone, device('bob', 'tablet'), device('alice', 'hers'));
        const ring = await store.takeRing(ringOf(call));
        expect(ring?.call).toEqual(call);
        expect(ring?.devices).toEqual([device('bob', 'tablet'), phone]);
        const { now } = await store.call(call.id);
        expect(Math.abs(now - (ring?.now as number))).toBeLessThan(5_000);
      });

      it('goes again to those alone whose provider has not taken it', async () => {
        const call = await ringing(device('bob', 'phone'), device('bob', 'tablet'));
        expect(await taken(call)).toEqual(['phone', 'tablet']);
        await store.ringHanded(ringOf(call), [installation('phone')]);
        expect(await taken(call)).toEqual(['tablet']);
        await put(device('bob', 'new'));
        expect(await taken(call)).toEqual(['new', 'tablet']);
      });

      it('goes to nobody where there is no device', async () => {
        const call = await ringing(device('alice', 'hers'));
        expect(await taken(call)).toEqual([]);
      });

      it('is none once it is answered, over, hidden, of a stranger, or of no call', async () => {
        const call = await ringing();
        expect(await store.takeRing({ ...ringOf(call), uid: user('carol') })).toBeUndefined();
        expect(await store.takeRing(ringOf(call, 'alice'))).toBeUndefined();
        expect(await store.takeRing({ ...ringOf(call), callId: newCallId() })).toBeUndefined();
        await move(store, call.id, { uid: 'bob', state: 'declined', cause: 'declined' });
        expect(await store.takeRing(ringOf(call))).toBeUndefined();
        await end(store, call.id);
        const hidden = (await place(store, { hidden: ['bob'] })) as Call;
        expect(await store.takeRing(ringOf(hidden))).toBeUndefined();
      });

      it('is none once its time has passed, whether or not anybody has said so', async () => {
        const call = await ringing();
        stage.advance(44_000 - 1_000);
        expect(await taken(call)).toEqual(['phone']);
        stage.advance(3_000);
        expect(await taken(call)).toBeUndefined();
      });

      it('is stopped where it was rung, but not where he acted, and each is told once', async () => {
        const call = await ringing(
          device('bob', 'phone'),
          device('bob', 'tablet'),
          device('bob', 'watch'),
        );
        await store.takeRing(ringOf(call));
        await store.ringHanded(ringOf(call), ['phone', 'tablet', 'watch'].map(installation));
        await put(device('bob', 'never rung'));
        expect(await stopped(call)).toBeUndefined();
        await move(store, call.id, { uid: 'bob', state: 'joining', cause: 'accepted' });
        const stop = await stopped(call, 'tablet');
        expect(stop?.call.parties[1]).toMatchObject({ uid: 'bob', state: 'joining' });
        expect([names(stop?.devices), stop?.onTheWay]).toEqual([['phone', 'watch'], []]);
        expect(stop?.devices).toContainEqual(device('bob', 'phone'));
        await store.stopHanded(ringOf(call), [installation('phone')]);
        expect(names((await stopped(call, 'tablet'))?.devices)).toEqual(['watch']);
      });

      it('that may be on its way yet is named, for as long as a try may take', async () => {
        const call = await ringing(device('bob', 'phone'), device('bob', 'tablet'));
        await store.takeRing(ringOf(call));
        await store.ringHanded(ringOf(call), [installation('tablet')]);
        await end(store, call.id);
        const onTheWay = async () => (await stopped(call))?.onTheWay;
        expect(await onTheWay()).toEqual(['phone']);
        stage.advance(4_000);
        expect(await onTheWay()).toEqual(['phone']);
        stage.advance(1_001);
        expect(await onTheWay()).toEqual([]);
        expect(names((await stopped(call))?.devices)).toEqual(['phone', 'tablet']);
      });

      it('is stopped at no device that has gone to somebody else', async () => {
        const call = await ringing(device('bob', 'phone'), device('bob', 'tablet'));
        await store.takeRing(ringOf(call));
        const [value] = device('bob', 'phone').targets;
        await put(device('carol', 'phone', { targets: [value as Target] }));
        await end(store, call.id);
        expect(names((await stopped(call))?.devices)).toEqual(['tablet']);
        expect(await store.takeStop(newCallId(), bob, undefined)).toBeUndefined();
      });

      describe('that begins anew', () => {
        /** He declines, or what happens, and is invited again. */
        const again = async (call: Call, meanwhile: () => Promise<unknown> = async () => {}) => {
          const declined = await move(store, call.id, {
            uid: 'bob',
            state: 'declined',
            cause: 'declined',
          });
          await meanwhile();
          stage.advance(1_000);
          const { now } = await store.call(call.id);
          const parties = declined.parties.map((party) =>
            party.uid === bob
              ? { ...party, state: 'ringing' as const, createdAt: now, ringEndsAt: now + 45_000 }
              : party,
          );
          return change(store, { ...declined, parties }, {});
        };
        const phone = [installation('phone')];

        it('goes to all again, and is stopped again', async () => {
          const call = await ringing();
          await store.takeRing(ringOf(call));
          await store.ringHanded(ringOf(call), phone);
          const anew = await again(call, async () => {
            expect(names((await stopped(call))?.devices)).toEqual(['phone']);
            await store.stopHanded(ringOf(call), phone);
            expect((await stopped(call))?.devices).toEqual([]);
          });
          expect(await stopped(call)).toBeUndefined();
          expect(await taken(anew)).toEqual(['phone']);
          await store.ringHanded(ringOf(anew), phone);
          expect(await taken(anew)).toEqual([]);
          await end(store, call.id);
          const stop = await stopped(call);
          expect([names(stop?.devices), stop?.ringAt]).toEqual([['phone'], ringOf(anew).ringAt]);
        });

        it('is rung by its own word alone', async () => {
          const call = await ringing();
          const anew = await again(call);
          expect(await store.takeRing(ringOf(call))).toBeUndefined();
          expect(await taken(anew)).toEqual(['phone']);
          // What a provider says late of the ring before.
          await store.ringHanded(ringOf(call), phone);
          expect(await taken(anew)).toEqual(['phone']);
        });

        it('is not over for a phone that has heard late of the end of the one before', async () => {
          const call = await ringing();
          await store.takeRing(ringOf(call));
          const anew = await again(call);
          await store.takeRing(ringOf(anew));
          await store.ringHanded(ringOf(anew), phone);
          await store.stopHanded(ringOf(call), phone);
          await end(store, call.id);
          await store.stopHanded(ringOf(call), phone);
          expect(names((await stopped(call))?.devices)).toEqual(['phone']);
          await store.stopHanded(ringOf(anew), phone);
          expect((await stopped(call))?.devices).toEqual([]);
        });

        it('is not stopped while the one before may be on its way yet', async () => {
          const call = await ringing();
          await store.takeRing(ringOf(call));
          const anew = await again(call);
          await store.takeRing(ringOf(anew));
          await store.ringHanded(ringOf(anew), phone);
          await end(store, call.id);
          const stop = async () => {
            const found = await stopped(call);
            return [names(found?.devices), found?.onTheWay];
          };
          expect(await stop()).toEqual([['phone'], ['phone']]);
          stage.advance(4_001);
          expect(await stop()).toEqual([['phone'], []]);
          await store.stopHanded(ringOf(anew), phone);
          expect(await stop()).toEqual([[], []]);
        });
      });

      it('is said to ring by the first word of each device that was rung', async () => {
        const call = await ringing(device('bob', 'phone', { platform: 'ios' }));
        const word = (of = 'bob', at = 'phone') =>
          store.deviceAlerted(call.id, user(of), installation(at));
        expect(await word()).toBeUndefined();
        await store.takeRing(ringOf(call));
        expect(await word('carol')).toBeUndefined();
        expect(await word('bob', 'tablet')).toBeUndefined();
        expect(await word()).toBe('ios');
        expect(await word()).toBeUndefined();
        // Whoever is only ever called gives signs of life by it.
        stage.advance(10_000);
        await word();
        expect(await store.forgetDevices(5_000, 10)).toBe(0);
      });

      it('is forgotten with its call', async () => {
        const call = await ringing();
        await store.takeRing(ringOf(call));
        await end(store, call.id);
        stage.advance(10_000);
        expect(await store.forget(5_000, 10)).toBe(1);
        expect(await stopped(call)).toBeUndefined();
        expect(await store.devicesOf(bob)).toHaveLength(1);
      });
    });
  });
}
