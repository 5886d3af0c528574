// Whoever is asked again and again may be away for long: that is told when it begins, and once more
// when it is over.
import type { Clock } from '../base/clock.ts';

/** What comes and goes is no flood of lines. */
const TELL_EVERY_MS = 60_000;

export interface Outage {
  /** Asked in vain; `tell` runs for the first time of an outage. */
  goesOn(tell: () => void): void;
  /** There was an answer; `tell` runs where an outage was told of. */
  isOver(tell: () => void): void;
}

export function createOutage(clock: Clock): Outage {
  let toldAt = Number.NEGATIVE_INFINITY;
  let isTold = false;
  return {
    goesOn(tell) {
      const now = clock.monotonic();
      if (isTold || now - toldAt < TELL_EVERY_MS) return;
      isTold = true;
      toldAt = now;
      tell();
    },
    isOver(tell) {
      if (!isTold) return;
      isTold = false;
      tell();
    },
  };
}
