// Waits for a ring, an end or a time, whichever comes first. A ring that nobody waits for is kept.
import type { Clock } from '../base/clock.ts';

export interface Bell {
  ring(): void;
  /** Forgets a ring that was kept: what it told of is about to be looked at. */
  hush(): void;
  /**
   * Resolves after at most `ms` with whether it has rung since the last hush; at once where it has, or
   * where the signal has aborted.
   */
  wait(ms: number, signal: AbortSignal): Promise<boolean>;
}

export function createBell(clock: Clock): Bell {
  let hasRung = false;
  let wake = () => {};
  return {
    ring() {
      hasRung = true;
      wake();
    },
    hush() {
      hasRung = false;
    },
    wait(ms, signal) {
      if (hasRung || signal.aborted || ms <= 0) return Promise.resolve(hasRung);
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = clock.after(ms, resolve);
      wake = resolve;
      const onAbort = () => resolve();
      signal.addEventListener('abort', onAbort, { once: true });
      return promise.then(() => {
        cancel();
        signal.removeEventListener('abort', onAbort);
        wake = () => {};
        return hasRung;
      });
    },
  };
}
