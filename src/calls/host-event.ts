// What the host's backend is told of a call: every event, with the call as it was right after it.
import type { CallId, DeviceId, UserId } from '../base/ids.ts';
import type { CallKind, CallState, Outcome, Party, PartyState, Reason } from './call.ts';

export const HOST_EVENTS = [
  'call.placed',
  /** Somebody is rung by an invite, or rung anew. */
  'call.invited',
  /** The first of his phones says that it rings. */
  'call.alerting',
  /** He has a seat, or has moved it to another of his devices. */
  'call.accepted',
  'call.declined',
  /** Nobody answered, or he was busy. */
  'call.missed',
  'call.joined',
  'call.lost',
  /** In the change that ends the call, of nobody but who hung up: the end says it of the others. */
  'call.left',
  /** The last of a call. */
  'call.ended',
] as const;
export type HostEventType = (typeof HOST_EVENTS)[number];

/** A call as the host sees it: all of its parties, those too from whom it is hidden. Times are RFC 3339 with milliseconds. */
export interface HostCall {
  readonly id: CallId;
  readonly kind: CallKind;
  readonly context?: string;
  readonly data?: unknown;
  readonly isGroup: boolean;
  readonly state: CallState;
  readonly outcome?: Outcome;
  readonly reason?: Reason;
  readonly createdAt: string;
  readonly activeAt?: string;
  readonly endedAt?: string;
  readonly talkSeconds?: number;
  readonly caller: UserId;
  readonly parties: readonly HostParty[];
}

export interface HostParty {
  readonly uid: UserId;
  readonly role: Party['role'];
  readonly state: PartyState;
  readonly reason?: Reason;
  /** The caller sees an ordinary ring, this person nothing. */
  readonly isHidden?: true;
  readonly device?: DeviceId;
  readonly name?: string;
  readonly picture?: string;
}

/** As it is kept until it is told: without names, which are looked up then. */
export interface HostEvent {
  readonly type: HostEventType;
  /** Rises by one with each event of a call, from 1. */
  readonly sequence: number;
  /** When it happened, in ms. */
  readonly at: number;
  /** Whom it is about, where that is one of the parties. */
  readonly uid?: UserId;
  readonly call: HostCall;
}
