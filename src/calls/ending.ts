// How a call ends, and what became of it.
import {
  type Call,
  type Cause,
  isLive,
  isSeated,
  type Outcome,
  partyOf,
  type Reason,
} from './call.ts';
import {
  arm,
  type Draft,
  disarm,
  move,
  moveCall,
  ringsIn,
  seatsIn,
  tell,
  tellOne,
} from './draft.ts';
import type { CallTransition } from './transitions.ts';

interface Ending {
  readonly by: CallTransition;
  readonly at: number;
  readonly reason: Reason;
  /** Of a call that nobody accepted. */
  readonly outcome?: Outcome;
}

/** Where one of these has just befallen somebody, he reads it rather than that the call has ended. */
const OF_HIS_OWN: readonly Cause[] = ['missed', 'declined', 'cancelled'];

export function endCall(draft: Draft, { by, at, reason, outcome }: Ending): void {
  const { call, before, seenBy } = draft;
  const told = new Map(seenBy);
  const became = outcome ?? outcomeOf(call);
  if (!moveCall(draft, by, { outcome: became, reason, endedAt: at, timers: new Map() })) return;
  for (const { uid, state } of call.parties) {
    const left = state === 'ringing' ? {} : { leftAt: at };
    move(draft, { uid, event: 'call_over' }, { reason, ringEndsAt: undefined, ...left });
  }
  tell(draft, 'ended');
  for (const { uid, state } of call.parties) {
    const isNews = before === undefined || partyOf(before, uid)?.state !== state;
    const cause = state === 'ringing' ? 'cancelled' : isNews ? told.get(uid) : undefined;
    if (cause !== undefined && OF_HIS_OWN.includes(cause)) tellOne(draft, uid, cause);
  }
}

/** Ends what cannot go on, and watches over who is left alone. After every change of a party. */
export function settle(draft: Draft, at: number, reason: Reason): void {
  const { call, rules } = draft;
  if (!isLive(call)) return;
  if (call.state === 'ringing') {
    const caller = partyOf(call, call.caller);
    if (caller === undefined || !isSeated(caller)) {
      endCall(draft, { by: 'cancelled', at, reason, outcome: 'cancelled' });
    } else if (ringsIn(call) === 0) {
      endCall(draft, { by: 'no_ring_left', at, ...unansweredOf(call) });
    }
    return;
  }
  const seats = seatsIn(call);
  if (seats < (call.isGroup ? 1 : 2)) {
    endCall(draft, { by: 'too_few_seats', at, reason });
  } else if (seats > 1 || ringsIn(call) > 0) {
    disarm(draft, 'alone');
  } else if (!call.timers.has('alone')) {
    arm(draft, 'alone', at + rules.aloneMs);
  }
}

/** Of a call that was accepted. That it failed needs proof: LiveKit has to have been heard. */
const outcomeOf = ({ talkAt, heard }: Call): Outcome =>
  talkAt === undefined && heard !== 'nothing' ? 'failed' : 'answered';

function unansweredOf({ parties }: Call): { outcome: Outcome; reason: Reason } {
  const states = parties.map(({ state }) => state);
  if (states.includes('missed')) return { outcome: 'missed', reason: 'ring_timeout' };
  if (states.includes('declined')) return { outcome: 'declined', reason: 'declined' };
  return { outcome: 'busy', reason: 'busy' };
}
