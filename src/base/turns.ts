// Work that comes in bursts, a little of it in each turn of the event loop: what else has come
// meanwhile is done between.
import type { Clock } from './clock.ts';

/**
 * Answers a function that resolves when it is the caller's turn, in the order of the calls. A turn of
 * the loop begins no more after `ms` milliseconds, but one at least.
 */
export function createTurns(clock: Pick<Clock, 'monotonic'>, ms: number): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const turn = () => {
    const until = clock.monotonic() + ms;
    const goOn = () => {
      waiting.shift()?.();
      if (waiting.length === 0) return;
      // A tick comes when all that was begun waits for something.
      queueMicrotask(() =>
        process.nextTick(() => {
          if (clock.monotonic() < until) goOn();
          else setImmediate(turn);
        }),
      );
    };
    goOn();
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(turn);
    });
}
