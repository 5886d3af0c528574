// Invite: whoever sits in the call brings others in.
import { isLive, isSeated, partyOf } from './call.ts';
import { ringsIn, seatsIn, setCall, setParty, tell, tellOne } from './draft.ts';
import { settle } from './ending.ts';
import type { Callee } from './event.ts';
import { ring, rungTooOften } from './ring.ts';
import { done, type EventOf, ownCall, refused, type Stage, type Verdict } from './stage.ts';

/** All who were ever rung by it: each change of a call is written to every one of them. */
const PARTIES_MAX = 500;

export function invite(stage: Stage, event: EventOf<'invite'>): Verdict {
  const own = ownCall(stage, event.uid);
  if (own === undefined) return refused('not_found');
  const { draft } = own;
  if (!isLive(draft.call)) return refused('call_ended');
  if (!isSeated(own.party)) return refused('not_caller');

  const toRing = event.callees.filter((callee) => isToRing(callee));
  const toReveal = event.callees.filter((callee) => isToReveal(callee));
  if (toRing.length + toReveal.length === 0) return done(draft);
  const taken = seatsIn(draft.call) + ringsIn(draft.call);
  const known = new Set<string>(draft.call.parties.map(({ uid }) => uid));
  const strangers = toRing.filter(({ uid }) => !known.has(uid)).length;
  if (taken + toRing.length > stage.rules.maxParticipants || known.size + strangers > PARTIES_MAX) {
    return refused('call_full');
  }
  const limited = rungTooOften(stage, toRing);
  if (limited !== undefined) return limited;

  setCall(draft, { isGroup: true });
  tell(draft, 'invited');
  for (const callee of toRing) ring(stage, draft, callee);
  for (const { uid } of toReveal) {
    setParty(draft, uid, { isHidden: false });
    tellOne(draft, uid, 'ringing');
  }
  settle(draft, stage.now, 'hangup');
  return done(draft);

  function isToRing({ uid, isHidden }: Callee): boolean {
    const known = partyOf(draft.call, uid);
    if (known === undefined) return true;
    if (isSeated(known) || known.state === 'ringing') return false;
    // He has seen this call: it can't be hidden from him any more, and he is not to be rung.
    return !isHidden || known.isHidden;
  }

  /** Kept from him so far; this one may ring him. */
  function isToReveal({ uid, isHidden }: Callee): boolean {
    const known = partyOf(draft.call, uid);
    return known !== undefined && known.state === 'ringing' && known.isHidden && !isHidden;
  }
}
