// A database that was out of reach is asked again until it answers, whether or not anybody calls:
// a server that is taken out of service for it would else never know that all is well.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Explained } from '../base/network-faults.ts';

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
  /** What is known of why it can't be asked, and what to do. */
  readonly explain?: ((error: unknown) => Explained | undefined) | undefined;
}

export function createRecovery(parts: RecoveryParts): Recovery {
  const { what, clock, log, probe, onRecovered, explain = () => undefined } = parts;
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
        fault = sentenceOf(what, error, explain(error));
        again();
      });
    });
  };
  return {
    fault: () => fault,
    failed(error) {
      const isNew = fault === undefined;
      const known = explain(error);
      fault = sentenceOf(what, error, known);
      if (!isNew || isStopped) return;
      const advice = known && { reason: known.detail, fix: known.fix };
      log.error({ err: error, ...advice }, `${what} cannot be asked`);
      again();
    },
    worked,
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}

function sentenceOf(what: string, error: unknown, known: Explained | undefined): string {
  const said = error instanceof Error ? error.message : String(error);
  const reason = known === undefined ? said : `${known.detail}. Fix: ${known.fix}`;
  return `${what} cannot be asked: ${reason}`;
}
