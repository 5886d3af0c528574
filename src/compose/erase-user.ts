// Somebody wants to be forgotten: by the host's code, or by an operator's command.
import type { CallId, UserId } from '../base/ids.ts';
import type { Calls } from '../calls/apply-event.ts';
import { isSeated, partyOf } from '../calls/call.ts';
import { type CallStore, StoreUnavailable } from '../calls/store.ts';

/** Of leaving, while others ring him. */
const ROUNDS_MAX = 5;

export interface ErasedUser {
  /** How many calls he was in, or was rung by, just before; he has left them. */
  readonly leftCalls: number;
  /** False: nothing was there of him. */
  readonly wasKnown: boolean;
}

/** Leaves his calls as he would himself, and then nothing is left of him. `uid` has no fault by `faultOfPerson`. */
export async function eraseUser(
  uid: string,
  by: { readonly apply: Calls['apply']; readonly store: Pick<CallStore, 'live' | 'erase'> },
): Promise<ErasedUser> {
  const { apply, store } = by;
  const who = uid as UserId;
  const left = new Set<CallId>();
  for (let round = 1; ; round += 1) {
    for (const callId of await liveOf(who, store)) {
      await apply({ type: 'leave', callId, uid: who });
      left.add(callId);
    }
    try {
      const wasKnown = await store.erase(who);
      return { leftCalls: left.size, wasKnown };
    } catch (error) {
      const isAnOutage = error instanceof StoreUnavailable || round === ROUNDS_MAX;
      // Else it may be that he was rung in between.
      if (isAnOutage || (await liveOf(who, store)).length === 0) throw error;
    }
  }
}

/** In which he holds a seat or rings, and knows it. */
async function liveOf(uid: UserId, store: Pick<CallStore, 'live'>): Promise<readonly CallId[]> {
  const { calls } = await store.live(uid);
  return calls
    .filter((call) => {
      const party = partyOf(call, uid);
      return party !== undefined && (isSeated(party) || party.state === 'ringing');
    })
    .map(({ id }) => id);
}
