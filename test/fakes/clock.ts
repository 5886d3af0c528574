// Time that a test turns by hand.
import type { Clock } from '../../src/clock.ts';

export interface FakeClock extends Clock {
  /** Lets `ms` pass: every timer that falls due runs at its own moment, the earliest first. */
  advance(ms: number): void;
  /** How many timers wait. */
  pending(): number;
}

export function createFakeClock(startMs = Date.now()): FakeClock {
  let nowMs = startMs;
  const timers = new Set<{ dueMs: number; run: () => void }>();

  const nextDue = (untilMs: number) =>
    [...timers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];

  return {
    now: () => nowMs,
    after(ms, run) {
      const timer = { dueMs: nowMs + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      const untilMs = nowMs + ms;
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        timers.delete(timer);
        nowMs = timer.dueMs;
        timer.run();
      }
      nowMs = untilMs;
    },
    pending: () => timers.size,
  };
}
