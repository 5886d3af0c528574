// A database that was out of reach is asked again until it answers, whether or not anybody calls:
// a server that is taken out of service for it would else never know that all is well.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';

const FIRST_MS = 500;
const LONGEST_MS = 10_000;

export interface Recovery {
  fault(): string | undefined;
  /** It could not be asked. */
  failed(error: unknown): void;
  /** It has answered. */
  worked(): void;
  stop(): void;
}

export interface RecoveryParts {
  /** "Postgres": begins the sentences. */
  readonly what: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Rejects as long as it can't be asked. */
  readonly probe: () => Promise<unknown>;
  readonly onRecovered: () => void;
}

export function createRecovery({ what, clock, log, probe, onRecovered }: RecoveryParts): Recovery {
  let fault: string | undefined;
  let cancel: (() => void) | undefined;
  let waitMs = FIRST_MS;
  let isStopped = false;

  const worked = () => {
    if (fault === undefined) return;
    fault = undefined;
    waitMs = FIRST_MS;
    cancel?.();
    cancel = undefined;
    log.info({}, `${what} can be asked again`);
    onRecovered();
  };
  const again = () => {
    cancel = clock.after(waitMs, () => {
      waitMs = Math.min(2 * waitMs, LONGEST_MS);
      probe().then(worked, (error) => {
        if (fault === undefined || isStopped) return;
        fault = sentenceOf(what, error);
        again();
      });
    });
  };
  return {
    fault: () => fault,
    failed(error) {
      const isNew = fault === undefined;
      fault = sentenceOf(what, error);
      if (!isNew || isStopped) return;
      log.error({ err: error }, `${what} cannot be asked`);
      again();
    },
    worked,
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}

const sentenceOf = (what: string, error: unknown): string =>
  `${what} cannot be asked: ${error instanceof Error ? error.message : String(error)}`;
