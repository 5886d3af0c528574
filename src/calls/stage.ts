// What an event can touch: its call, and the calls in which the people concerned hold their seats.
import type { CallId, RoomName, UserId } from '../base/ids.ts';
import { type CallRules, isLive, isSeated, type Party, partyOf } from './call.ts';
import { type Draft, draftOf } from './draft.ts';
import type { CallEvent, CallRefusal } from './event.ts';
import type { Scene } from './store.ts';

export type EventOf<Type extends CallEvent['type']> = Extract<CallEvent, { readonly type: Type }>;

/** What an event led to. A refusal is data, so that deadlines that had passed are written all the same. */
export type Verdict = { readonly callId: CallId; readonly created: boolean } | Refused;

/** `callId`: of the call that stands in the way. `againInMs`: a new try makes sense then. */
export interface Refused {
  readonly refused: CallRefusal;
  readonly callId?: CallId;
  readonly againInMs?: number;
}

/** A seat that stands in the way and is old enough to be doubted: LiveKit is asked first. */
export interface DoubtfulSeat {
  readonly callId: CallId;
  readonly room: RoomName;
  readonly uid: UserId;
}

export interface Stage {
  readonly now: number;
  readonly rules: CallRules;
  readonly call: Draft | undefined;
  readonly others: readonly Draft[];
  readonly unansweredRings: Scene['unansweredRings'];
  readonly reach: Scene['reach'];
  readonly doubts: DoubtfulSeat[];
}

export interface Seat {
  readonly draft: Draft;
  readonly party: Party;
}

const DOUBTFUL_AFTER_MS = 30_000;

export function stageOf(scene: Scene, rules: CallRules): Stage {
  const { now, call, others, unansweredRings, reach } = scene;
  return {
    now,
    rules,
    call: call === undefined ? undefined : draftOf(call, rules),
    others: others.filter(({ id }) => id !== call?.id).map((other) => draftOf(other, rules)),
    unansweredRings,
    reach,
    doubts: [],
  };
}

/** The event's call as this person may see it: for strangers and hidden people there is none. */
export function ownCall({ call }: Stage, uid: UserId): Seat | undefined {
  const party = call === undefined ? undefined : partyOf(call.call, uid);
  if (call === undefined || party === undefined || party.isHidden) return undefined;
  return { draft: call, party };
}

export function seatElsewhere({ others }: Stage, uid: UserId): Seat | undefined {
  for (const draft of others) {
    const party = partyOf(draft.call, uid);
    if (isLive(draft.call) && party !== undefined && isSeated(party)) return { draft, party };
  }
  return undefined;
}

/** A caller who has never joined is not judged while it rings: his app may join at the answer. */
export function doubt(stage: Stage, { draft: { call }, party }: Seat): void {
  const { uid, seatedAt = stage.now, state } = party;
  if (stage.now - seatedAt <= DOUBTFUL_AFTER_MS) return;
  if (call.state === 'ringing' && state === 'joining') return;
  stage.doubts.push({ callId: call.id, room: call.room, uid });
}

export const done = ({ call }: Draft): Verdict => ({ callId: call.id, created: false });
export const refused = (code: CallRefusal, callId?: CallId): Verdict =>
  callId === undefined ? { refused: code } : { refused: code, callId };
