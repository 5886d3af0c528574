// The way to one target: how much is on it at once, and whether it leads anywhere.
import { type Clock, withDeadline } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { orAborted } from '../../base/or-aborted.ts';
import type { HostCallEvent } from './message.ts';
import type { HostTarget } from './targets.ts';
import { createTargetWatch } from './watch.ts';

const TRY_MS = 10_000;

export interface Door {
  /** Undefined: it leads nowhere for now, and enough wait at it. Else to be called behind the delivery. */
  enter(): (() => void) | undefined;
  /** Undefined: it was taken. */
  deliver(event: HostCallEvent): Promise<{ readonly error: unknown } | undefined>;
  /** What is on its way is not waited for. */
  shut(): void;
}

export function createDoor(
  target: HostTarget,
  parts: {
    readonly clock: Clock;
    readonly log: Logger;
    /** How many may wait side by side at one that leads nowhere. */
    readonly waitersMax: number;
  },
): Door {
  const { clock, log, waitersMax } = parts;
  const watch = createTargetWatch({ name: target.name, clock, log });
  const onTheWay = new Set<AbortController>();
  let inside = 0;

  return {
    enter() {
      if (watch.isFailing() && inside >= waitersMax) return undefined;
      inside += 1;
      return () => {
        inside -= 1;
      };
    },
    async deliver(event) {
      const controller = new AbortController();
      onTheWay.add(controller);
      try {
        await withDeadline(clock, TRY_MS, (deadline) => {
          deadline.addEventListener('abort', () => controller.abort(deadline.reason));
          // Whoever is called may not heed the signal.
          return orAborted(target.deliver(event, controller.signal), controller.signal);
        });
        watch.worked();
        return undefined;
      } catch (error) {
        if (!(error instanceof ShutError)) watch.failed(error);
        return { error };
      } finally {
        onTheWay.delete(controller);
      }
    },
    shut() {
      for (const controller of onTheWay) controller.abort(new ShutError());
    },
  };
}

export class ShutError extends Error {}
