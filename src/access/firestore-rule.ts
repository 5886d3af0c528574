// ROOM_ACCESS=firestore: whoever is a member in the room's document may enter the room.
import { createBoundedMap } from '../base/bounded-map.ts';
import type { Clock } from '../base/clock.ts';
import type { UserId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import { createBound } from '../base/under-way.ts';
import {
  documentPath,
  faultOfMembersField,
  faultOfRoomPath,
  isDocumentId,
  isReserved,
} from './firestore-names.ts';
import { createJoined } from './joined.ts';
import { isYes, type Members, type MembersKind, membersOf } from './members.ts';
import type { AuthorizeRoom } from './room-access.ts';
import { createTellOfMembers, type Surroundings } from './unread.ts';

/** How long a yes is believed: a removed member is out after that. A no is never kept. */
const KEPT_MS = 5_000;
/** At most 7 MB: a room name has 256 bytes and a uid 128 characters. */
const KEPT_MAX = 10_000;
/** How long a room is believed to hold a list, or a map, as it did. */
const KIND_KEPT_MS = 5_000;
/** So many questions about one room at a time: for more it is cheaper to fetch all, once for everybody. */
const CROWD: Readonly<Record<MembersKind, number>> = { list: 2, map: 16, whole: 0 };
/** An answer about one user that takes longer is not waited for: all may be there sooner. */
const SLOW_MS = 600;
/** The SDK can't cancel a question: in an outage each one lingers for minutes. */
const UNDER_WAY_MAX = 256;
/** gRPC's FAILED_PRECONDITION: the app has no index that the question needs. */
const NO_INDEX = 9;
/** Legal, and nobody's. */
const WARM_UP_UID = 'livekit-switchboard-warm-up';

/** A document's field. Each element of `field` is one level of maps. */
export interface Field {
  readonly path: string;
  readonly field: readonly string[];
}

/** A room that needs not exist: reading it opens the connection. */
export const warmUpRoom = (roomPath: string, membersField: string): Field => ({
  path: documentPath(roomPath, 'livekit-switchboard-warm-up'),
  field: membersField.split('.'),
});

/** What Firestore is asked; each rejects where it cannot be. */
export interface FirestoreQuestions {
  /** What one key of the map holds; undefined where there is no such key, map or document. */
  keyOf(field: Field, key: string): Promise<unknown>;
  /** Whether the field is a list that holds the text. */
  isInList(field: Field, text: string): Promise<boolean>;
  /** The whole field; undefined: there is no such document. */
  read(field: Field): Promise<{ readonly value: unknown } | undefined>;
  /** The names of the document's fields and of the collections below it. */
  lookAround(path: string): Promise<Surroundings>;
}

export interface FirestoreRuleOptions {
  /** Free of {@link faultOfRoomPath}, e.g. `chats/{roomName}`. */
  readonly roomPath: string;
  /** Free of {@link faultOfMembersField}, e.g. `members` or `access.members`. */
  readonly membersField: string;
  readonly questions: FirestoreQuestions;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface FirestoreRule {
  readonly authorizeRoom: AuthorizeRoom;
  /** Both questions about a room that isn't there; rejects where Firestore cannot be asked. */
  warmUp(): Promise<void>;
}

/** @throws TypeError where roomPath or membersField have a fault. */
export function createFirestoreRule(options: FirestoreRuleOptions): FirestoreRule {
  const { roomPath, membersField, questions, clock } = options;
  const pathFault = faultOfRoomPath(roomPath);
  if (pathFault !== undefined) throw new TypeError(`the room path ${pathFault}`);
  const fieldFault = faultOfMembersField(membersField);
  if (fieldFault !== undefined) throw new TypeError(`the members field ${fieldFault}`);

  const field = membersField.split('.');
  const isMember = remembering(clock, askingFirestore(options));
  return {
    authorizeRoom: ({ user, roomName }) =>
      isDocumentId(roomName)
        ? isMember(
            `${roomName}\n${user.uid}`,
            { path: documentPath(roomPath, roomName), field },
            user.uid,
          )
        : false,
    async warmUp() {
      const room = warmUpRoom(roomPath, membersField);
      await questions.read(room);
      await questions.isInList(room, WARM_UP_UID).catch((error: unknown) => {
        if (!isWithoutIndex(error)) throw error;
      });
    },
  };
}

/** Since when Firestore says that the user is a member; undefined: it says that he is none. */
type MemberSince = (room: Field, uid: UserId) => Promise<number | undefined>;

/** Keeps every yes for a while. `key`: no two pairs of room and user share one. */
function remembering(clock: Clock, ask: MemberSince) {
  const yesAskedAt = createBoundedMap<number>(KEPT_MAX);
  const joined = createJoined<number | undefined>(clock);
  return async (key: string, room: Field, uid: UserId): Promise<boolean> => {
    const keptSince = yesAskedAt.get(key);
    if (keptSince !== undefined && clock.monotonic() - keptSince < KEPT_MS) return true;
    const { value: since } = await joined(
      key,
      async () => {
        const since = await ask(room, uid);
        if (since !== undefined) yesAskedAt.set(key, since);
        return since;
      },
      // A yes would be kept for longer than that; a no may have become a yes.
      (since) => since !== undefined,
    );
    return since !== undefined;
  };
}

/**
 * One question about one user, and not for all members: of a big room they are half a megabyte.
 * They are fetched where it isn't known what kind of field it is, once for all who wait for it.
 */
function askingFirestore({
  questions,
  clock,
  log,
  roomPath,
  membersField,
}: FirestoreRuleOptions): MemberSince {
  const tell = createTellOfMembers(log, { roomPath, membersField });
  const bounded = createBound(UNDER_WAY_MAX, 'questions to Firestore');
  const whole = createJoined<Members>(clock);
  const kinds = createBoundedMap<{ kind: MembersKind; seenAt: number }>(KEPT_MAX);
  const asking = createCrowd();
  let usualKind: MembersKind = 'list';
  let listKind: MembersKind = 'list';
  let hasSeenDocument = false;

  async function readWhole(room: Field): Promise<Members> {
    const document = await bounded(() => questions.read(room));
    hasSeenDocument ||= document !== undefined;
    const members = membersOf(document?.value);
    const kind = members.kind === 'list' ? listKind : members.kind;
    if (kind !== undefined) kinds.set(room.path, { kind, seenAt: clock.monotonic() });
    if (kind !== undefined && members.unread === undefined) usualKind = kind;
    return document === undefined ? { ...members, unread: 'no-document' } : members;
  }

  async function isInList(room: Field, uid: UserId): Promise<boolean> {
    try {
      return await bounded(() => questions.isInList(room, uid));
    } catch (error) {
      if (!isWithoutIndex(error)) throw error;
      listKind = 'whole';
      if (usualKind === 'list') usualKind = 'whole';
      return false;
    }
  }

  /** Yes, no, or undefined where the room may hold another kind of field. */
  async function askOne(room: Field, uid: UserId, kind: MembersKind): Promise<boolean | undefined> {
    if (kind === 'list') return (await isInList(room, uid)) || undefined;
    if (kind === 'whole' || !canBeNamed(uid)) return undefined;
    const value = await bounded(() => questions.keyOf(room, uid));
    if (value === undefined) return undefined;
    tell.value(value);
    return isYes(value);
  }

  return async (room, uid) => {
    const seen = kinds.get(room.path);
    const known = seen && clock.monotonic() - seen.seenAt < KIND_KEPT_MS ? seen.kind : undefined;
    const usual = known ?? usualKind;
    const kind = asking.count(room.path) >= CROWD[usual] ? 'whole' : usual;
    const askedAt = clock.monotonic();
    const one = await unlessSlow(
      clock,
      asking.with(room.path, () => askOne(room, uid, kind)),
    );
    if (one === true) usualKind = kind;
    if (typeof one === 'boolean') return one ? askedAt : undefined;
    // It was seen a moment ago that this room holds no other kind.
    const isFinal = one !== 'slow' && known === kind && kind !== 'whole' && canBeNamed(uid);
    if (isFinal && (kind !== 'list' || listKind === 'list')) return undefined;
    const answer = await whole(
      room.path,
      () => readWhole(room),
      (members) => members.has(uid),
    );
    if (answer.value.has(uid)) return answer.askedAt;
    const { unread } = answer.value;
    const isUsual = unread === undefined || (unread === 'no-document' && hasSeenDocument);
    if (!isUsual) tell.unread(unread, () => bounded(() => questions.lookAround(room.path)));
    return undefined;
  };
}

function unlessSlow<T>(clock: Clock, answer: Promise<T>): Promise<T | 'slow'> {
  const { promise, resolve } = Promise.withResolvers<'slow'>();
  const cancel = clock.after(SLOW_MS, () => resolve('slow'));
  return Promise.race([answer.finally(cancel), promise]);
}

const isWithoutIndex = (error: unknown): boolean => (error as { code?: unknown }).code === NO_INDEX;

/** How many there are under each name. */
function createCrowd() {
  const counts = new Map<string, number>();
  return {
    count: (name: string): number => counts.get(name) ?? 0,
    async with<T>(name: string, work: () => Promise<T>): Promise<T> {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      try {
        return await work();
      } finally {
        const others = (counts.get(name) ?? 1) - 1;
        if (others === 0) counts.delete(name);
        else counts.set(name, others);
      }
    },
  };
}

/**
 * Firestore refuses a reserved key in a question, and not in a document; its SDK stumbles over what
 * every object has.
 */
const canBeNamed = (uid: UserId): boolean => !isReserved(uid) && !(uid in Object.prototype);
