// The way to one provider. One that answers nobody must not take every place from the others: what it
// is not asked now is tried again like what has failed, and meanwhile other providers' phones ring.
import type { PushResult } from './push.ts';

/** Of the 256 that the loop does at once: room is left whichever hang. */
const WAITERS_MAX = 64;

export interface ProviderDoor {
  /** Undefined: it answers nobody for now, and enough wait for it. */
  through(send: () => Promise<PushResult>): Promise<PushResult | undefined>;
}

export function createProviderDoor(): ProviderDoor {
  let inside = 0;
  let isHanging = false;
  return {
    async through(send) {
      if (isHanging && inside >= WAITERS_MAX) return undefined;
      inside += 1;
      try {
        const result = await send();
        isHanging = result.result === 'failed' && result.reason === 'timeout';
        return result;
      } finally {
        inside -= 1;
      }
    },
  };
}
