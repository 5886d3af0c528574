// A database that could not be asked is tried again until all of it works, whether or not anybody
// calls: a server that is taken out of service for it would else never know that all is well. What
// others ask meanwhile proves nothing: a full disk, or a Postgres that stands by, can be read.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Explained } from '../base/network-faults.ts';

const FIRST_MS = 500;
const LONGEST_MS = 5_000;

export interface Recovery {
  fault(): string | undefined;
  /** It could not be asked. */
  failed(error: unknown): void;
  stop(): void;
}

export interface RecoveryParts {
  /** "Postgres": begins the sentences. */
  readonly what: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Writes; rejects as long as it can't. `why`: the last that went wrong. */
  readonly probe: (why: unknown) => Promise<unknown>;
  readonly onRecovered: () => void;
  /** What is known of why it can't be asked, and what to do. */
  readonly explain?: ((error: unknown) => Explained | undefined) | undefined;
}

export function createRecovery(parts: RecoveryParts): Recovery {
  const { what, clock, log, probe, onRecovered, explain = () => undefined } = parts;
  let fault: string | undefined;
  let why: unknown;
  let cancel: (() => void) | undefined;
  let waitMs = FIRST_MS;
  let recoveredAt = Number.NEGATIVE_INFINITY;
  let isStopped = false;

  const worked = () => {
    if (isStopped) return;
    fault = undefined;
    recoveredAt = clock.monotonic();
    log.info({}, `${what} can be asked again`);
    onRecovered();
  };
  const tell = (error: unknown, known = explain(error)) => {
    why = error;
    fault = sentenceOf(what, error, known);
  };
  const again = () => {
    cancel = clock.after(waitMs, () => {
      waitMs = Math.min(2 * waitMs, LONGEST_MS);
      probe(why).then(worked, (error) => {
        if (isStopped) return;
        tell(error);
        again();
      });
    });
  };
  return {
    fault: () => fault,
    failed(error) {
      const isNew = fault === undefined;
      const known = explain(error);
      tell(error, known);
      if (!isNew || isStopped) return;
      const advice = known && { reason: known.detail, fix: known.fix };
      log.error({ err: error, ...advice }, `${what} cannot be asked`);
      // What fails again at once is in no hurry.
      if (clock.monotonic() - recoveredAt > LONGEST_MS) waitMs = FIRST_MS;
      again();
    },
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
