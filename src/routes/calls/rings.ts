// How often one person may ring others. Rings are counted, not places.
import type { CallId, UserId } from '../../base/ids.ts';
import type { CallStore } from '../../calls/store.ts';
import { withStore } from '../../calls/with-store.ts';
import { type RateLimit, refuseIfWaiting } from '../../limits/rate-limit.ts';

/** Throws `rate_limited`. A place under the id of a call that is there rings nobody, and may always be repeated. */
export type CountRings = (caller: UserId, rings: number, callId?: CallId) => Promise<void>;

export function createCountRings(rings: RateLimit, store: Pick<CallStore, 'call'>): CountRings {
  return async (caller, count, callId) => {
    const wait = await rings.take(caller, count);
    if (wait === 0) return;
    const isThere =
      callId !== undefined && (await withStore(() => store.call(callId))).call !== undefined;
    if (!isThere) refuseIfWaiting(wait);
  };
}
