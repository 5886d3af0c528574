// Somebody wants to be forgotten: by the host's code, or by an operator's command.
import { type CallId, faultOfLiveKitName, UID_MAX_CHARACTERS, type UserId } from '../base/ids.ts';
import type { Calls } from '../calls/apply-event.ts';
import { isSeated, partyOf } from '../calls/call.ts';
import type { CallStore } from '../calls/store.ts';

/** Somebody may ring him meanwhile. */
const ROUNDS_MAX = 5;

export interface ErasedUser {
  /** How many calls he was in, or was rung by, just before; he has left them. */
  readonly leftCalls: number;
  /** False: nothing was there of him. */
  readonly wasKnown: boolean;
}

/** What keeps a text from being anybody's, as the end of a sentence. */
export const faultOfUid = (uid: string): string | undefined =>
  uid.length > UID_MAX_CHARACTERS
    ? `must be at most ${UID_MAX_CHARACTERS} characters`
    : faultOfLiveKitName(uid);

/** Leaves his calls as he would himself, and then nothing is left of him. `uid` has no fault. */
export async function eraseUser(
  uid: string,
  by: { readonly apply: Calls['apply']; readonly store: Pick<CallStore, 'live' | 'erase'> },
): Promise<ErasedUser> {
  const { apply, store } = by;
  const who = uid as UserId;
  const left = new Set<CallId>();
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { calls } = await store.live(who);
    const his = calls.filter((call) => {
      const party = partyOf(call, who);
      return party !== undefined && (isSeated(party) || party.state === 'ringing');
    });
    if (his.length === 0) break;
    for (const { id: callId } of his) {
      await apply({ type: 'leave', callId, uid: who });
      left.add(callId);
    }
  }
  const wasKnown = await store.erase(who);
  return { leftCalls: left.size, wasKnown };
}
