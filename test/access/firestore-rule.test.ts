import { beforeEach, describe, expect, it } from 'vitest';
import { faultOfMembersField, faultOfRoomPath } from '../../src/access/firestore-names.ts';
import {
  createFirestoreRule,
  type Field,
  type FirestoreQuestions,
  type FirestoreRule,
  type FirestoreRuleOptions,
} from '../../src/access/firestore-rule.ts';
import { createRoomAccess } from '../../src/access/room-access.ts';
import { SwitchboardError } from '../../src/base/errors.ts';
import type { RoomName } from '../../src/base/ids.ts';
import { userFromClaims } from '../../src/base/user.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';

let clock: FakeClock;
let log: FakeLog;
/** Path → document. */
let documents: Map<string, unknown>;
/** The paths that were asked about, by any question. */
let reads: string[];
/** The questions, in their order. */
let asked: string[];
/** Questions wait for this. */
let gate: Promise<unknown>;

beforeEach(() => {
  clock = createFakeClock();
  log = createFakeLog();
  documents = new Map();
  reads = [];
  asked = [];
  gate = Promise.resolve();
});

/** As Firestore has it: one level of maps for each name, own fields only. */
function fieldOf(document: unknown, names: readonly string[]): unknown {
  return names.reduce(
    (value, name) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined,
    document,
  );
}

/** Firestore, as far as it is asked: what was so when the question came is what is answered. */
const questions: FirestoreQuestions = {
  keyOf({ path, field }, key) {
    // As the SDK does, whose masks are objects.
    if (key in Object.prototype) throw new TypeError('not a field');
    return answer('keyOf', path, fieldOf(documents.get(path), [...field, key]));
  },
  isInList({ path, field }, text) {
    const value = fieldOf(documents.get(path), field);
    return answer('isInList', path, Array.isArray(value) && value.includes(text));
  },
  read({ path, field }: Field) {
    const document = documents.get(path);
    return answer('read', path, document ? { value: fieldOf(document, field) } : undefined);
  },
  lookAround: (path) =>
    answer('lookAround', path, {
      fields: Object.keys(documents.get(path) ?? {}),
      collections: [...documents.keys()]
        .filter((other) => other.startsWith(`${path}/`))
        .map((other) => other.slice(path.length + 1).split('/')[0] as string),
    }),
};

async function answer<T>(question: keyof FirestoreQuestions, path: string, value: T): Promise<T> {
  reads.push(path);
  asked.push(question);
  await gate;
  return value;
}

const ruleOf = (options: Partial<FirestoreRuleOptions> = {}): FirestoreRule =>
  createFirestoreRule({
    roomPath: 'chats/{roomName}',
    membersField: 'members',
    clock,
    log,
    questions,
    ...options,
  });

/** `in`, or the code of the refusal. */
async function ask(rule: FirestoreRule, uid = 'alice', roomName = 'room-1'): Promise<string> {
  const request = { user: userFromClaims(uid, {}), roomName: roomName as RoomName };
  try {
    await createRoomAccess(rule.authorizeRoom, clock)(request);
    return 'in';
  } catch (error) {
    if (error instanceof SwitchboardError) return error.code;
    throw error;
  }
}

/** What becomes of `uid` where the members field of room-1 holds this. */
async function withMembers(members: unknown, uid = 'alice'): Promise<string> {
  documents.set('chats/room-1', { members });
  return ask(ruleOf(), uid);
}

class NoMap {
  alice = true;
}

describe('a member', () => {
  it.each([
    ['is in the list', ['bob', 'alice']],
    ['is a key of the map', { bob: true, alice: true }],
    ['is a key of the map, with a role', { alice: 'owner' }],
    ['is a key of the map, with more in it', { alice: { since: 2024 } }],
    ['is a key of the map, with 0', { alice: 0 }],
    ['is a key of the map, with an empty string', { alice: '' }],
  ])('%s', async (_, members) => {
    expect(await withMembers(members)).toBe('in');
  });

  it.each(['constructor', '__proto__', 'a.b', 'a/b', '0', 'ä 🎈', ' '])(
    'may have the odd uid %j',
    async (uid) => {
      expect(await withMembers([uid], uid)).toBe('in');
      if (uid !== '__proto__') expect(await withMembers({ [uid]: true }, uid)).toBe('in');
    },
  );
});

describe('no member, and each time the same refusal,', () => {
  it.each<[string, unknown]>([
    ['is another user of the list', ['bob', 'carol']],
    ['is another user of the map', { bob: true }],
    ['has false in the map', { alice: false, bob: true }],
    ['has null in the map', { alice: null, bob: true }],
    ['is in a list inside of the list', [['alice']]],
    ['is in a list of objects that name another', [{ uid: 'bob', name: 'alice' }]],
    ['is spelt otherwise', ['Alice', 'alice ', 'alic', 'alicee']],
    ['is in no list at all', undefined],
    ['is in null', null],
    ['is in a string', 'alice'],
    ['is in true', true],
    ['is in an empty list', []],
    ['is in an empty map', {}],
    ['is in something that is no map', new NoMap()],
    ['is in bytes', Buffer.from('alice')],
  ])('%s', async (_, members) => {
    expect(await withMembers(members)).toBe('room_forbidden');
  });

  it('is in no document', async () => {
    expect(await ask(ruleOf())).toBe('room_forbidden');
    expect(new Set(reads)).toEqual(new Set(['chats/room-1']));
  });

  it('is in another field', async () => {
    documents.set('chats/room-1', { owners: ['alice'] });
    expect(await ask(ruleOf())).toBe('room_forbidden');
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'length', '0'])(
    'has the uid %s of what every object has',
    async (uid) => {
      expect(await withMembers({ bob: true }, uid)).toBe('room_forbidden');
      expect(await withMembers(['bob'], uid)).toBe('room_forbidden');
      // What a decoder makes of a key `__proto__`: a prototype with the members on it.
      expect(await withMembers(Object.create({ [uid]: true }), uid)).toBe('room_forbidden');
    },
  );
});

describe('the path and the field', () => {
  it('lead to nested collections and into nested maps', async () => {
    const rule = ruleOf({
      roomPath: 'tenants/acme/chats/{roomName}',
      membersField: 'access.members.now',
    });
    documents.set('tenants/acme/chats/room-1', { access: { members: { now: ['alice'] } } });
    expect(await ask(rule)).toBe('in');
    expect(await ask(rule, 'bob')).toBe('room_forbidden');
    documents.set('tenants/acme/chats/room-2', {
      access: ['alice'],
      'access.members.now': ['alice'],
    });
    expect(await ask(rule, 'alice', 'room-2')).toBe('room_forbidden');
  });

  it('may have the room in the middle', async () => {
    documents.set('chats/room-1/private/members', { uids: ['alice'] });
    const rule = ruleOf({ roomPath: 'chats/{roomName}/private/members', membersField: 'uids' });
    expect(await ask(rule)).toBe('in');
  });

  it.each([
    '$&',
    '$1',
    "$'",
    '{roomName}',
    '%2F',
    '..%2Fadmin',
    '...',
    '_',
    '___',
    '__a',
    'a__',
    'ä 🎈',
    ' room ',
  ])('take the room name %j literally', async (roomName) => {
    documents.set(`chats/${roomName}`, { members: ['alice'] });
    expect(await ask(ruleOf(), 'alice', roomName)).toBe('in');
    expect(reads).toEqual([`chats/${roomName}`]);
  });

  it.each(['/', 'a/b', '../admin/room-1', '.', '..', '____', '__x__', '__proto__', '__id7__', ''])(
    'ask nobody about the impossible room name %j',
    async (roomName) => {
      documents.set(`chats/${roomName}`, { members: ['alice'] });
      expect(await ask(ruleOf(), 'alice', roomName)).toBe('room_forbidden');
      expect(reads).toEqual([]);
    },
  );

  it('ask nobody about a room name of more than 1,500 bytes', async () => {
    expect(await ask(ruleOf(), 'alice', 'ä'.repeat(751))).toBe('room_forbidden');
    expect(reads).toEqual([]);
    await ask(ruleOf(), 'alice', 'ä'.repeat(750));
    expect(reads).not.toEqual([]);
  });

  it.each(['chats/{roomName}', 'a/b/c/{roomName}', '{roomName}/members', 'a/{roomName}/b/c'])(
    'can be %s',
    (roomPath) => {
      expect(faultOfRoomPath(roomPath)).toBeUndefined();
    },
  );

  it.each([
    ['', 'no empty part'],
    ['/chats/{roomName}', 'no empty part'],
    ['chats/{roomName}/', 'no empty part'],
    ['chats//x/{roomName}', 'no empty part'],
    ['chats/rooms', 'exactly once'],
    ['{roomName}/{roomName}', 'exactly once'],
    ['chats/room-{roomName}', 'exactly once'],
    ['chats/{roomName}/x/{uid}', 'exactly once'],
    ['chats/{roomname}', 'exactly once'],
    ['chats/$roomName', 'exactly once'],
    ['{roomName}', 'must lead to a document'],
    ['chats/{roomName}/members', 'must lead to a document'],
    ['../{roomName}', 'holds ".."'],
    ['__chats__/{roomName}', 'holds "__chats__"'],
  ])('cannot be %j', (roomPath, fault) => {
    expect(faultOfRoomPath(roomPath)).toContain(fault);
    expect(() => ruleOf({ roomPath })).toThrow(TypeError);
  });

  it.each(['members', 'access.members', 'a.b.c', 'member-ids', 'Mitglieder ä'])(
    'can be the field %s',
    (field) => {
      expect(faultOfMembersField(field)).toBeUndefined();
    },
  );

  it.each(['', '.', 'members.', '.members', 'a..b', '__name__', 'a.__proto__'])(
    'cannot be the field %j',
    (membersField) => {
      expect(faultOfMembersField(membersField)).toContain('must be the name of a field');
      expect(() => ruleOf({ membersField })).toThrow(TypeError);
    },
  );
});

describe('a yes', () => {
  it('is kept for 5 s: a removed member is out after that', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: ['alice'] });
    expect(await ask(rule)).toBe('in');
    documents.delete('chats/room-1');
    clock.advance(4_999);
    expect(await ask(rule)).toBe('in');
    expect(reads).toHaveLength(1);
    clock.advance(1);
    expect(await ask(rule)).toBe('room_forbidden');
    expect(asked).toEqual(['isInList', 'isInList', 'read']);
  });

  it('is not kept longer for being used', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: ['alice'] });
    await ask(rule);
    documents.delete('chats/room-1');
    for (const ms of [2_000, 2_000]) {
      clock.advance(ms);
      expect(await ask(rule)).toBe('in');
    }
    clock.advance(1_000);
    expect(await ask(rule)).toBe('room_forbidden');
  });

  it('is as old as its question', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: ['alice'] });
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const answer = ask(rule);
    clock.advance(500);
    resolve();
    expect(await answer).toBe('in');
    documents.delete('chats/room-1');
    clock.advance(4_500);
    expect(await ask(rule)).toBe('room_forbidden');
  });

  it.each([
    ['alice', 'room-1 '],
    ['alice', ' room-1'],
    [' alice', 'room-1'],
    ['Alice', 'room-1'],
    ['1alice', 'room-'],
    ['-1alice', 'room'],
  ])('is of nobody and nothing that is spelt otherwise: %j, %j', async (uid, roomName) => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: ['alice'] });
    expect(await ask(rule)).toBe('in');
    expect(await ask(rule, uid, roomName)).toBe('room_forbidden');
  });

  it('is of one room, where a space may be of the one name or of the other', async () => {
    const rule = ruleOf();
    documents.set('chats/room', { members: ['a b'] });
    expect(await ask(rule, 'a b', 'room')).toBe('in');
    expect(await ask(rule, 'b', 'room a')).toBe('room_forbidden');
  });

  it('is of one user and one room', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: ['alice'] });
    expect(await ask(rule)).toBe('in');
    expect(await ask(rule, 'bob')).toBe('room_forbidden');
    expect(await ask(rule, 'alice', 'room-2')).toBe('room_forbidden');
  });

  it.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('lasts its 5 s when the clock is set %s', async (_way, ms) => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: ['alice'] });
    await ask(rule);
    documents.delete('chats/room-1');
    clock.shiftWall(ms);
    clock.advance(4_999);
    expect(await ask(rule)).toBe('in');
    clock.advance(1);
    expect(await ask(rule)).toBe('room_forbidden');
  });
});

describe('a no', () => {
  it('stays a no, and is asked about each time', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: ['bob'] });
    for (const _ of [1, 2, 3]) expect(await ask(rule)).toBe('room_forbidden');
    // That it is a list, and so nothing else that may hold alice, is seen once.
    expect(asked).toEqual(['isInList', 'read', 'isInList', 'isInList']);
  });

  it('that was asked for before a user became a member is not given to him after that', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: ['bob'] });
    expect(await ask(rule)).toBe('room_forbidden');
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const before = ask(rule);
    documents.set('chats/room-1', { members: ['bob', 'alice'] });
    const after = [ask(rule), ask(rule), ask(rule)];
    resolve();
    expect(await before).toBe('room_forbidden');
    expect(await Promise.all(after)).toEqual(['in', 'in', 'in']);
    // One for him who came before, and one for all who came after.
    expect(asked.slice(2)).toEqual(['isInList', 'isInList']);
  });

  it('is none where the whole list is fetched and he was added meanwhile', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: [{ uid: 'bob' }] });
    const { promise, resolve } = Promise.withResolvers<void>();
    expect(await ask(rule, 'bob')).toBe('in');
    gate = promise;
    const before = ask(rule, 'carol');
    await new Promise(setImmediate);
    documents.set('chats/room-1', { members: [{ uid: 'bob' }, { uid: 'alice' }] });
    const after = ask(rule, 'alice');
    resolve();
    expect(await Promise.all([before, after])).toEqual(['room_forbidden', 'in']);
  });

  it('is not kept: a new member is in at once', async () => {
    const rule = ruleOf();
    expect(await ask(rule)).toBe('room_forbidden');
    documents.set('chats/room-1', { members: ['alice'] });
    expect(await ask(rule)).toBe('in');
  });
});

describe('look-ups', () => {
  it('of the same user and room at the same time are one', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: ['alice'] });
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const answers = Array.from({ length: 20 }, () => ask(rule));
    const others = [ask(rule, 'bob'), ask(rule, 'alice', 'room-2')];
    expect(reads).toEqual(['chats/room-1', 'chats/room-1', 'chats/room-2']);
    resolve();
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['in']));
    expect(await Promise.all(others)).toEqual(['room_forbidden', 'room_forbidden']);
    expect(asked.filter((question) => question === 'isInList')).toHaveLength(3);
  });

  it('that fail let nobody in, are forgotten at once, and take nobody else along', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: ['alice'] });
    gate = Promise.reject(new Error('14 UNAVAILABLE'));
    expect(await Promise.all([ask(rule), ask(rule)])).toEqual(Array(2).fill('access_unavailable'));
    expect(reads).toHaveLength(1);
    gate = Promise.resolve();
    expect(await ask(rule)).toBe('in');
  });

  it('that failed are forgotten, however fine the clock', async () => {
    let readings = 0;
    // As a real one, which never reads the same twice.
    const fine: FakeClock = {
      ...clock,
      monotonic() {
        readings += 1;
        return clock.monotonic() + readings / 1_000;
      },
    };
    documents.set('chats/room-1', { members: ['alice'] });
    const rule = ruleOf({ clock: fine });
    gate = Promise.reject(new Error('14 UNAVAILABLE'));
    expect(await ask(rule)).toBe('access_unavailable');
    gate = Promise.resolve();
    expect(await ask(rule)).toBe('in');
  });

  it.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('are joined for 2 s when the clock is set %s', async (_way, ms) => {
    const rule = ruleOf();
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const first = ask(rule);
    clock.shiftWall(ms);
    clock.advance(1_999);
    const joined = ask(rule);
    clock.advance(1);
    expect(await first).toBe('access_unavailable');
    const anew = ask(rule);
    expect(asked.filter((question) => question === 'isInList')).toHaveLength(2);
    resolve();
    expect(await Promise.all([joined, anew])).toEqual(['room_forbidden', 'room_forbidden']);
  });

  it('that hang are given up after 2 s, and the next request asks anew', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: ['alice'] });
    gate = new Promise(() => {});
    const answer = ask(rule);
    clock.advance(2_000);
    expect(await answer).toBe('access_unavailable');
    gate = Promise.resolve();
    expect(await ask(rule)).toBe('in');
    expect(asked.filter((question) => question === 'isInList')).toHaveLength(2);
  });

  it('that end late end nothing of the ones after them', async () => {
    const rule = ruleOf();
    const late = Promise.withResolvers<void>();
    gate = late.promise;
    const first = ask(rule);
    clock.advance(2_000);
    expect(await first).toBe('access_unavailable');
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const second = ask(rule);
    late.resolve();
    await new Promise(setImmediate);
    documents.set('chats/room-1', { members: ['alice'] });
    const third = ask(rule);
    expect(asked.filter((question) => question === 'isInList')).toHaveLength(2);
    resolve();
    expect(await Promise.all([second, third])).toEqual(['in', 'in']);
  });

  it('pile up to 256 in an outage, and no further', async () => {
    const rule = ruleOf();
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const stuck = Array.from({ length: 256 }, (_, room) => ask(rule, 'alice', `room-${room}`));
    clock.advance(2_000);
    expect(new Set(await Promise.all(stuck))).toEqual(new Set(['access_unavailable']));
    documents.set('chats/room-x', { members: ['alice'] });
    expect(await ask(rule, 'alice', 'room-x')).toBe('access_unavailable');
    expect(clock.waiting()).toEqual([]);
    expect(reads).toHaveLength(256);
    // The SDK gives up, or Firestore is back: there is room again.
    resolve();
    await expect.poll(() => ask(rule, 'alice', 'room-x')).toBe('in');
  });
});

describe('Firestore is asked about one user, and not for all members:', () => {
  it.each([
    ['a list', ['alice'], ['isInList']],
    ['a map', { alice: true }, ['keyOf']],
    ['a list of objects', [{ uid: 'alice' }], ['read']],
  ])('%s, once it has been seen', async (_kind, members, expected) => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members });
    documents.set('chats/room-2', { members });
    expect(await ask(rule, 'alice', 'room-1')).toBe('in');
    asked = [];
    expect(await ask(rule, 'alice', 'room-2')).toBe('in');
    expect(asked).toEqual(expected);
    asked = [];
    clock.advance(5_000);
    expect(await ask(rule, 'alice', 'room-1')).toBe('in');
    expect(asked).toEqual(expected);
  });

  it('a no of a map needs nothing more, for 5 s', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: { bob: true, carol: false } });
    expect(await ask(rule)).toBe('room_forbidden');
    asked = [];
    expect(await ask(rule)).toBe('room_forbidden');
    expect(await ask(rule, 'carol')).toBe('room_forbidden');
    expect(asked).toEqual(['keyOf', 'keyOf']);
    clock.advance(5_000);
    asked = [];
    documents.set('chats/room-1', { members: [{ uid: 'alice' }] });
    expect(await ask(rule)).toBe('in');
    expect(asked).toEqual(['keyOf', 'read']);
  });

  it.each(['constructor', '__proto__'])('a map is read whole for the uid %s', async (uid) => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: { alice: true, constructor: true } });
    expect(await ask(rule)).toBe('in');
    asked = [];
    expect(await ask(rule, uid)).toBe(uid === 'constructor' ? 'in' : 'room_forbidden');
    expect(asked).toEqual(['read']);
  });

  it('rooms of several kinds are all answered rightly', async () => {
    const rule = ruleOf();
    const kinds = [{ alice: true }, ['alice'], [{ userId: 'alice' }], ['bob'], { bob: true }];
    kinds.forEach((members, room) => {
      documents.set(`chats/${room}`, { members });
    });
    for (const _round of [1, 2, 3]) {
      const answers = await Promise.all(kinds.map((_, room) => ask(rule, 'alice', `${room}`)));
      expect(answers).toEqual(['in', 'in', 'in', 'room_forbidden', 'room_forbidden']);
      clock.advance(5_000);
    }
  });

  it('of a list that 200 ask about at the same time, it is fetched once for all', async () => {
    const rule = ruleOf();
    const uids = Array.from({ length: 200 }, (_, number) => `user-${number}`);
    documents.set('chats/room-1', { members: uids });
    expect(new Set(await Promise.all(uids.map((uid) => ask(rule, uid))))).toEqual(new Set(['in']));
    expect(asked).toEqual(['isInList', 'isInList', 'read']);
  });

  it('and of a map, which is asked about 16 at a time', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: { bob: true } });
    expect(await ask(rule, 'bob')).toBe('in');
    asked = [];
    const uids = Array.from({ length: 200 }, (_, number) => `user-${number}`);
    documents.set('chats/room-1', { members: Object.fromEntries(uids.map((uid) => [uid, true])) });
    expect(new Set(await Promise.all(uids.map((uid) => ask(rule, uid))))).toEqual(new Set(['in']));
    expect(asked).toEqual([...Array(16).fill('keyOf'), 'read']);
  });

  it('an answer that takes more than 600 ms is not waited for, where all members come sooner', async () => {
    const { promise: never } = Promise.withResolvers<boolean>();
    const rule = ruleOf({ questions: { ...questions, isInList: () => never } });
    documents.set('chats/room-1', { members: ['alice'] });
    const answers = [ask(rule), ask(rule, 'bob')];
    clock.advance(600);
    expect(await Promise.all(answers)).toEqual(['in', 'room_forbidden']);
  });

  it('a list without an index is fetched, and not asked about again', async () => {
    let questionsInVain = 0;
    const rule = ruleOf({
      questions: {
        ...questions,
        async isInList() {
          questionsInVain += 1;
          throw Object.assign(new Error('9 FAILED_PRECONDITION'), { code: 9 });
        },
      },
    });
    documents.set('chats/room-1', { members: ['alice'] });
    expect(await ask(rule)).toBe('in');
    expect(await ask(rule, 'bob')).toBe('room_forbidden');
    clock.advance(5_000);
    expect(await ask(rule)).toBe('in');
    expect(questionsInVain).toBe(1);
  });

  it('a uid that no question may name is looked for in the whole map', async () => {
    const rule = ruleOf();
    documents.set('chats/room-1', { members: { bob: true, __alice__: true } });
    expect(await ask(rule, 'bob')).toBe('in');
    asked = [];
    expect(await ask(rule, '__alice__')).toBe('in');
    expect(await ask(rule, '__mallory__')).toBe('room_forbidden');
    expect(asked).toEqual(['read', 'read']);
  });
});

describe('warming up', () => {
  it('asks both ways about one room that nobody is in', async () => {
    await ruleOf().warmUp();
    expect(new Set(reads)).toEqual(new Set(['chats/livekit-switchboard-warm-up']));
    expect(asked).toEqual(['read', 'isInList']);
  });

  it('needs no index', async () => {
    const isInList = () => Promise.reject(Object.assign(new Error('no index'), { code: 9 }));
    await ruleOf({ questions: { ...questions, isInList } }).warmUp();
  });

  it('says why where Firestore cannot be asked', async () => {
    gate = Promise.reject(new Error('7 PERMISSION_DENIED'));
    await expect(ruleOf().warmUp()).rejects.toThrow('7 PERMISSION_DENIED');
  });
});
