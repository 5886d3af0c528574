// Calls that are left alone for a while.
import type { Clock } from '../base/clock.ts';
import type { CallId } from '../base/ids.ts';

const FAILED_MS = { first: 5_000, last: 300_000 };

export interface Rests {
  has(callId: CallId): boolean;
  /** How many there are at most. */
  size(): number;
  rest(callId: CallId, ms: number): void;
  /** The longer, the oftener it has failed in a row; answers for how long. */
  restAfterFailure(callId: CallId): number;
  /** Forgets those that rest no more. */
  clean(): void;
}

export function createRests(clock: Clock): Rests {
  const rests = new Map<CallId, { until: number; failures: number }>();
  return {
    has: (callId) => (rests.get(callId)?.until ?? 0) > clock.monotonic(),
    size: () => rests.size,
    rest(callId, ms) {
      rests.set(callId, { until: clock.monotonic() + ms, failures: 0 });
    },
    restAfterFailure(callId) {
      const failures = (rests.get(callId)?.failures ?? 0) + 1;
      const ms = Math.min(FAILED_MS.first * 2 ** (failures - 1), FAILED_MS.last);
      rests.set(callId, { until: clock.monotonic() + ms, failures });
      return ms;
    },
    clean() {
      const now = clock.monotonic();
      for (const [callId, { until, failures }] of rests) {
        // How often it has failed is known until it had its next chance.
        const keptUntil = failures === 0 ? until : until + FAILED_MS.last;
        if (keptUntil <= now) rests.delete(callId);
      }
    },
  };
}
