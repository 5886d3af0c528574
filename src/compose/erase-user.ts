// Somebody wants to be forgotten: by the host's code, or by an operator's command.
import type { UserId } from '../base/ids.ts';
import type { Calls } from '../calls/apply-event.ts';
import { isLive, isSeated, partyOf } from '../calls/call.ts';
import type { CallStore } from '../calls/store.ts';

/** While he is erased somebody may ring him, or another of his phones may. */
const ROUNDS_MAX = 5;

/** Answers how many calls he was in, or was rung by, just before. */
export async function erase(
  uid: UserId,
  by: { readonly apply: Calls['apply']; readonly store: Pick<CallStore, 'live' | 'erase'> },
): Promise<number> {
  const { apply, store } = by;
  const left = new Set<string>();
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { calls } = await store.live(uid);
    const his = calls.filter((call) => {
      const party = partyOf(call, uid);
      return isLive(call) && party && (isSeated(party) || party.state === 'ringing');
    });
    if (his.length === 0) break;
    for (const { id: callId } of his) {
      left.add(callId);
      await apply({ type: 'leave', callId, uid });
    }
  }
  await store.erase(uid);
  return left.size;
}
