// By what name a call rings: every source, in its order, and what each may do wrong.
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createProfiles,
  type KnownProfile,
  type ProfileDocuments,
  type ProfileOf,
} from '../../src/access/profiles.ts';
import { type User, userFromClaims } from '../../src/base/user.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';

const PICTURE = 'https://pictures.example/alice';
const ALICE = userFromClaims('alice', { name: 'Alice of the token', picture: PICTURE });
/** Accounts by phone number have no name. */
const NAMELESS = userFromClaims('alice', {});

let clock: FakeClock;
let log: FakeLog;
beforeEach(() => {
  clock = createFakeClock();
  log = createFakeLog();
});

const told = () => log.lines.filter(({ message }) => message.startsWith('the name of a caller'));

/** Documents with these fields under `displayName` and `photoURL`. */
function documents(fields: readonly unknown[] | undefined | Error) {
  const asked: string[] = [];
  const firestore: ProfileDocuments = {
    path: 'users/{uid}',
    nameField: 'displayName',
    pictureField: 'profile.photo',
    async fieldsOf(path, names) {
      asked.push(`${path} ${names.map((parts) => parts.join('/')).join(' ')}`);
      if (fields instanceof Error) throw fields;
      return fields;
    },
  };
  return { firestore, asked };
}

const profilesOf = (sources: { profileOf?: ProfileOf; firestore?: ProfileDocuments } = {}) =>
  createProfiles({ ...sources, clock, log });

const given = (profile: KnownProfile | undefined) => Promise.resolve(profile);

describe('the ID token', () => {
  it('names whoever nobody else knows, at once', () => {
    expect(profilesOf().of(ALICE)).toEqual({
      uid: 'alice',
      name: 'Alice of the token',
      picture: PICTURE,
    });
    expect(profilesOf().own(ALICE)).toEqual(profilesOf().of(ALICE));
    expect(profilesOf().of(NAMELESS)).toEqual({ uid: 'alice' });
  });

  it.each([
    ['\u202eecilA\u0007 ', 'ecilA'],
    ['x'.repeat(65), 'x'.repeat(64)],
    ['+49 151 23456789', undefined],
    ['alice@example.com', undefined],
  ])('is cleaned: %j', (name, shown) => {
    expect(profilesOf().of(userFromClaims('alice', { name }))).toEqual({
      uid: 'alice',
      ...(shown !== undefined && { name: shown }),
    });
  });

  it('keeps a picture that is one, and no other', () => {
    const pictured = (picture: string) => profilesOf().of(userFromClaims('alice', { picture }));
    expect(pictured(PICTURE)).toEqual({ uid: 'alice', picture: PICTURE });
    expect(pictured('http://pictures.example/alice')).toEqual({ uid: 'alice' });
    expect(pictured(`https://pictures.example/${'x'.repeat(1_024)}`)).toEqual({ uid: 'alice' });
  });
});

describe('the access answer', () => {
  it('goes before the ID token', async () => {
    expect(await profilesOf().of(ALICE, given({ name: 'Dr. Alice' }))).toEqual({
      uid: 'alice',
      name: 'Dr. Alice',
      picture: PICTURE,
    });
    const whole = { name: 'Dr. Alice', picture: 'https://pictures.example/doctor' };
    expect(await profilesOf().of(NAMELESS, given(whole))).toEqual({ uid: 'alice', ...whole });
  });

  it('that says nothing leaves the ID token’s', async () => {
    for (const nothing of [given({}), given(undefined)]) {
      expect(await profilesOf().of(ALICE, nothing)).toMatchObject({ name: 'Alice of the token' });
    }
  });

  it('that could not be had is nobody’s unhandled rejection', async () => {
    const refused = Promise.reject(new Error('room_forbidden'));
    const slow: ProfileOf = () => new Promise(() => {});
    const profile = profilesOf({ profileOf: slow }).of(ALICE, refused);
    clock.advance(1_000);
    expect(await profile).toMatchObject({ name: 'Alice of the token' });
  });

  it('is not undone by the next request for which nobody was asked', async () => {
    const profiles = profilesOf();
    expect(profiles.of(ALICE)).toMatchObject({ name: 'Alice of the token' });
    await profiles.of(ALICE, given({ name: 'Dr. Alice' }));
    // An accept, and what hangs up.
    expect(profiles.of(ALICE)).toBeUndefined();
    expect(profiles.own(ALICE)).toBeUndefined();
    expect(await profiles.of(ALICE, given({}))).toMatchObject({ name: 'Alice of the token' });
  });
});

describe('profileOf', () => {
  it('goes before all others', async () => {
    const asked: unknown[] = [];
    const profileOf: ProfileOf = (uid, signal) => {
      asked.push([uid, signal.aborted]);
      return { name: 'Alice', picture: 'https://pictures.example/host' };
    };
    const { firestore, asked: read } = documents(['Alice of Firestore', undefined]);
    const profile = profilesOf({ profileOf, firestore }).of(ALICE, given({ name: 'Dr. Alice' }));
    expect(await profile).toEqual({
      uid: 'alice',
      name: 'Alice',
      picture: 'https://pictures.example/host',
    });
    expect([asked, read]).toEqual([[['alice', false]], []]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'Alice'],
    ['a name of another type', { name: 7 }],
    ['an empty name', { name: ' \u200b' }],
    ['a phone number', { name: '+49 151 23456789' }],
  ])('that answers %s leaves it to the next', async (_, answer) => {
    const { firestore } = documents(['Alice of Firestore']);
    const profileOf = (() => answer) as ProfileOf;
    expect(await profilesOf({ profileOf, firestore }).of(ALICE)).toMatchObject({
      name: 'Alice of Firestore',
    });
    expect(told()).toEqual([]);
  });

  it.each<[string, ProfileOf]>([
    [
      'throws',
      () => {
        throw new Error('out of order');
      },
    ],
    ['rejects', () => Promise.reject(new Error('out of order'))],
    [
      'has a trap',
      () =>
        new Proxy(
          {},
          {
            get() {
              throw new Error('trapped');
            },
          },
        ),
    ],
  ])('that %s leaves it to the next, and is told of once a minute', async (_, profileOf) => {
    const { firestore } = documents(['Alice of Firestore']);
    const profiles = profilesOf({ profileOf, firestore });
    for (let at = 0; at < 3; at += 1) {
      expect(await profiles.of(ALICE)).toMatchObject({ name: 'Alice of Firestore' });
    }
    expect(told()).toHaveLength(1);
    clock.advance(60_000);
    await profiles.of(ALICE);
    expect(told()).toHaveLength(2);
    expect(JSON.stringify(told())).not.toMatch(/alice/i);
  });

  it('has a second, side by side with the access question, and its signal ends', async () => {
    const { promise: late, resolve } = Promise.withResolvers<KnownProfile>();
    let signal: AbortSignal | undefined;
    const profiles = profilesOf({
      profileOf(_uid, given) {
        signal = given;
        return late;
      },
    });
    const profile = profiles.of(ALICE, given({ name: 'Dr. Alice' }));
    clock.advance(999);
    expect(signal?.aborted).toBe(false);
    clock.advance(1);
    expect(signal?.aborted).toBe(true);
    resolve({ name: 'Alice, late' });
    expect(await profile).toMatchObject({ name: 'Dr. Alice' });
    expect(told()).toHaveLength(1);
    expect(clock.waiting()).toEqual([]);
  });

  it('that hangs takes the second of the others with it', async () => {
    const { firestore, asked } = documents(['Alice of Firestore']);
    const profile = profilesOf({ profileOf: () => new Promise(() => {}), firestore }).of(ALICE);
    clock.advance(1_000);
    expect(await profile).toMatchObject({ name: 'Alice of the token' });
    expect(asked).toEqual([]);
  });

  it('leaves it to the ID token where nobody knows, and writes nothing of it elsewhere', async () => {
    const profiles = profilesOf({ profileOf: () => undefined });
    expect(await profiles.of(ALICE)).toMatchObject({ name: 'Alice of the token' });
    expect(profiles.own(ALICE)).toBeUndefined();
  });
});

describe('what was answered', () => {
  /** Answers a number more each time. */
  const counting = () => {
    let count = 0;
    const profileOf: ProfileOf = () => {
      count += 1;
      return { name: `Alice ${count}` };
    };
    return { profileOf, count: () => count };
  };
  const nameOf = async (profile: ReturnType<ReturnType<typeof profilesOf>['of']>) =>
    (await profile)?.name;

  it('is kept for a minute, a uid', async () => {
    const { profileOf } = counting();
    const profiles = profilesOf({ profileOf });
    const bob: User = userFromClaims('bob', {});
    expect(await nameOf(profiles.of(ALICE))).toBe('Alice 1');
    clock.advance(59_999);
    expect(await nameOf(profiles.of(ALICE))).toBe('Alice 1');
    expect(await nameOf(profiles.of(bob))).toBe('Alice 2');
    clock.advance(1);
    expect(await nameOf(profiles.of(ALICE))).toBe('Alice 3');
  });

  it('is asked for once by all who wait', async () => {
    const { profileOf, count } = counting();
    const profiles = profilesOf({ profileOf });
    const names = await Promise.all([1, 2, 3].map(() => nameOf(profiles.of(ALICE))));
    expect([names, count()]).toEqual([['Alice 1', 'Alice 1', 'Alice 1'], 1]);
  });

  it('is not kept where somebody failed', async () => {
    let isDown = true;
    const profiles = profilesOf({
      profileOf() {
        if (isDown) throw new Error('out of order');
        return { name: 'Alice' };
      },
    });
    expect(await nameOf(profiles.of(ALICE))).toBe('Alice of the token');
    isDown = false;
    expect(await nameOf(profiles.of(ALICE))).toBe('Alice');
  });

  it('is kept where nobody knows, too', async () => {
    const { firestore, asked } = documents(undefined);
    const profiles = profilesOf({ firestore });
    await profiles.of(ALICE);
    await profiles.of(ALICE);
    expect(asked).toHaveLength(1);
  });
});

describe('Firestore', () => {
  it('is asked for two fields of one document', async () => {
    const { firestore, asked } = documents(['Alice', 'https://pictures.example/f']);
    expect(await profilesOf({ firestore }).of(NAMELESS)).toEqual({
      uid: 'alice',
      name: 'Alice',
      picture: 'https://pictures.example/f',
    });
    expect(asked).toEqual(['users/alice displayName profile/photo']);
  });

  it('is not asked for what is no document', async () => {
    const { firestore, asked } = documents(['Alice']);
    for (const uid of ['a/b', '..', '__x__', '$&/x']) {
      await profilesOf({ firestore }).of(userFromClaims(uid, {}));
    }
    expect(asked).toEqual([]);
    await profilesOf({ firestore }).of(userFromClaims('$&', {}));
    expect(asked).toEqual(['users/$& displayName profile/photo']);
  });

  it.each<[string, readonly unknown[] | undefined | Error]>([
    ['no document', undefined],
    ['fields of other types', [{ first: 'Alice' }, 7]],
    ['nothing in the fields', [undefined, undefined]],
    ['an outage', new Error('UNAVAILABLE')],
  ])('with %s leaves it to the ID token', async (_, fields) => {
    const { firestore } = documents(fields);
    expect(await profilesOf({ firestore }).of(ALICE)).toEqual({
      uid: 'alice',
      name: 'Alice of the token',
      picture: PICTURE,
    });
    expect(told()).toHaveLength(fields instanceof Error ? 1 : 0);
  });

  it('has so many questions under way and no more', async () => {
    const waiting: (() => void)[] = [];
    const firestore: ProfileDocuments = {
      ...documents(undefined).firestore,
      fieldsOf: () => new Promise((resolve) => waiting.push(() => resolve(['Of Firestore']))),
    };
    const profiles = profilesOf({ firestore });
    const names = Array.from({ length: 257 }, async (_, at) => {
      const profile = await profiles.of(userFromClaims(`u-${at}`, { name: 'Of the token' }));
      return profile?.name;
    });
    expect(await names[256]).toBe('Of the token');
    for (const answer of waiting) answer();
    expect(await names[0]).toBe('Of Firestore');
    expect(waiting).toHaveLength(256);
  });
});
