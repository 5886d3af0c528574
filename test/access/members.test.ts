// Every shape of a members field that public apps have, and what is told of those that aren't read.
import { beforeEach, describe, expect, it } from 'vitest';
import { createFirestoreRule } from '../../src/access/firestore-rule.ts';
import { membersOf } from '../../src/access/members.ts';
import { createRoomAccess } from '../../src/access/room-access.ts';
import type { Surroundings } from '../../src/access/unread.ts';
import type { RoomName } from '../../src/base/ids.ts';
import { userFromClaims } from '../../src/base/user.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';

/** As every copy of the SDK has it. */
class Reference {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
  get id() {
    return this.path.slice(this.path.lastIndexOf('/') + 1);
  }
}
const ALICE = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4';

describe('members are read from', () => {
  it.each<[string, unknown]>([
    ['a list of uids', ['bob', ALICE]],
    ['a list of uids and other things', [7, ALICE, null]],
    ['a map', { [ALICE]: true }],
    ['a map of roles', { [ALICE]: { role: 'owner' } }],
    ['objects with a uid', [{ uid: 'bob' }, { uid: ALICE, name: 'Alice' }]],
    ['objects with a userId', [{ userId: ALICE, id: 'entry-1' }]],
    ['objects with a user_id', [{ user_id: ALICE, joined_at: 7 }]],
    ['objects with an id and none of the others', [{ id: ALICE, email: 'alice@example.com' }]],
    ['references to users', [new Reference('users/bob'), new Reference(`users/${ALICE}`)]],
    ['references into a deeper collection', [new Reference(`tenants/acme/users/${ALICE}`)]],
  ])('%s', (_, value) => {
    expect(membersOf(value).has(ALICE)).toBe(true);
    expect(membersOf(value).has('mallory')).toBe(false);
    expect(membersOf(value).unread).toBe(
      Array.isArray(value) && value.includes(7) ? 'list-of-several' : undefined,
    );
  });

  it.each<[string, unknown, string | undefined]>([
    ['an empty list', [], undefined],
    ['an empty map', {}, undefined],
    ['nothing', undefined, 'no-field'],
    ['null', null, 'no-field'],
    ['text', ALICE, 'text'],
    ['a number', 7, 'other-value'],
    ['bytes', Buffer.from(ALICE), 'other-value'],
    ['one reference', new Reference(`users/${ALICE}`), 'reference'],
    ['objects of which one has no uid', [{ uid: ALICE }, { name: 'Bob' }], 'list-of-objects'],
    ['objects with two keys that may be meant', [{ uid: 'x', userId: ALICE }], 'list-of-objects'],
    ['objects whose uid is no text', [{ uid: { id: ALICE } }], 'list-of-objects'],
    ['objects that inherit a uid', [Object.create({ uid: ALICE })], 'list-of-several'],
    [
      'references into two collections',
      [new Reference(`users/${ALICE}`), new Reference('bots/bob')],
      'list-of-references',
    ],
    [
      'references and objects',
      [new Reference(`users/${ALICE}`), { uid: ALICE }],
      'list-of-several',
    ],
    ['e-mail addresses', ['alice@example.com'], 'list-of-addresses'],
    ['uids with names behind them', [`${ALICE}_Alice`], 'list-of-names'],
    ['lists in a list', [[ALICE]], 'list-of-several'],
  ])('%s: nobody', (_, value, unread) => {
    expect(membersOf(value).has(ALICE)).toBe(false);
    expect(membersOf(value).unread).toBe(unread);
  });
});

describe('a shape that is not read is told in the log, once:', () => {
  let log: FakeLog;
  beforeEach(() => {
    log = createFakeLog();
  });

  /** Asks for alice in rooms whose documents are these; answers the messages. */
  async function told(
    documents: readonly (Record<string, unknown> | undefined)[],
    lookAround: () => Promise<Surroundings> = async () => ({
      fields: Object.keys(documents.at(-1) ?? {}),
      collections: [],
    }),
  ): Promise<string[]> {
    const clock = createFakeClock();
    const at = (path: string) => documents[Number(path.split('/')[1])];
    const members = (path: string) => at(path)?.members;
    const rule = createFirestoreRule({
      roomPath: 'chats/{roomName}',
      membersField: 'members',
      clock,
      log,
      questions: {
        isInList: async ({ path }, uid) => (members(path) as unknown[])?.includes?.(uid) ?? false,
        keyOf: async ({ path }, uid) => (members(path) as Record<string, unknown>)?.[uid],
        read: async ({ path }) => (at(path) ? { value: members(path) } : undefined),
        lookAround,
      },
    });
    const access = createRoomAccess(rule.authorizeRoom, clock);
    for (const index of documents.keys()) {
      const request = { user: userFromClaims(ALICE, {}), roomName: `${index}` as RoomName };
      await Promise.resolve(access(request)).catch(() => {});
    }
    await new Promise(setImmediate);
    return log.lines.map(({ message }) => message);
  }

  it.each<[string, unknown, RegExp]>([
    ['text', 'bob', /it holds text/],
    ['e-mail addresses', ['bob@example.com'], /e-mail addresses, and members are known by uid/],
    ['uid_name', [`${ALICE}_Alice`], /uids with names behind them/],
    ['objects without a uid', [{ name: 'Alice' }], /no single one of uid, userId and user_id/],
    ['a reference', new Reference('users/bob'), /it holds one reference/],
  ])('%s', async (_, members, message) => {
    const lines = await told([{ members }, { members }, { members }]);
    expect(lines).toEqual([expect.stringMatching(message)]);
    expect(lines[0]).toMatch(/what is read: a list of uids, a map/);
  });

  it('each shape has a line of its own', async () => {
    expect(await told([{ members: 'bob' }, { members: 7 }, { members: 'bob' }])).toHaveLength(2);
  });

  it('no value, uid or room is in it, and the field is', async () => {
    await told([{ members: ['secret@example.com'] }]);
    expect(JSON.stringify(log.lines)).not.toMatch(/secret|chats\/0|a1B2c3/);
    expect(log.lines[0]?.fields).toEqual({
      roomPath: 'chats/{roomName}',
      membersField: 'members',
      shape: 'list-of-addresses',
    });
  });

  it('a field of another name is named where it is a usual one', async () => {
    expect(await told([{ secret: 1, participants: [ALICE] }])).toEqual([
      expect.stringMatching(/has no such field, and has participants \(FIRESTORE_MEMBERS_FIELD=/),
    ]);
  });

  it('a field of a name of their own is not', async () => {
    expect(await told([{ secretClub: [ALICE] }])).toEqual([
      expect.not.stringMatching(/secretClub/),
    ]);
  });

  it('a collection of members is named', async () => {
    const lookAround = async () => ({ fields: ['title'], collections: ['members'] });
    expect(await told([{ title: 'Lunch' }], lookAround)).toEqual([
      expect.stringMatching(/has a collection members, which is not read/),
    ]);
  });

  it('also where nobody may look around', async () => {
    const lookAround = () => Promise.reject(new Error('7 PERMISSION_DENIED'));
    expect(await told([{ title: 'Lunch' }], lookAround)).toEqual([
      expect.stringMatching(/has no such field; what is read/),
    ]);
  });

  it('no document at all, as long as none was ever seen', async () => {
    expect(await told([undefined, undefined])).toEqual([
      expect.stringMatching(/there is no such document: correct FIRESTORE_ROOM_PATH/),
    ]);
  });

  it('and a room without a document among others is nothing to tell', async () => {
    expect(await told([{ members: ['bob'] }, undefined, { members: [] }, { members: {} }])).toEqual(
      [],
    );
  });

  it('a member with a status may enter, and the log says that nobody looks at it', async () => {
    const members = { [ALICE]: { status: 'left' } };
    expect(await told([{ members: { [ALICE]: true } }, { members }, { members }])).toEqual([
      expect.stringMatching(/members have a status, which is not looked at/),
    ]);
  });
});
