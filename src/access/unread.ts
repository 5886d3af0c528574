// A members field that is read differently than it was meant looks like a 403 for everybody. One
// line in the log for each shape says what was found; never a value, a uid or a room.
import type { Logger } from '../base/log.ts';
import type { UnreadShape } from './members.ts';

/** What a document holds beside the field; undefined: nobody could tell. */
export interface Surroundings {
  readonly fields: readonly string[];
  readonly collections: readonly string[];
}

/** Fields in which apps keep members: no other names of theirs reach the log. */
const USUAL_NAMES = new Set(
  [
    ['members', 'memberIds', 'memberIDs', 'member_ids', 'memberUids', 'memberUIDs', 'membersIds'],
    ['participants', 'participantIds', 'participantIDs', 'participant_ids', 'participantUids'],
    ['users', 'userIds', 'userIDs', 'user_ids', 'userUids', 'uids', 'UserIds', 'people', 'roles'],
  ].flat(),
);

/** Keys that say of a member that he may be one no more. */
const STATUS_KEYS = ['status', 'membership_status', 'state', 'removed', 'left', 'isActive'];

const FOUND: Record<UnreadShape, string> = {
  'no-document': 'there is no such document',
  'no-field': 'the document has no such field',
  text: 'it holds text',
  reference: 'it holds one reference',
  'other-value': 'it holds neither a list nor a map',
  'list-of-several': 'it is a list of entries of several kinds, of which only plain uids count',
  'list-of-objects':
    'it is a list of objects, and no single one of uid, userId and user_id (or id, without those) is text in all of them',
  'list-of-references': 'it is a list of references into several collections',
  'list-of-addresses': 'it is a list of e-mail addresses, and members are known by uid',
  'list-of-names': 'it is a list of uids with names behind them (uid_name)',
};

const READ =
  'what is read: a list of uids, a map with uids as keys, a list of objects with a uid, a list of references to users';

export interface TellOfMembers {
  /** `lookAround` is called where it helps, once. */
  unread(shape: UnreadShape, lookAround: () => Promise<Surroundings>): void;
  /** An object beside a uid that seems to say more than that it is there. */
  value(value: unknown): void;
}

export function createTellOfMembers(
  log: Logger,
  { roomPath, membersField }: { roomPath: string; membersField: string },
): TellOfMembers {
  const told = new Set<string>();
  const isFirst = (what: string) => {
    const isNew = !told.has(what);
    told.add(what);
    return isNew;
  };
  const settings = { roomPath, membersField };
  const warn = (shape: UnreadShape, hint: string) =>
    log.warn({ ...settings, shape }, `no members of a room were found: ${FOUND[shape]}${hint}`);

  return {
    unread(shape, lookAround) {
      if (!isFirst(shape)) return;
      if (shape === 'no-document') warn(shape, ': correct FIRESTORE_ROOM_PATH if others are meant');
      else if (shape !== 'no-field') warn(shape, `; ${READ}`);
      else {
        lookAround().then(
          (surroundings) => warn(shape, hintOf(surroundings)),
          () => warn(shape, `; ${READ}`),
        );
      }
    },
    value(value) {
      if (typeof value !== 'object' || value === null) return;
      const key = STATUS_KEYS.find((name) => Object.hasOwn(value, name));
      if (key === undefined || !isFirst(key)) return;
      log.warn(
        { ...settings, key },
        `members have a ${key}, which is not looked at: whoever is a key of the map may enter ` +
          '(remove the key, or decide with authorizeRoom or ROOM_ACCESS=http)',
      );
    },
  };
}

function hintOf({ fields, collections }: Surroundings): string {
  const field = fields.find((name) => USUAL_NAMES.has(name));
  if (field !== undefined) return `, and has ${field} (FIRESTORE_MEMBERS_FIELD=${field}?); ${READ}`;
  const collection = collections.find((name) => USUAL_NAMES.has(name));
  return collection === undefined
    ? `; ${READ}`
    : `, and has a collection ${collection}, which is not read (decide with authorizeRoom or ROOM_ACCESS=http); ${READ}`;
}
