// Whether LiveKit can be reached: told to the log once when it goes, and once when it is back.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { createOutage } from './outage.ts';

/** Where nobody has asked since, nothing is known any more. */
const KNOWN_FOR_MS = 60_000;

export interface ReachWatch {
  answered(): void;
  /** `what` was asked in vain. */
  failed(what: string, error: unknown): void;
  fault(): string | undefined;
}

export function createReachWatch(options: { host: string; clock: Clock; log: Logger }): ReachWatch {
  const { host, clock, log } = options;
  let failing: { since: number; lastAt: number } | undefined;
  const outage = createOutage(clock);
  return {
    answered() {
      failing = undefined;
      outage.isOver(() => log.info({}, `LiveKit at ${host} answers again`));
    },
    failed(what, error) {
      const now = clock.monotonic();
      failing = { since: failing?.since ?? now, lastAt: now };
      outage.goesOn(() =>
        log.warn({ err: error, method: what }, `LiveKit at ${host} gives no answer`),
      );
    },
    fault() {
      const now = clock.monotonic();
      if (failing === undefined || now - failing.lastAt > KNOWN_FOR_MS) return undefined;
      return `no answer for ${Math.round((now - failing.since) / 1000)} s`;
    },
  };
}
