// Place: a new call, the same one again, or the call that the other one has just placed.

import { takeSeat, waitAnew } from './answer.ts';
import { type Call, partyOf } from './call.ts';
import { arm, type Draft, draftOfNew, tellOne } from './draft.ts';
import { settle } from './ending.ts';
import { leaveSeat } from './leaving.ts';
import { watchMs } from './presence.ts';
import { ring, rungTooOften } from './ring.ts';
import {
  done,
  doubt,
  type EventOf,
  refused,
  type Seat,
  type Stage,
  seatElsewhere,
  type Verdict,
} from './stage.ts';

/** Answers the new call's draft beside the verdict. */
export function place(stage: Stage, event: EventOf<'place'>): { verdict: Verdict; placed?: Draft } {
  const { caller, device, callees } = event;
  if (stage.call !== undefined) return { verdict: placedAgain(stage.call, event, stage.now) };
  const elsewhere = seatElsewhere(stage, caller);
  if (elsewhere !== undefined) {
    if (isGlareAgain(elsewhere, event)) {
      waitAnew(elsewhere.draft, caller, stage.now);
      return { verdict: done(elsewhere.draft) };
    }
    if (elsewhere.party.device !== device) {
      doubt(stage, elsewhere);
      return { verdict: refused('in_another_call', elsewhere.draft.call.id) };
    }
  }
  const replace = (): void => {
    if (elsewhere === undefined) return;
    leaveSeat(elsewhere.draft, caller, { at: stage.now, reason: 'replaced' });
  };
  const glare = stage.others.find(({ call }) => isGlare(call, event));
  if (glare !== undefined) {
    replace();
    takeSeat(glare, { uid: caller, device, now: stage.now });
    return { verdict: done(glare) };
  }
  if (callees.length >= stage.rules.maxParticipants) return { verdict: refused('call_full') };
  const limited = rungTooOften(stage, callees);
  if (limited !== undefined) return { verdict: limited };
  replace();
  return { verdict: { callId: event.callId, created: true }, placed: newCall(stage, event) };
}

/** A retry is known by its body, and never rings twice. */
function placedAgain(draft: Draft, event: EventOf<'place'>, now: number): Verdict {
  const { call } = draft;
  const { caller, device, requestHash } = event;
  const isSame = call.caller === caller && call.requestHash === requestHash;
  if (!isSame) return refused('call_id_taken');
  if (partyOf(call, caller)?.device === device) waitAnew(draft, caller, now);
  return done(draft);
}

/** The one whom he calls is calling him, and nobody else is in it. */
function isGlare(call: Call, { caller, callees }: EventOf<'place'>): boolean {
  const own = partyOf(call, caller);
  return (
    callees.length === 1 &&
    call.caller === callees[0]?.uid &&
    call.state === 'ringing' &&
    !call.isGroup &&
    own?.state === 'ringing' &&
    !own.isHidden
  );
}

/** The answer to a place that met the other's call was lost: he sits in it and was never there. */
function isGlareAgain({ draft: { call }, party }: Seat, event: EventOf<'place'>): boolean {
  return (
    event.callees.length === 1 &&
    call.caller === event.callees[0]?.uid &&
    !call.isGroup &&
    party.device === event.device &&
    party.state === 'joining'
  );
}

function newCall(stage: Stage, event: EventOf<'place'>): Draft {
  const { now, rules } = stage;
  const { callId, caller, device, callees, kind, context, data, room, requestHash } = event;
  const draft = draftOfNew(
    {
      ...{ id: callId, room, caller, kind, requestHash },
      ...(context === undefined ? {} : { context }),
      ...(data === undefined ? {} : { data }),
      ...{ isGroup: callees.length > 1, state: 'ringing', createdAt: now, heard: 'nothing' },
      parties: [
        {
          ...{ uid: caller, role: 'caller', state: 'joining', isHidden: false, device },
          ...{ seatedAt: now, createdAt: now, version: 0, cause: 'ringing' },
        },
      ],
      timers: new Map(),
    },
    rules,
  );
  tellOne(draft, caller, 'ringing');
  for (const callee of callees) ring(stage, draft, callee);
  arm(draft, 'watch', now + watchMs(draft.call));
  settle(draft, now, 'busy');
  return draft;
}
