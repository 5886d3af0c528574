// Rings one more person.
import type { UserId } from '../base/ids.ts';
import { type Party, partyOf } from './call.ts';
import { arm, type Draft, move, setCall, setParty, tellOne } from './draft.ts';
import type { Callee } from './event.ts';
import { doubt, type Stage, seatElsewhere } from './stage.ts';

/** Rings of one person at another, without an answer, within {@link UNANSWERED_RINGS_MS}. */
export const UNANSWERED_RINGS_MAX = 5;
export const UNANSWERED_RINGS_MS = 600_000;

export const isRungTooOften = ({ unansweredRings }: Stage, uid: UserId): boolean =>
  (unansweredRings.get(uid) ?? 0) >= UNANSWERED_RINGS_MAX;

export function ring(stage: Stage, draft: Draft, callee: Callee): void {
  const { uid, isHidden } = callee;
  const { now, rules } = stage;
  const known = partyOf(draft.call, uid);
  // A ring that is kept from him is an ordinary one in the caller's eyes, busy or not.
  const seat = isHidden ? undefined : seatElsewhere(stage, uid);
  if (seat !== undefined) doubt(stage, seat);
  const isBusy = seat !== undefined;
  const ringEndsAt = now + rules.ringMs;
  const ringing = isBusy ? { reason: 'busy' as const } : { ringEndsAt };
  if (known === undefined) {
    const state = isBusy ? 'busy' : 'ringing';
    const cause = isBusy ? 'missed' : 'ringing';
    const party: Party = {
      ...{ uid, role: 'callee', state, isHidden, createdAt: now, version: 0, cause },
      ...ringing,
    };
    setCall(draft, { parties: [...draft.call.parties, party] });
  } else {
    const event = isBusy ? 'invite_busy' : 'invite';
    const anew = { device: undefined, seatedAt: undefined, leftAt: undefined, reason: undefined };
    if (!move(draft, { uid, event }, { ...anew, ...ringing })) return;
    if (known.isHidden && !isHidden) setParty(draft, uid, { isHidden: false });
  }
  if (!isBusy) arm(draft, `ring:${uid}`, ringEndsAt + rules.answerGraceMs);
  tellOne(draft, uid, isBusy ? 'missed' : 'ringing');
}
