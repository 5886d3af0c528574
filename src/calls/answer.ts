// Accept and decline.
import type { DeviceId, UserId } from '../base/ids.ts';
import { isLive, isSeated, partyOf } from './call.ts';
import {
  arm,
  type Draft,
  move,
  moveCall,
  ringsIn,
  seatsIn,
  setParty,
  tell,
  tellOne,
} from './draft.ts';
import { settle } from './ending.ts';
import { leaveSeat } from './leaving.ts';
import {
  done,
  doubt,
  type EventOf,
  ownCall,
  refused,
  type Seat,
  type Stage,
  seatElsewhere,
  type Verdict,
} from './stage.ts';

/** After it LiveKit is asked who is there, where no webhook has come. */
export const PROOF_MS = 5_000;

export function accept(stage: Stage, event: EventOf<'accept'>): Verdict {
  const own = ownCall(stage, event.uid);
  if (own === undefined) return refused('not_found');
  const { draft, party } = own;
  if (!isLive(draft.call)) return refused('call_ended');
  if (isSeated(party)) return acceptAgain(own, event, stage.now);
  if (party.state !== 'ringing') {
    if (draft.call.state !== 'active' || !draft.call.isGroup) return refused('call_ended');
    const taken = seatsIn(draft.call) + ringsIn(draft.call);
    if (taken >= stage.rules.maxParticipants) return refused('call_full');
  }
  const elsewhere = seatElsewhere(stage, event.uid);
  if (elsewhere !== undefined) {
    const other = elsewhere.draft.call.id;
    const isSameDevice = elsewhere.party.device === event.device;
    if (!isSameDevice && event.instead !== other) {
      doubt(stage, elsewhere);
      return refused('in_another_call', other);
    }
  }
  if (event.againInMs !== undefined) return tooOften(event.againInMs);
  if (elsewhere !== undefined) {
    const reason = event.instead === elsewhere.draft.call.id ? 'hangup' : 'replaced';
    leaveSeat(elsewhere.draft, event.uid, { at: stage.now, reason });
  }
  takeSeat(draft, { uid: event.uid, device: event.device, now: stage.now });
  return done(draft);
}

/** He holds the seat already: the same device lost its answer, or another one wants it. */
function acceptAgain({ draft, party }: Seat, event: EventOf<'accept'>, now: number): Verdict {
  const { uid, device } = party;
  const isSame = device === event.device;
  if (!isSame && !event.takeOver) return refused('answered_elsewhere');
  if (!isSame && event.againInMs !== undefined) return tooOften(event.againInMs);
  waitAnew(draft, uid, now);
  if (isSame) return done(draft);
  setParty(draft, uid, { device: event.device });
  // The others don't see devices.
  tellOne(draft, uid, 'answered_elsewhere');
  return done(draft);
}

const tooOften = (againInMs: number): Verdict => ({ refused: 'rate_limited', againInMs });

/** Who is waited for has just got a new token, and as long to come by it as by his first. */
export function waitAnew(draft: Draft, uid: UserId, now: number): void {
  const key = `grace:${uid}` as const;
  const dueAt = draft.call.timers.get(key);
  if (dueAt !== undefined) arm(draft, key, Math.max(dueAt, now + draft.rules.reconnectGraceMs));
}

export function takeSeat(
  draft: Draft,
  { uid, device, now }: { uid: UserId; device: DeviceId; now: number },
): void {
  const { rules } = draft;
  const before = partyOf(draft.call, uid);
  const seat = {
    device,
    seatedAt: now,
    answeredAt: before?.answeredAt ?? (before?.role === 'callee' ? now : undefined),
    leftAt: undefined,
    reason: undefined,
    ringEndsAt: undefined,
    rings: undefined,
  };
  if (!move(draft, { uid, event: 'accept' }, seat)) return;
  arm(draft, `grace:${uid}`, now + rules.reconnectGraceMs);
  if (moveCall(draft, 'first_accept', { activeAt: now })) {
    arm(draft, 'max', now + rules.maxCallMs);
    if (draft.call.heard !== 'webhook') arm(draft, 'proof', now + PROOF_MS);
    // Until now the caller was free to wait outside.
    const { caller } = draft.call;
    const isOutside = partyOf(draft.call, caller)?.state === 'joining';
    if (isOutside) arm(draft, `grace:${caller}`, now + rules.reconnectGraceMs);
  }
  tell(draft, 'accepted');
  if (before?.state === 'ringing') tellOne(draft, uid, 'answered_elsewhere');
  settle(draft, now, 'hangup');
}

export function decline(stage: Stage, { uid, reason }: EventOf<'decline'>): Verdict {
  const own = ownCall(stage, uid);
  if (own === undefined) return refused('not_found');
  // One phone has stopped ringing by itself; the others may go on.
  if (reason !== 'timeout') declineRing(own.draft, uid, { at: stage.now, reason });
  return done(own.draft);
}

/** The caller learns it of the first of a callee's phones. */
export function alerting(stage: Stage, { uid }: EventOf<'alerting'>): Verdict {
  const own = ownCall(stage, uid);
  if (own === undefined) return refused('not_found');
  const { draft, party } = own;
  const isFirst = party.alertedAt === undefined;
  if (isFirst && move(draft, { uid, event: 'alerting' }, { alertedAt: stage.now })) {
    tellOne(draft, draft.call.caller, 'alerting');
  }
  return done(draft);
}

export function declineRing(
  draft: Draft,
  uid: UserId,
  { at, reason }: { at: number; reason: 'declined' | 'busy' },
): void {
  const event = reason === 'busy' ? 'decline_busy' : 'decline';
  if (!move(draft, { uid, event }, { reason, ringEndsAt: undefined })) return;
  tell(draft, 'declined');
  settle(draft, at, reason);
}
