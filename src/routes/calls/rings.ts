// Whom one person may ring, how often (rings are counted, not places), and by what name.
import type { Profiles } from '../../access/profiles.ts';
import type { MayRingRequest, RingAccess } from '../../access/ring-access.ts';
import type { UserId } from '../../base/ids.ts';
import type { Profile } from '../../base/profile.ts';
import type { Callee } from '../../calls/event.ts';
import { type RateLimit, refuseIfWaiting } from '../../limits/rate-limit.ts';

/** Throws `rate_limited`. */
export type CountRings = (caller: UserId, rings: number) => Promise<void>;

export function createCountRings(rings: RateLimit): CountRings {
  return async (caller, count) => refuseIfWaiting(await rings.take(caller, count));
}

/** Both are asked at the same time. Throws what {@link RingAccess} does; a name stops no ring. */
export async function askMayRing(
  whom: { readonly ringAccess: RingAccess; readonly profiles: Profiles },
  request: MayRingRequest,
): Promise<{ callees: readonly Callee[]; profile: Profile | undefined }> {
  const verdict = (async () => whom.ringAccess.ask(request))();
  const profile = whom.profiles.of(
    request.caller,
    verdict.then(({ caller }) => caller),
  );
  const { callees } = await verdict;
  return { callees, profile: await profile };
}
