// What a call is: its words, and its rows as data. Times are whole milliseconds since the epoch.
import type { CallId, DeviceId, RoomName, UserId } from '../base/ids.ts';

export const CALL_KINDS = ['audio', 'video'] as const;
/** How to ring and what to open with. It forbids nothing. */
export type CallKind = (typeof CALL_KINDS)[number];

export const CALL_STATES = ['ringing', 'active', 'ended'] as const;
export type CallState = (typeof CALL_STATES)[number];

export const OUTCOMES = ['answered', 'missed', 'declined', 'busy', 'cancelled', 'failed'] as const;
/** What became of a call that has ended. */
export type Outcome = (typeof OUTCOMES)[number];

export const REASONS = [
  'hangup',
  'ring_timeout',
  'declined',
  'busy',
  'caller_lost',
  'connection_lost',
  'never_joined',
  'alone',
  'max_duration',
  'ended_for_all',
  'ended_by_host_app',
  'replaced',
] as const;
/** Why a call, or one person's part in it, has ended. */
export type Reason = (typeof REASONS)[number];

export const PARTY_STATES = [
  'ringing',
  'joining',
  'joined',
  'lost',
  'left',
  'declined',
  'missed',
  'busy',
  'cancelled',
] as const;
export type PartyState = (typeof PARTY_STATES)[number];

/** Whoever is in one of these states holds a seat, and nobody holds two: that is what "busy" means. */
export const SEATED: readonly PartyState[] = ['joining', 'joined', 'lost'];

export const CAUSES = [
  'ringing',
  'alerting',
  'accepted',
  'answered_elsewhere',
  'declined',
  'missed',
  'cancelled',
  'joined',
  'lost',
  'left',
  'invited',
  'ended',
] as const;
/** Names the last change of a call in somebody's feed. */
export type Cause = (typeof CAUSES)[number];

export interface Party {
  readonly uid: UserId;
  readonly role: 'caller' | 'callee';
  readonly state: PartyState;
  /** The caller sees an ordinary ring; the callee never learns of the call. */
  readonly isHidden: boolean;
  /** That holds the seat, or held it last. */
  readonly device?: DeviceId;
  /** Since when the seat is held. */
  readonly seatedAt?: number;
  /** Until when the phone rings; an accept counts for the answer grace longer. */
  readonly ringEndsAt?: number;
  /** The present session in LiveKit's room, by the `joinedAtMs` of which sessions are ordered. */
  readonly sid?: string;
  readonly sidAt?: number;
  /** The session that has ended last. */
  readonly goneSid?: string;
  /** When a callee accepted first. */
  readonly answeredAt?: number;
  readonly leftAt?: number;
  readonly reason?: Reason;
  /** When he became a party, or was rung again last. */
  readonly createdAt: number;
  /** How often he was rung in this call since he answered last, each ring soon after the one before. */
  readonly rings?: number;
  /** When the first of his phones said that it rings, of the ring that goes on or was the last. */
  readonly alertedAt?: number;
  /** How many ways there were to him when he was rung: devices for pushes, and one for open feeds. */
  readonly reach?: number;
  /** Of this person's feed, when this call was last changed in his eyes. Written by the store alone. */
  readonly version: number;
  readonly cause: Cause;
  /** Out of his own verified ID token, read along by the store. */
  readonly name?: string;
  readonly picture?: string;
}

/**
 * A deadline of a call. `ring:uid`, `alone` and `max` are verdicts that `decide` applies by itself;
 * `grace:uid`, `proof` and `watch` are questions: LiveKit is asked, and only its answer changes
 * something. `silence` goes with them as long as none comes: whoever is absent in the first answer
 * after it has the whole grace once more.
 */
export type TimerKey =
  | `ring:${string}`
  | `grace:${string}`
  | 'alone'
  | 'max'
  | 'proof'
  | 'silence'
  | 'watch';

/** What is known of the LiveKit room: nothing, that LiveKit has answered since the accept, that webhooks arrive. */
export const HEARD = ['nothing', 'answer', 'webhook'] as const;
export type Heard = (typeof HEARD)[number];

export interface Call {
  readonly id: CallId;
  /** In LiveKit. */
  readonly room: RoomName;
  readonly caller: UserId;
  readonly kind: CallKind;
  /** What it is about: a chat's id. */
  readonly context?: string;
  /** The host's own, as JSON text. */
  readonly data?: string;
  /** Of the request that placed it, so that a retry is known from another request under the same id. */
  readonly requestHash: string;
  readonly isGroup: boolean;
  readonly state: CallState;
  readonly outcome?: Outcome;
  readonly reason?: Reason;
  readonly createdAt: number;
  /** Of the first accept. */
  readonly activeAt?: number;
  /** Of the second person's arrival in the room. */
  readonly talkAt?: number;
  readonly endedAt?: number;
  readonly heard: Heard;
  /** How many events of it the host has been, or will be, told of. */
  readonly told?: number;
  /** The caller first, then in the order of their coming. */
  readonly parties: readonly Party[];
  readonly timers: ReadonlyMap<TimerKey, number>;
}

/** How long everything may take. */
export interface CallRules {
  readonly ringMs: number;
  readonly answerGraceMs: number;
  readonly reconnectGraceMs: number;
  readonly aloneMs: number;
  readonly maxCallMs: number;
  readonly maxParticipants: number;
  /** Phones are rung, and told that a ring is over, by pushes too. */
  readonly pushes?: boolean;
  /** Of the host, who is told of every event; none: nobody. */
  readonly hostTargets?: readonly string[];
}

/** Whether LiveKit is asked. `silence` says that it was, without an answer. */
export const isQuestion = (key: string): boolean =>
  ['proof', 'silence', 'watch'].includes(key) || key.startsWith('grace:');

export const isSeated = ({ state }: Party): boolean => SEATED.includes(state);
export const isLive = ({ state }: Call): boolean => state !== 'ended';
export const partyOf = (call: Call, uid: string): Party | undefined =>
  call.parties.find((party) => party.uid === uid);
