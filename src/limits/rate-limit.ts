// Counting in fixed windows of a minute, in memory that has a limit of its own.
import {
  createBoundedNumbers,
  type Digest,
  digestOf,
  type Numbers,
} from '../base/bounded-numbers.ts';
import type { Clock } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';

export const WINDOW_MS = 60_000;
/**
 * 13 MB, whatever the keys are. Past it a whole generation is forgotten, and never one of the 50,000
 * keys that were asked for last.
 */
const KEYS_MAX = 100_000;

/** Answers are seconds to wait, 0 where there is no need; a promise only where others are asked. */
export interface RateLimit {
  /** Whether the limit is reached; counts nothing. */
  waitSeconds(key: string): number | Promise<number>;
  /**
   * Counts `cost` (one), unless that would be more than the limit; the first of a minute counts
   * whatever it costs.
   */
  take(key: string, cost?: number): number | Promise<number>;
  /** As if it had never asked. */
  forget(key: string): void | Promise<void>;
}

export function createRateLimit(perMinute: number, clock: Clock): RateLimit {
  /** What was counted, and when the window ends. */
  const windows = createBoundedNumbers(KEYS_MAX);
  let turnedAt = clock.monotonic();
  const current = (key: Digest, now: number): Numbers | undefined => {
    const window = windows.get(key);
    return window !== undefined && now < window[1] ? window : undefined;
  };
  /** Where nobody was for a whole window, the window has ended. */
  const forgetEnded = (now: number) => {
    if (now - turnedAt < WINDOW_MS) return;
    turnedAt = now;
    windows.turn();
  };
  const waitOf = (window: Numbers | undefined, now: number, cost: number) => {
    if (window === undefined) return 0;
    const [count, endsAt] = window;
    return count + cost > perMinute ? Math.ceil((endsAt - now) / 1000) : 0;
  };

  return {
    waitSeconds(key) {
      const now = clock.monotonic();
      return waitOf(current(digestOf(key), now), now, 1);
    },
    take(key, cost = 1) {
      const now = clock.monotonic();
      const digest = digestOf(key);
      const window = current(digest, now);
      const wait = waitOf(window, now, cost);
      if (wait > 0) return wait;
      if (window === undefined) forgetEnded(now);
      const [count, endsAt] = window ?? [0, now + WINDOW_MS];
      windows.set(digest, [count + cost, endsAt]);
      return 0;
    },
    forget: (key) => windows.delete(digestOf(key)),
  };
}

/** Throws `rate_limited` where there is something to wait for. */
export function refuseIfWaiting(waitSeconds: number): void {
  if (waitSeconds > 0) throw rateLimited(waitSeconds);
}

export const rateLimited = (waitSeconds: number): SwitchboardError =>
  new SwitchboardError('rate_limited', `Too many requests. Try again in ${waitSeconds} s.`, {
    retryAfterSeconds: waitSeconds,
  });
