// The time of a store that has no clock of its own.
import type { Clock } from '../../base/clock.ts';

/**
 * The machine's time, which goes on where its clock is set back: what was to ring for a minute would
 * else ring for as much longer. A clock that is set forward, or a machine that has slept, is followed.
 */
export function createPassingTime(clock: Clock): () => number {
  let now = clock.now();
  let readAt = clock.monotonic();
  return () => {
    const at = clock.monotonic();
    now = Math.max(clock.now(), now + at - readAt);
    readAt = at;
    return Math.floor(now);
  };
}
