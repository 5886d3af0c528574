// What the host is told of a change of a call. Of everything that he can see in it he is told.
import { type Call, isLive, isSeated, type Party, partyOf, type Reason } from './call.ts';
import { actorOf, type Change } from './change.ts';
import type { HostEvent, HostEventType } from './host-event.ts';
import { hostCallOf } from './host-view.ts';

/**
 * Whoever connects and drops again and again asks nothing of us, and each time would be two events.
 * A call that has made so many makes no more of them: who has lost the connection is there as before.
 */
const CONNECTIONS_TOLD_UNTIL = 2_000;

interface Told {
  readonly type: HostEventType;
  readonly at: number;
  readonly uid?: Party['uid'];
}

/** In the order in which it happened. Each has the call as it is after all of them. */
export function hostEventsOf(whole: Change): HostEvent[] {
  const change = bounded(whole);
  const { before, after, now } = change;
  const told: Told[] = after.parties
    .flatMap((party) => partyEventsOf(change, party))
    .sort((one, other) => one.at - other.at);
  if (before === undefined) told.unshift({ type: 'call.placed', at: now });
  const isEnd = !isLive(after) && (before === undefined || isLive(before));
  if (isEnd) told.push({ type: 'call.ended', at: after.endedAt ?? now });
  if (told.length === 0) return [];
  const call = hostCallOf(after);
  const toldBefore = before?.told ?? 0;
  return told.map(({ type, at, uid }, nth) => ({
    ...{ type, sequence: toldBefore + nth + 1, at },
    ...(uid !== undefined && { uid }),
    call,
  }));
}

function bounded(change: Change): Change {
  const { before, after } = change;
  const told = before?.told ?? 0;
  if (before === undefined || told < CONNECTIONS_TOLD_UNTIL) return change;
  // If that was the last of them, it is told that he is back.
  const isKnown = told > CONNECTIONS_TOLD_UNTIL;
  return { ...change, before: isKnown ? steady(before) : before, after: steady(after) };
}

const steady = (call: Call): Call => ({
  ...call,
  parties: call.parties.map((party) =>
    party.state === 'lost' ? { ...party, state: 'joined' } : party,
  ),
});

function partyEventsOf(change: Change, party: Party): readonly Told[] {
  const { before, now } = change;
  const { uid } = party;
  const known = before && partyOf(before, uid);
  const types = known === undefined ? newcomerTypes(change, party) : typesOf(change, known, party);
  return types.map((type) => ({ type, uid, at: type === 'call.missed' ? missedAt() : now }));

  /** A ring that was over counts from its own end, whoever noticed it when. */
  function missedAt(): number {
    const dueAt = known?.state === 'ringing' ? before?.timers.get(`ring:${uid}`) : undefined;
    return dueAt === undefined ? now : Math.min(dueAt, now);
  }
}

/** Those who come with the call are told of by its placing. */
function newcomerTypes({ before }: Change, { state }: Party): readonly HostEventType[] {
  if (state === 'busy') return ['call.missed'];
  return before === undefined ? [] : ['call.invited'];
}

function typesOf(change: Change, known: Party, party: Party): readonly HostEventType[] {
  const { state } = party;
  if (state === 'ringing') return ringTypes(known, party);
  if (state === known.state) {
    // A take-over.
    return isSeated(party) && party.device !== known.device ? ['call.accepted'] : [];
  }
  switch (state) {
    case 'joining':
      return ['call.accepted'];
    case 'lost':
      // The news of the end of his session had overtaken that of its beginning.
      return known.state === 'joining' ? ['call.joined', 'call.lost'] : ['call.lost'];
    case 'joined':
    case 'declined':
      return [`call.${state}`];
    case 'missed':
    case 'busy':
      return ['call.missed'];
    case 'left':
      return isToldApart(change, party) ? ['call.left'] : [];
    default:
      return [];
  }
}

function ringTypes(known: Party, party: Party): readonly HostEventType[] {
  const isNewRing = known.state !== 'ringing' || known.createdAt !== party.createdAt;
  if (isNewRing)
    return known.state === 'ringing' ? ['call.missed', 'call.invited'] : ['call.invited'];
  if (known.isHidden && !party.isHidden) return ['call.invited'];
  return known.alertedAt === party.alertedAt ? [] : ['call.alerting'];
}

const BY_HIMSELF: readonly (Reason | undefined)[] = ['hangup', 'replaced'];

/** The end of a call says that all have left it; of whoever brought it about by leaving it is told. */
const isToldApart = ({ after, event }: Change, { uid, reason }: Party): boolean =>
  isLive(after) || (actorOf(event) === uid && BY_HIMSELF.includes(reason));
