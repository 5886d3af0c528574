// ROOM_ACCESS=firestore: whoever is a member in the room's document may enter the room.
import { createBoundedMap } from '../base/bounded-map.ts';
import type { Clock } from '../base/clock.ts';
import type { UserId } from '../base/ids.ts';
import type { AuthorizeRoom } from './room-access.ts';

/** How long a yes is believed: a removed member is out after that. A no is never kept. */
const KEPT_MS = 5_000;
/** At most 7 MB: a room name has 256 bytes and a uid 128 characters. */
const KEPT_MAX = 10_000;
/** A look-up that takes longer is of no use to anybody, and nobody joins it. */
const JOINED_MS = 2_000;
/** The SDK can't cancel a look-up: in an outage each one lingers for minutes. */
const UNDER_WAY_MAX = 256;

const PLACEHOLDER = '{roomName}';
const SEGMENT_MAX_BYTES = 1_500;
/** A room that needs not exist: reading it opens the connection. */
const WARM_UP_ROOM = 'livekit-switchboard-warm-up';

/**
 * The value of one field of the document at `path`, undefined where the document or the field is
 * absent; rejects where Firestore cannot be asked. Each element of `field` is one level of maps.
 */
export type ReadField = (path: string, field: readonly string[]) => Promise<unknown>;

export interface FirestoreRuleOptions {
  /** Free of {@link faultOfRoomPath}, e.g. `chats/{roomName}`. */
  readonly roomPath: string;
  /** Free of {@link faultOfMembersField}, e.g. `members` or `access.members`. */
  readonly membersField: string;
  readonly readField: ReadField;
  readonly clock: Clock;
}

export interface FirestoreRule {
  readonly authorizeRoom: AuthorizeRoom;
  /** One read of a room that isn't there; rejects where Firestore cannot be asked. */
  warmUp(): Promise<void>;
}

/** @throws TypeError where roomPath or membersField have a fault. */
export function createFirestoreRule(options: FirestoreRuleOptions): FirestoreRule {
  const { roomPath, membersField, readField, clock } = options;
  const pathFault = faultOfRoomPath(roomPath);
  if (pathFault !== undefined) throw new TypeError(`the room path ${pathFault}`);
  const fieldFault = faultOfMembersField(membersField);
  if (fieldFault !== undefined) throw new TypeError(`the members field ${fieldFault}`);

  const field = membersField.split('.');
  // A function, because a room name may hold what `replace` takes for a pattern ($&).
  const membersOf = (roomName: string) =>
    readField(
      roomPath.replace(PLACEHOLDER, () => roomName),
      field,
    );
  const isMemberOf = remembering(clock, async (roomName, uid) =>
    isMember(await membersOf(roomName), uid),
  );

  return {
    authorizeRoom: ({ user, roomName }) =>
      isDocumentId(roomName) ? isMemberOf(roomName, user.uid) : false,
    async warmUp() {
      await membersOf(WARM_UP_ROOM);
    },
  };
}

type IsMemberOf = (roomName: string, uid: UserId) => Promise<boolean>;

/** Keeps every yes for a while, joins the same questions into one, and bounds those under way. */
function remembering(clock: Clock, ask: IsMemberOf): IsMemberOf {
  const yesAskedAt = createBoundedMap<number>(KEPT_MAX);
  const latest = new Map<string, { askedAt: number; answer: Promise<boolean> }>();
  let underWay = 0;

  const isYoung = (askedAt: number, ms: number) => clock.monotonic() - askedAt < ms;

  const lookUp = async (key: string, askedAt: number, answering: () => Promise<boolean>) => {
    underWay += 1;
    try {
      const answer = await answering();
      // Counted from the question: the answer may be as old as that.
      if (answer) yesAskedAt.set(key, askedAt);
      return answer;
    } finally {
      underWay -= 1;
      if (latest.get(key)?.askedAt === askedAt) latest.delete(key);
    }
  };

  return async (roomName, uid) => {
    // A room name has no control characters, so that no two pairs share a key.
    const key = `${roomName}\n${uid}`;
    const keptSince = yesAskedAt.get(key);
    if (keptSince !== undefined && isYoung(keptSince, KEPT_MS)) return true;
    const joined = latest.get(key);
    if (joined !== undefined && isYoung(joined.askedAt, JOINED_MS)) return joined.answer;
    if (underWay >= UNDER_WAY_MAX) {
      throw new Error(`${UNDER_WAY_MAX} look-ups in Firestore are under way already`);
    }
    const askedAt = clock.monotonic();
    const answer = lookUp(key, askedAt, () => ask(roomName, uid));
    latest.set(key, { askedAt, answer });
    return answer;
  };
}

/** A list that holds the uid, or a map with the uid as a key of its own and not `false`. */
function isMember(members: unknown, uid: UserId): boolean {
  if (Array.isArray(members)) return members.includes(uid);
  if (typeof members !== 'object' || members === null) return false;
  // A reference, a timestamp and the like are objects too, and no maps.
  if (Object.getPrototypeOf(members) !== Object.prototype) return false;
  return Object.hasOwn(members, uid) && (members as Record<string, unknown>)[uid] !== false;
}

/** https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields */
const isDocumentId = (text: string): boolean =>
  text !== '' &&
  text !== '.' &&
  text !== '..' &&
  !text.includes('/') &&
  !/^__.*__$/s.test(text) &&
  Buffer.byteLength(text) <= SEGMENT_MAX_BYTES;

/** What is wrong with the path, as the end of a sentence, or undefined where nothing is. */
export function faultOfRoomPath(roomPath: string): string | undefined {
  const segments = roomPath.split('/');
  if (segments.some((segment) => segment === '')) {
    return 'must have no empty part, and no slash at its beginning or end';
  }
  const fixed = segments.filter((segment) => segment !== PLACEHOLDER);
  if (segments.length - fixed.length !== 1 || fixed.some((segment) => /[{}]/.test(segment))) {
    return `must hold ${PLACEHOLDER} exactly once, as a whole part of the path, like chats/${PLACEHOLDER}`;
  }
  if (segments.length % 2 !== 0) {
    return `must lead to a document: collection and document in turn, like chats/${PLACEHOLDER}`;
  }
  const odd = fixed.find((segment) => !isDocumentId(segment));
  return odd === undefined
    ? undefined
    : `holds ${JSON.stringify(odd)}, which Firestore doesn't allow`;
}

/** What is wrong with the field, as the end of a sentence, or undefined where nothing is. */
export function faultOfMembersField(membersField: string): string | undefined {
  return membersField.split('.').every((part) => part !== '' && !/^__.*__$/s.test(part))
    ? undefined
    : 'must be the name of a field, or names with dots between them, like access.members';
}
