// Rings one more person.
import { type Party, partyOf } from './call.ts';
import { arm, type Draft, move, setCall, setParty, tellOne } from './draft.ts';
import type { Callee } from './event.ts';
import { doubt, type Refused, type Stage, seatElsewhere } from './stage.ts';

/** Rings of one person at another, without an answer, within {@link UNANSWERED_RINGS_MS}. */
export const UNANSWERED_RINGS_MAX = 5;
export const UNANSWERED_RINGS_MS = 600_000;

/** Undefined: none of them was rung too often by now, by this caller or in this call. */
export function rungTooOften(
  { unansweredRings, call, now }: Stage,
  callees: readonly Callee[],
): Refused | undefined {
  const waits = callees.flatMap(({ uid }) => {
    const known = call && partyOf(call.call, uid);
    const here = known && { count: ringsSoFar(known, now), since: known.createdAt };
    return [unansweredRings.get(uid), here].flatMap((rings) =>
      rings === undefined || rings.count < UNANSWERED_RINGS_MAX
        ? []
        : [Math.max(rings.since + UNANSWERED_RINGS_MS - now, 0)],
    );
  });
  if (waits.length === 0) return undefined;
  return { refused: 'ring_limited', againInMs: Math.max(...waits) };
}

const ringsSoFar = ({ rings = 0, createdAt }: Party, now: number): number =>
  createdAt > now - UNANSWERED_RINGS_MS ? rings : 0;

export function ring(stage: Stage, draft: Draft, callee: Callee): void {
  const { uid, isHidden } = callee;
  const { now, rules } = stage;
  const known = partyOf(draft.call, uid);
  // A ring that is kept from him is an ordinary one in the caller's eyes, busy or not.
  const seat = isHidden ? undefined : seatElsewhere(stage, uid);
  if (seat !== undefined) doubt(stage, seat);
  const isBusy = seat !== undefined;
  const ringEndsAt = now + rules.ringMs;
  const reach = isBusy ? undefined : stage.reach?.get(uid);
  const ringing = isBusy ? { reason: 'busy' as const } : { ringEndsAt };
  if (known === undefined) {
    const state = isBusy ? 'busy' : 'ringing';
    const cause = isBusy ? 'missed' : 'ringing';
    const party: Party = {
      ...{ uid, role: 'callee', state, isHidden, createdAt: now, version: 0, cause },
      ...ringing,
      ...(!isBusy && { rings: 1 }),
      ...(reach !== undefined && { reach }),
    };
    setCall(draft, { parties: [...draft.call.parties, party] });
  } else {
    const event = isBusy ? 'invite_busy' : 'invite';
    const counted = isBusy
      ? {}
      : {
          // Rings are known by it: another one has another, at the same moment too.
          createdAt: Math.max(now, known.createdAt + 1),
          rings: ringsSoFar(known, now) + 1,
        };
    const anew = {
      reach,
      alertedAt: undefined,
      device: undefined,
      seatedAt: undefined,
      leftAt: undefined,
      reason: undefined,
    };
    if (!move(draft, { uid, event }, { ...anew, ...ringing, ...counted })) return;
    if (known.isHidden && !isHidden) setParty(draft, uid, { isHidden: false });
  }
  if (!isBusy) arm(draft, `ring:${uid}`, ringEndsAt + rules.answerGraceMs);
  tellOne(draft, uid, isBusy ? 'missed' : 'ringing');
}
