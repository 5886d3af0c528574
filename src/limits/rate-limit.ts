// Counting in fixed windows of a minute, in memory that has a limit of its own.
import { createBoundedMap } from '../base/bounded-map.ts';
import type { Clock } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';

export const WINDOW_MS = 60_000;
/**
 * 13 MB of addresses; 37 of uids, where each is as long as Firebase allows. Past it a whole
 * generation is forgotten, and never one of the 50,000 keys that were asked for last.
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
  const windows = createBoundedMap<{ count: number; endsAt: number }>(KEYS_MAX);
  let turnedAt = clock.monotonic();
  const current = (key: string, now: number) => {
    const window = windows.get(key);
    return window !== undefined && now < window.endsAt ? window : undefined;
  };
  /** Where nobody was for a whole window, the window has ended. */
  const forgetEnded = (now: number) => {
    if (now - turnedAt < WINDOW_MS) return;
    turnedAt = now;
    windows.turn();
  };
  const waitOf = (
    window: { count: number; endsAt: number } | undefined,
    now: number,
    cost: number,
  ) =>
    window !== undefined && window.count + cost > perMinute
      ? Math.ceil((window.endsAt - now) / 1000)
      : 0;

  return {
    waitSeconds(key) {
      const now = clock.monotonic();
      return waitOf(current(key, now), now, 1);
    },
    take(key, cost = 1) {
      const now = clock.monotonic();
      const window = current(key, now);
      const wait = waitOf(window, now, cost);
      if (wait > 0) return wait;
      if (window === undefined) {
        forgetEnded(now);
        windows.set(key, { count: cost, endsAt: now + WINDOW_MS });
      } else window.count += cost;
      return 0;
    },
    forget: windows.delete,
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
