// The way to one provider. One that answers nobody must not take every place from the others: what it
// is not asked now is tried again like what has failed, and meanwhile other providers' phones ring.
import type { Clock } from '../base/clock.ts';
import type { PushResult } from './push.ts';

/** Of the 256 that the loop does at once: room is left whichever hang. */
const WAITERS_MAX = 64;
/** What fails sooner is in nobody's way. */
const LONG_MS = 1_000;

export interface ProviderDoor {
  /** Undefined: it answers nobody for now, and enough wait for it. */
  through(send: () => Promise<PushResult>): Promise<PushResult | undefined>;
}

export function createProviderDoor(clock: Clock): ProviderDoor {
  let inside = 0;
  /** Until it has taken something: whoever came late to a connection that is not made fails soon. */
  let isHanging = false;
  return {
    async through(send) {
      if (isHanging && inside >= WAITERS_MAX) return undefined;
      inside += 1;
      const from = clock.monotonic();
      try {
        const came = await send();
        if (came.result !== 'failed') isHanging = false;
        else if (clock.monotonic() - from >= LONG_MS) isHanging = true;
        return came;
      } finally {
        inside -= 1;
      }
    },
  };
}
