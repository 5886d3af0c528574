// Time that a test turns by hand.
import type { Clock } from '../../src/base/clock.ts';

export interface FakeClock extends Clock {
  /**
   * Lets `ms` pass at once: every timer that falls due runs at its own moment, the earliest first.
   * No answer comes over the wire meanwhile: what a timer asks for, a later one gives up on.
   */
  advance(ms: number): void;
  /** Sets the wall clock forward, or back where `ms` is negative, without any time passing. */
  shiftWall(ms: number): void;
  /** In how many milliseconds each waiting timer is due, the earliest first. */
  waiting(): readonly number[];
}

/** Neither 0 nor any time of day, so that one reading taken for the other shows. */
const PROCESS_STARTED_MS = 7_000;

export function createFakeClock(startMs = Date.now()): FakeClock {
  let nowMs = PROCESS_STARTED_MS;
  let wallAheadMs = startMs - PROCESS_STARTED_MS;
  const timers = new Set<{ dueMs: number; run: () => void }>();

  const nextDue = (untilMs: number) =>
    [...timers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];

  return {
    now: () => nowMs + wallAheadMs,
    monotonic: () => nowMs,
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
    shiftWall(ms) {
      wallAheadMs += ms;
    },
    waiting: () => [...timers].map(({ dueMs }) => dueMs - nowMs).sort((a, b) => a - b),
  };
}
