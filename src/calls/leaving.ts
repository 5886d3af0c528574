// Leave and end.
import type { UserId } from '../base/ids.ts';
import { isLive, isSeated, type Reason } from './call.ts';
import { type Draft, move, tell } from './draft.ts';
import { endCall, settle } from './ending.ts';
import { done, type EventOf, ownCall, refused, type Stage, type Verdict } from './stage.ts';

/** Never a refusal to somebody who hangs up: the other one would talk on to nobody. */
export function leave(stage: Stage, { uid, device }: EventOf<'leave'>): Verdict {
  const own = ownCall(stage, uid);
  if (own === undefined) return refused('not_found');
  const { draft, party } = own;
  // The phone that lost the race must not hang up for the one that won.
  const isOfAnother = isSeated(party) && device !== undefined && device !== party.device;
  if (!isOfAnother) leaveAs(draft, uid, stage.now);
  return done(draft);
}

function leaveAs(draft: Draft, uid: UserId, at: number): void {
  const isRinging = draft.call.parties.some(
    (party) => party.uid === uid && party.state === 'ringing',
  );
  if (!isRinging) {
    leaveSeat(draft, uid, { at, reason: 'hangup' });
  } else if (move(draft, { uid, event: 'leave' }, { reason: 'declined', ringEndsAt: undefined })) {
    tell(draft, 'declined');
    settle(draft, at, 'declined');
  }
}

export function leaveSeat(
  draft: Draft,
  uid: UserId,
  { at, reason }: { at: number; reason: Reason },
): void {
  if (!move(draft, { uid, event: 'leave' }, { leftAt: at, reason })) return;
  tell(draft, 'left');
  settle(draft, at, reason);
}

export function end(stage: Stage, { uid }: EventOf<'end'>): Verdict {
  if (uid === undefined) return endByHost(stage);
  const own = ownCall(stage, uid);
  if (own === undefined) return refused('not_found');
  const { draft, party } = own;
  const { call } = draft;
  if (!isLive(call)) return done(draft);
  if (call.isGroup && uid !== call.caller) return refused('not_caller');
  if (party.state === 'ringing') leaveAs(draft, uid, stage.now);
  else endForAll(draft, stage.now, 'ended_for_all');
  return done(draft);
}

function endByHost({ call, now }: Stage): Verdict {
  if (call === undefined) return refused('not_found');
  endForAll(call, now, 'ended_by_host_app');
  return done(call);
}

function endForAll(draft: Draft, at: number, reason: Reason): void {
  if (draft.call.state === 'ringing') {
    endCall(draft, { by: 'cancelled', at, reason, outcome: 'cancelled' });
  } else {
    endCall(draft, { by: 'ended_for_all', at, reason });
  }
}
