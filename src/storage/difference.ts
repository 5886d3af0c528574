// A decision, held against the scene: the rows that differ.
import { randomUUID } from 'node:crypto';
import type { UserId } from '../base/ids.ts';
import { type Call, isLive, isSeated, type Party, partyOf } from '../calls/call.ts';
import type { ChangedCall, Profile, Scene, Scope } from '../calls/store.ts';
import { addEffects, type EffectRows, noEffects } from './effects.ts';
import {
  type CALL_CHANGING,
  type CALL_FIXED,
  callRow,
  changingCallRow,
  type PARTY,
  type PARTY_CALL,
  type PERSON,
  partyRow,
  type RowOf,
  type SEAT,
  type TIMER,
} from './sql/columns.ts';

type CallId = { readonly id: string };
type PartyRow = RowOf<typeof PARTY & typeof PARTY_CALL> & { readonly behind: number | undefined };

/** The rows to be written, a list a statement. */
export interface Difference extends EffectRows {
  readonly people: RowOf<typeof PERSON>[];
  readonly calls: RowOf<typeof CALL_FIXED & typeof CALL_CHANGING>[];
  readonly changedCalls: (RowOf<typeof CALL_CHANGING> & CallId)[];
  readonly seatsGivenUp: Pick<RowOf<typeof SEAT>, 'call_id' | 'uid'>[];
  readonly seatsTaken: RowOf<typeof SEAT>[];
  readonly parties: PartyRow[];
  readonly timersGone: Pick<RowOf<typeof TIMER>, 'call_id' | 'key'>[];
  readonly timers: RowOf<typeof TIMER>[];
}

/** Who sees a change, and by how much this call's version is below the last of what he sees. */
export type Behind = (uid: UserId, call: Call) => number | undefined;

export function differenceOf(
  scene: Scene,
  changed: readonly ChangedCall[],
  { callId, profile }: Scope,
): { rows: Difference; behind: Behind; raised: readonly UserId[] } {
  const { raises, behind } = raisesOf(changed);
  const known = new Map(
    [scene.call, ...scene.others].flatMap((call) => (call ? [[call.id, call]] : [])),
  );
  const rows: Difference = {
    people: peopleRows(changed, { known, raises, profile }),
    calls: [],
    changedCalls: [],
    seatsGivenUp: [],
    seatsTaken: [],
    parties: [],
    timersGone: [],
    timers: [],
    ...noEffects(),
  };
  for (const change of changed) {
    const before = known.get(change.call.id);
    if (before === undefined && change.call.id !== callId) {
      throw new Error('a call was changed that is not in the scene');
    }
    addCall(rows, before, change.call);
    addSeats(rows, before, change.call);
    addParties(rows, before, { change, behind });
    addTimers(rows, before, change.call);
    addEffects(rows, change, scene.now);
  }
  return { rows, behind, raised: [...raises.keys()] };
}

function raisesOf(changed: readonly ChangedCall[]) {
  const raises = new Map<UserId, number>();
  const places = new Map<string, number>();
  for (const { call, seenBy } of changed) {
    for (const uid of seenBy.keys()) {
      const party = partyOf(call, uid);
      if (party === undefined) throw new Error('a change is seen by somebody who is no party');
      if (party.isHidden) continue;
      const place = (raises.get(uid) ?? 0) + 1;
      raises.set(uid, place);
      places.set(`${call.id} ${uid}`, place);
    }
  }
  const behind: Behind = (uid, call) => {
    const place = places.get(`${call.id} ${uid}`);
    return place === undefined ? undefined : (raises.get(uid) as number) - place;
  };
  return { raises, behind };
}

/** Sorted, since they are locked in this order: whoever sees a change, and whose name is not known yet. */
function peopleRows(
  changed: readonly ChangedCall[],
  {
    known,
    raises,
    profile,
  }: {
    known: ReadonlyMap<string, Call>;
    raises: ReadonlyMap<UserId, number>;
    profile: Profile | undefined;
  },
): RowOf<typeof PERSON>[] {
  const uids = new Set<UserId>(raises.keys());
  for (const { call } of changed) {
    const before = known.get(call.id);
    for (const { uid } of call.parties) {
      const was = before && partyOf(before, uid);
      const isRenamed =
        uid === profile?.uid && (was?.name !== profile.name || was?.picture !== profile.picture);
      if (was === undefined || isRenamed) uids.add(uid);
    }
  }
  return [...uids].sort().map((uid) => ({
    uid,
    epoch: randomUUID(),
    version: raises.get(uid) ?? 0,
    name: profile?.uid === uid ? (profile.name ?? '') : null,
    picture: profile?.uid === uid ? (profile.picture ?? '') : null,
  }));
}

function addCall(rows: Difference, before: Call | undefined, call: Call): void {
  if (before === undefined) rows.calls.push(callRow(call));
  else {
    const row = changingCallRow(call);
    if (!isSame(row, changingCallRow(before))) rows.changedCalls.push({ id: call.id, ...row });
  }
}

function addSeats(rows: Difference, before: Call | undefined, call: Call): void {
  const held = seatsOf(before);
  const now = seatsOf(call);
  for (const [uid, seat] of held) {
    const kept = now.get(uid);
    if (kept === undefined || !isSame(kept, seat)) {
      rows.seatsGivenUp.push({ call_id: seat.call_id, uid });
    }
  }
  for (const [uid, seat] of now) {
    const old = held.get(uid);
    if (old === undefined || !isSame(old, seat)) rows.seatsTaken.push(seat);
  }
}

function seatsOf(call: Call | undefined): Map<string, RowOf<typeof SEAT>> {
  const seats = call?.parties.filter(isSeated) ?? [];
  return new Map(
    seats.map(({ uid, device, seatedAt }) => [
      uid,
      { uid, call_id: (call as Call).id, device, since: seatedAt },
    ]),
  );
}

function addParties(
  rows: Difference,
  before: Call | undefined,
  { change: { call, seenBy }, behind }: { change: ChangedCall; behind: Behind },
): void {
  const old = new Map(before?.parties.map((party, position) => [party.uid, { party, position }]));
  const isLiveNow = isLive(call);
  call.parties.forEach((party, position) => {
    const was = old.get(party.uid);
    const seen = behind(party.uid, call);
    const row = partyRow(asWritten(party, was?.party, seenBy.get(party.uid)), position);
    const isUnchanged =
      was !== undefined &&
      seen === undefined &&
      isLive(before as Call) === isLiveNow &&
      isSame(row, partyRow(was.party, was.position));
    if (isUnchanged) return;
    rows.parties.push({
      ...row,
      call_id: call.id,
      context: call.context,
      is_live: isLiveNow,
      behind: seen,
    });
  });
}

/** Version and cause are the store's: whatever the decision has there is what it once read. */
export function asWritten(
  party: Party,
  was: Party | undefined,
  cause: Party['cause'] | undefined,
): Party {
  return {
    ...party,
    version: was?.version ?? 0,
    cause: (party.isHidden ? undefined : cause) ?? was?.cause ?? party.cause,
  };
}

function addTimers(rows: Difference, before: Call | undefined, call: Call): void {
  for (const key of before?.timers.keys() ?? []) {
    if (!call.timers.has(key)) rows.timersGone.push({ call_id: call.id, key });
  }
  for (const [key, dueAt] of call.timers) {
    if (before?.timers.get(key) !== dueAt) {
      rows.timers.push({ call_id: call.id, key, due_at: dueAt });
    }
  }
}

/** Flat rows, made by the same function. */
function isSame<Of extends object>(one: Of, other: Of): boolean {
  return (Object.keys(one) as (keyof Of)[]).every((key) => one[key] === other[key]);
}
