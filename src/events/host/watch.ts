// Whether the host takes what he is told: to the log once when that ends, and once when it is so
// again.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { PrivateAddressError } from '../../base/private-address.ts';
import { createOutage } from '../outage.ts';
import { DeliveryError } from './webhook.ts';

/** Who waits longer is worth a look. */
const LONG_MS = 60_000;
const REMEMBERED_MAX = 10_000;

export interface TargetWatch {
  worked(): void;
  failed(error: unknown): void;
  isFailing(): boolean;
}

export function createTargetWatch(options: {
  /** Free of secrets. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
}): TargetWatch {
  const { name, clock, log } = options;
  let isFailing = false;
  const outage = createOutage(clock);
  return {
    worked() {
      isFailing = false;
      outage.isOver(() => log.info({ target: name }, `${name} takes events of calls again`));
    },
    failed(error) {
      isFailing = true;
      outage.goesOn(() => {
        const hint =
          error instanceof PrivateAddressError ? '; WEBHOOK_ALLOWED_HOSTS may name its host' : '';
        log.warn(
          { target: name, ...reasonOf(error) },
          `${name} does not take events of calls: they are kept and sent again${hint}`,
        );
      });
    },
    isFailing: () => isFailing,
  };
}

/** What the wire says of itself may hold whatever came over it; of that only the code is told. */
function reasonOf(error: unknown): { reason: string } | { err: unknown } {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (typeof code === 'string') return { reason: code };
  const isOurs =
    error instanceof DeliveryError ||
    error instanceof PrivateAddressError ||
    (error as Error | undefined)?.name === 'DeadlineError';
  return isOurs ? { reason: (error as Error).message } : { err: error };
}

/** Events that this instance has tried in vain. */
export interface Waiting {
  /** It happened at `at`, by the wall clock, and is tried again in so long. */
  failed(id: string, at: number, againInMs: number): void;
  over(id: string): void;
  /** How many wait for longer than a minute. */
  long(): number;
}

export function createWaiting(clock: Clock): Waiting {
  const known = new Map<string, { at: number; until: number }>();
  return {
    failed(id, at, againInMs) {
      if (known.size >= REMEMBERED_MAX && !known.has(id)) return;
      // Not seen again by then, it is another instance's.
      known.set(id, { at, until: clock.monotonic() + againInMs + LONG_MS });
    },
    over: (id) => void known.delete(id),
    long() {
      let count = 0;
      for (const [id, { at, until }] of known) {
        if (clock.monotonic() > until) known.delete(id);
        else if (clock.now() - at > LONG_MS) count += 1;
      }
      return count;
    },
  };
}
