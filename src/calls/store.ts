// The port of the stores. It speaks of calls: what is SQL stands in the room storage.
import type { CallId, RoomName, UserId } from '../base/ids.ts';
import type { Call, Cause } from './call.ts';
import type { Effect, Effects, Lane } from './event.ts';

/** What a change is about. All of it is locked, people first, until it is committed. */
export interface Scope {
  readonly callId: CallId;
  /** Who may take a seat or be rung by it. Whoever gives one up need not be named. */
  readonly people: readonly UserId[];
  /** Another call that may change along with it. */
  readonly alsoCall?: CallId;
  /** Written down for the eyes of others: the verified name and picture of who acts. */
  readonly profile?: Profile;
  /**
   * Whose rings to count, beside those of whoever has placed the call, and since when; see
   * {@link Scene.unansweredRings}.
   */
  readonly ringsBy?: {
    readonly caller: UserId;
    readonly callees: readonly UserId[];
    readonly forMs: number;
  };
}

export interface Profile {
  readonly uid: UserId;
  readonly name?: string;
  readonly picture?: string;
}

/** How things stand, inside the transaction. */
export interface Scene {
  /** The store's time, read after the locks. */
  readonly now: number;
  /** Of `scope.callId`; undefined: there is none. */
  readonly call: Call | undefined;
  /** `alsoCall`, and every live call in which one of the people holds a seat. */
  readonly others: readonly Call[];
  /** Callee → how often the caller rang him within that time since he answered last. */
  readonly unansweredRings: ReadonlyMap<UserId, UnansweredRings>;
  /** Callee → how many devices could be pushed to, and one for an open feed. Looked at with `ringsBy`. */
  readonly reach?: ReadonlyMap<UserId, number>;
}

export interface UnansweredRings {
  readonly count: number;
  /** Of the first of them. */
  readonly since: number;
}

/**
 * What is to be written: calls as they shall be, whole. The store compares them with the scene and
 * writes what differs; seats follow from the states of the parties, those given up before those
 * taken.
 */
export interface Decision<Result> {
  readonly changed: readonly ChangedCall[];
  readonly result: Result;
}

export interface ChangedCall {
  readonly call: Call;
  /** In whose eyes it has changed, and how: the store raises each one's version by one. */
  readonly seenBy: ReadonlyMap<UserId, Cause>;
  readonly effects: readonly Effect[];
}

/** Where a reader of a feed stands. */
export interface FeedPosition {
  /** Random, made with the person's row. */
  readonly epoch: string;
  readonly version: number;
}

export interface FeedPage {
  /** Where to read on from. */
  readonly position: FeedPosition;
  /** True: the position asked for was none of this feed, and `calls` are all live ones. */
  readonly isSnapshot: boolean;
  /** By rising version; each as it is now. */
  readonly calls: readonly Call[];
  /** The store's time. */
  readonly now: number;
}

export interface HistoryPage {
  /** Newest first. */
  readonly calls: readonly Call[];
  /** Opaque; undefined: that was the last page. */
  readonly next: string | undefined;
  readonly now: number;
}

export interface DueTimer {
  readonly callId: CallId;
  readonly room: RoomName;
  readonly key: string;
  readonly dueAt: number;
}

/** What has its time: deadlines of calls, and effects lane by lane. */
export type Due = 'deadlines' | Lane;

export interface LeasedEffect<Of extends Effect = Effect> {
  readonly id: string;
  readonly callId: CallId;
  readonly room: RoomName;
  readonly effect: Of;
  /** How often it was tried, this time included. */
  readonly tries: number;
}

/** Which effect it was, and of which call. */
export type Leased = Pick<LeasedEffect, 'id' | 'callId'>;

/** Rejects with {@link StoreUnavailable} where it can't be reached; everything else is a bug. */
export interface CallStore {
  /** Connects and checks the schema. Rejects with a sentence for the operator. */
  open(): Promise<void>;
  close(): Promise<void>;
  /** Undefined: all is well. Else what is not, for `readyz`; asks nobody. */
  fault(): string | undefined;

  /**
   * One transaction. `decide` is pure: after a deadlock it is asked again with a new scene. The
   * answer's calls are as they were written, versions in place.
   */
  change<Result>(
    scope: Scope,
    decide: (scene: Scene) => Decision<Result>,
  ): Promise<{ result: Result; scene: Scene; written: readonly Call[] }>;

  /** The store's time beside it. */
  call(id: CallId): Promise<{ call: Call | undefined; now: number }>;
  callInRoom(room: RoomName): Promise<Call | undefined>;
  /** Every call that has not ended and that this person may see, newest first. */
  live(uid: UserId): Promise<{ calls: readonly Call[]; now: number }>;
  /** Rejects with {@link UnknownCursor} where `after` was not `next` of a page. */
  history(
    uid: UserId,
    page: { context?: string; after?: string; limit: number },
  ): Promise<HistoryPage>;
  /** Hidden parties see nothing. Whoever opens his feed is known from then on. */
  feed(uid: UserId, after: FeedPosition | undefined, limit: number): Promise<FeedPage>;
  /** The same of a feed that is open: to who was erased meanwhile nothing is new, and he stays so. */
  feedOn(uid: UserId, after: FeedPosition, limit: number): Promise<FeedPage>;

  /** Deadlines that have passed, one row a call, the oldest first. Nothing is locked: the change decides. */
  due(limit: number): Promise<readonly DueTimer[]>;
  /** Ms from now to the next of these; undefined: there is none. */
  nextDueMs(of: Due): Promise<number | undefined>;
  /**
   * Takes effects whose time has come, each for `leaseMs`, once over all instances. Of the host's, a
   * call's and a target's first alone.
   */
  leaseEffects<L extends Lane>(
    lane: L,
    limit: number,
    leaseMs: number,
  ): Promise<readonly LeasedEffect<Effects[L]>[]>;
  effectDone(lane: Lane, of: Leased): Promise<void>;
  /** It is tried again after `retryMs`. */
  effectFailed(lane: Lane, id: string, retryMs: number): Promise<void>;
  /** It is kept and not tried any more; those behind it have their turn. */
  hostEventGivenUp(of: Leased): Promise<void>;
  /** Those that were given up are due again; answers how many. */
  redeliverHostEvents(): Promise<number>;
  /** Rooms of calls that ended within the last `ms`: where a late join may have made one again. */
  roomsEndedWithin(ms: number): Promise<readonly RoomName[]>;
  /** Removes calls that ended longer ago than `ms`; answers how many, at most `limit`. */
  forget(ms: number, limit: number): Promise<number>;
  /**
   * Nothing is left of a person but that somebody was there: devices, name and picture go, and in his
   * calls he is `erased`, in their deadlines too: a ring that is kept from him rings out. Of whoever
   * holds a seat, or rings and sees it, end that first. False: nobody knew him.
   */
  erase(uid: UserId): Promise<boolean>;
  /** These have a feed open, here; it counts for as long as the next of such words may take. */
  listening(uids: readonly UserId[]): Promise<void>;

  /** `run` whenever this person's version may have risen, by whatever instance. The answer ends it. */
  onChangeFor(uid: UserId, run: () => void): () => void;
  /** `run` whenever one of these was written, here or elsewhere: `ms` is when, at the earliest. */
  onDue(of: Due, run: (ms: number) => void): () => void;
}

/** The store can't be reached, is overloaded or can't be written: nothing was lost, try again. */
export class StoreUnavailable extends Error {
  constructor(cause: unknown) {
    super('the database cannot be asked', { cause });
    this.name = 'StoreUnavailable';
  }
}

/** Somebody has made it up, or cut it. */
export class UnknownCursor extends Error {
  constructor() {
    super('a cursor of no form');
    this.name = 'UnknownCursor';
  }
}
