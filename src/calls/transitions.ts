// The table: in which state what changes what. A pair that is not listed changes nothing. The
// diagrams in ARCHITECTURE.md are held against it.
import type { CallState, PartyState } from './call.ts';

/** What can happen to one person's part in a call. */
export const PARTY_EVENTS = [
  'accept',
  'decline',
  /** Declined by a phone that is in another call, of whatever kind. */
  'decline_busy',
  'ring_over',
  /** LiveKit's webhook: a session that is newer than the one known. */
  'joined',
  /** LiveKit's webhook: the session known has ended. */
  'left',
  /** LiveKit was asked: he is there. */
  'seen',
  /** LiveKit was asked: he is not there; where a grace was running, it is over. */
  'absent',
  /** LiveKit was asked because the seat stands in somebody's way: he is not there. */
  'freed',
  'leave',
  /** One of his phones says that it rings. */
  'alerting',
  'invite',
  /** Invited while he holds a seat in another call. */
  'invite_busy',
  'call_over',
] as const;
export type PartyEvent = (typeof PARTY_EVENTS)[number];

/** Not a state: whoever still rings has no place in the room and is removed from it. */
export const EVICT = 'evict';

type PartyRow = Readonly<Partial<Record<PartyEvent, PartyState | typeof EVICT>>>;

/** Comes back into an active group by `accept`, and may be rung again. */
const OUT: PartyRow = { accept: 'joining', invite: 'ringing', invite_busy: 'busy' };

export const PARTY_TABLE: Readonly<Record<PartyState, PartyRow>> = {
  ringing: {
    accept: 'joining',
    decline: 'declined',
    decline_busy: 'busy',
    ring_over: 'missed',
    alerting: 'ringing',
    joined: EVICT,
    seen: EVICT,
    leave: 'declined',
    call_over: 'cancelled',
  },
  joining: {
    joined: 'joined',
    seen: 'joined',
    absent: 'left',
    freed: 'left',
    leave: 'left',
    call_over: 'left',
  },
  joined: {
    joined: 'joined',
    left: 'lost',
    absent: 'lost',
    freed: 'left',
    leave: 'left',
    call_over: 'left',
  },
  lost: {
    joined: 'joined',
    seen: 'joined',
    absent: 'left',
    freed: 'left',
    leave: 'left',
    call_over: 'left',
  },
  left: OUT,
  declined: OUT,
  missed: OUT,
  busy: OUT,
  cancelled: OUT,
};

/** What can happen to a call as a whole. */
export const CALL_EVENTS = [
  'first_accept',
  /** By the caller, by the loss of him, or by the host's own code, before anybody accepted. */
  'cancelled',
  'no_ring_left',
  'ended_for_all',
  'max_duration',
  'alone',
  /** None is left; in a one-to-one, fewer than two. */
  'too_few_seats',
] as const;
export type CallTransition = (typeof CALL_EVENTS)[number];

export const CALL_TABLE: Readonly<
  Record<CallState, Readonly<Partial<Record<CallTransition, CallState>>>>
> = {
  ringing: { first_accept: 'active', cancelled: 'ended', no_ring_left: 'ended' },
  active: { ended_for_all: 'ended', max_duration: 'ended', alone: 'ended', too_few_seats: 'ended' },
  ended: {},
};
