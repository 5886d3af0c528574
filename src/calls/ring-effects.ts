// Which phones begin to ring by a change of a call, and which stop.
import { type Call, isSeated, type Party, partyOf } from './call.ts';
import { actorOf, type Change } from './change.ts';
import type { CallEvent, Effects, RingEnd, RingStop } from './event.ts';

export function ringEffectsOf({ before, after, event }: Change): Effects['push'][] {
  return after.parties.flatMap((party): Effects['push'][] => {
    const { uid } = party;
    const known = before && partyOf(before, uid);
    const rang = known !== undefined && isRung(known);
    if (isRung(party)) {
      // Where one ring has followed the other nothing stops: to his phones it is one call.
      const isSameRing = rang && known.createdAt === party.createdAt;
      return isSameRing ? [] : [{ type: 'ring', uid, ringAt: party.createdAt }];
    }
    const ringAt = party.createdAt;
    return rang ? [{ type: 'stop_ring', uid, ringAt, ...stopOf(party, after, event) }] : [];
  });
}

/** Nothing of a call reaches those from whom it is hidden. */
const isRung = ({ state, isHidden }: Party): boolean => state === 'ringing' && !isHidden;

function stopOf(party: Party, call: Call, event: CallEvent): RingStop {
  const cause = causeOf(party, call, event);
  const { device } = party;
  const isByHim = cause === 'answered_elsewhere' || cause === 'declined_elsewhere';
  const installation = isByHim ? installationOf(party, call, event) : undefined;
  return {
    cause,
    ...(installation !== undefined && { installation }),
    ...(cause === 'answered_elsewhere' && device !== undefined && { device }),
  };
}

function causeOf(party: Party, { outcome }: Call, event: CallEvent): RingEnd {
  if (isSeated(party)) return 'answered_elsewhere';
  switch (party.state) {
    case 'declined':
      return 'declined_elsewhere';
    case 'busy':
      // Else it was over, and he was invited anew while he sat in another call.
      return event.type === 'decline' ? 'declined_elsewhere' : 'over';
    case 'missed':
      return 'over';
    default:
      return outcome === 'cancelled' ? 'cancelled' : 'ended';
  }
}

function installationOf({ uid }: Party, { id }: Call, event: CallEvent) {
  // Whoever places a call answers another one with it, if he was called at the same moment.
  const isOfIt = event.callId === id || event.type === 'place';
  const isHis = isOfIt && actorOf(event) === uid;
  return isHis && 'installation' in event ? event.installation : undefined;
}
