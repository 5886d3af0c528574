// How often one person may ring others. Rings are counted, not places.
import type { UserId } from '../../base/ids.ts';
import { type RateLimit, refuseIfWaiting } from '../../limits/rate-limit.ts';

/** Throws `rate_limited`. */
export type CountRings = (caller: UserId, rings: number) => Promise<void>;

export function createCountRings(rings: RateLimit): CountRings {
  return async (caller, count) => refuseIfWaiting(await rings.take(caller, count));
}
