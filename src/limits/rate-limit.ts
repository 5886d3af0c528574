// Counting in fixed windows of a minute, in memory that has a limit of its own.
import { createBoundedMap } from '../base/bounded-map.ts';
import { createBoundedNumbers, type Digest, digestOf } from '../base/bounded-numbers.ts';
import type { Clock } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';

export const WINDOW_MS = 60_000;
/**
 * 13 MB, whatever the keys are. Past it a whole generation is forgotten, and never one of the 50,000
 * keys that were asked for last.
 */
const KEYS_MAX = 100_000;
/** Of those who come again within their minute: 6 MB at most. Past it they count on from their first. */
const FREQUENT_MAX = 20_000;

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

interface Window {
  count: number;
  readonly endsAt: number;
}

export function createRateLimit(perMinute: number, clock: Clock): RateLimit {
  /** What was counted, and when the window ends. */
  const firsts = createBoundedNumbers(KEYS_MAX);
  /** Of most keys there is no second one in a minute; for the others a map is quicker. */
  const frequent = createBoundedMap<Window>(FREQUENT_MAX);
  let turnedAt = clock.monotonic();
  const firstOf = (digest: Digest, now: number): Window | undefined => {
    const [count, endsAt] = firsts.get(digest) ?? [0, now];
    return now < endsAt ? { count, endsAt } : undefined;
  };
  const frequentOf = (key: string, now: number): Window | undefined => {
    const window = frequent.get(key);
    return window !== undefined && now < window.endsAt ? window : undefined;
  };
  /** Where nobody was for a whole window, the window has ended. */
  const forgetEnded = (now: number) => {
    if (now - turnedAt < WINDOW_MS) return;
    turnedAt = now;
    firsts.turn();
    frequent.turn();
  };
  const waitOf = ({ count, endsAt }: Window, now: number, cost: number) =>
    count + cost > perMinute ? Math.ceil((endsAt - now) / 1000) : 0;

  function takeFirst(digest: Digest, now: number, cost: number): number {
    forgetEnded(now);
    firsts.set(digest, [cost, now + WINDOW_MS]);
    return 0;
  }

  return {
    waitSeconds(key) {
      const now = clock.monotonic();
      const window = frequentOf(key, now) ?? firstOf(digestOf(key), now);
      return window === undefined ? 0 : waitOf(window, now, 1);
    },
    take(key, cost = 1) {
      const now = clock.monotonic();
      let window = frequentOf(key, now);
      if (window === undefined) {
        const digest = digestOf(key);
        window = firstOf(digest, now);
        if (window === undefined) return takeFirst(digest, now, cost);
        frequent.set(key, window);
      }
      const wait = waitOf(window, now, cost);
      if (wait === 0) window.count += cost;
      return wait;
    },
    forget(key) {
      frequent.delete(key);
      firsts.delete(digestOf(key));
    },
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
