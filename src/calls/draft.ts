// A call while it is decided upon. It is changed in here alone, and only as the table has it.
import type { UserId } from '../base/ids.ts';
import {
  type Call,
  type CallRules,
  type Cause,
  isSeated,
  type Party,
  partyOf,
  type TimerKey,
} from './call.ts';
import type { Effects } from './event.ts';
import {
  CALL_TABLE,
  type CallTransition,
  EVICT,
  PARTY_TABLE,
  type PartyEvent,
} from './transitions.ts';

export interface Draft {
  /** Undefined: the call is new. */
  readonly before: Call | undefined;
  readonly rules: CallRules;
  call: Call;
  readonly seenBy: Map<UserId, Cause>;
  /** At LiveKit, beside those that its beginning and its end have. */
  readonly effects: Effects['livekit'][];
}

/** `undefined` takes a field away. */
type Patch<Row> = { readonly [Field in keyof Row]?: Row[Field] | undefined };

export const draftOf = (call: Call, rules: CallRules): Draft => ({
  before: call,
  rules,
  call,
  seenBy: new Map(),
  effects: [],
});

export const draftOfNew = (call: Call, rules: CallRules): Draft => ({
  ...draftOf(call, rules),
  before: undefined,
});

export const isChanged = ({ before, call, effects }: Draft): boolean =>
  call !== before || effects.length > 0;

export function setCall(draft: Draft, patch: Patch<Call>): void {
  draft.call = patched(draft.call, patch);
}

export function setParty(draft: Draft, uid: UserId, patch: Patch<Party>): void {
  const parties = draft.call.parties.map((party) =>
    party.uid === uid ? patched(party, patch) : party,
  );
  draft.call = { ...draft.call, parties };
}

/**
 * What `event` makes of a party. False: nothing, by the table. Timers of the state that is left go
 * with it.
 */
export function move(
  draft: Draft,
  { uid, event }: { uid: UserId; event: PartyEvent },
  patch: Patch<Party> = {},
): boolean {
  const state = partyOf(draft.call, uid)?.state;
  const next = state === undefined ? undefined : PARTY_TABLE[state][event];
  if (next === undefined) return false;
  if (next === EVICT) {
    remove(draft, uid);
    return true;
  }
  setParty(draft, uid, { ...patch, state: next });
  if (next !== 'ringing') disarm(draft, `ring:${uid}`);
  if (next !== 'joining' && next !== 'lost') disarm(draft, `grace:${uid}`);
  return true;
}

/** What `event` makes of the call. False: nothing, by the table. */
export function moveCall(draft: Draft, event: CallTransition, patch: Patch<Call>): boolean {
  const state = CALL_TABLE[draft.call.state][event];
  if (state === undefined) return false;
  setCall(draft, { ...patch, state });
  return true;
}

/** Out of the LiveKit room; once is enough. */
export function remove(draft: Draft, identity: string): void {
  const isThere = draft.effects.some(
    (effect) => effect.type === 'remove_participant' && effect.identity === identity,
  );
  if (!isThere) draft.effects.push({ type: 'remove_participant', identity });
}

/** Once is enough here too. */
export function deleteRoom({ effects }: Draft): void {
  if (!effects.some(({ type }) => type === 'delete_room')) effects.push({ type: 'delete_room' });
}

export function arm(draft: Draft, key: TimerKey, dueAt: number): void {
  if (draft.call.timers.get(key) === dueAt) return;
  setCall(draft, { timers: new Map(draft.call.timers).set(key, dueAt) });
}

export function disarm(draft: Draft, key: TimerKey): void {
  if (!draft.call.timers.has(key)) return;
  const timers = new Map(draft.call.timers);
  timers.delete(key);
  setCall(draft, { timers });
}

/** Everybody who may see the call sees that it has changed. */
export function tell(draft: Draft, cause: Cause): void {
  for (const { uid, isHidden } of draft.call.parties) {
    if (!isHidden) draft.seenBy.set(uid, cause);
  }
}

/** One person sees it under a name of his own. */
export function tellOne(draft: Draft, uid: UserId, cause: Cause): void {
  if (partyOf(draft.call, uid)?.isHidden === false) draft.seenBy.set(uid, cause);
}

export const seatsIn = ({ parties }: Call): number => parties.filter(isSeated).length;
export const ringsIn = ({ parties }: Call): number =>
  parties.filter(({ state }) => state === 'ringing').length;

function patched<Row extends object>(row: Row, patch: Patch<Row>): Row {
  const next = { ...row, ...patch };
  for (const field of Object.keys(patch) as (keyof Row)[]) {
    if (next[field] === undefined) delete next[field];
  }
  return next as Row;
}
