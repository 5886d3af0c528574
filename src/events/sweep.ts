// A call held against what LiveKit says: asked outside any transaction, and only its answer changes
// something.
import type { CallId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import type { Calls } from '../calls/apply-event.ts';
import { type Call, isLive } from '../calls/call.ts';
import { type CallStore, StoreUnavailable } from '../calls/store.ts';
import type { LiveKitApi } from './livekit-api.ts';
import type { WebhookWatch } from './webhook-watch.ts';

const ASK_TIMEOUT_MS = 2_000;

export interface Sweep {
  /**
   * Of a call that was read at `takenAt`, the store's time: what happens from then on is not for
   * LiveKit's answer to judge. Rejects where the call could not be changed; an answer that LiveKit
   * does not give is none of that.
   */
  of(call: Call, takenAt: number): Promise<void>;
  /** The same, and nobody waits for it: the timers of the call ask again if it comes to nothing. */
  soon(callId: CallId): void;
}

export function createSweep(options: {
  store: Pick<CallStore, 'call'>;
  apply: Calls['apply'];
  askRoom: LiveKitApi['askRoom'];
  watch: WebhookWatch;
  log: Logger;
}): Sweep {
  const { store, apply, askRoom, watch, log } = options;

  async function of({ id: callId, room }: Call, takenAt: number): Promise<void> {
    const present = await askRoom(room, ASK_TIMEOUT_MS);
    const applied = await apply({ type: 'sweep', callId, takenAt, present });
    if (present !== undefined && 'call' in applied) watch.asked(applied.call, present, takenAt);
  }

  async function fresh(callId: CallId): Promise<void> {
    const { call, now } = await store.call(callId);
    if (call !== undefined && isLive(call)) await of(call, now);
  }

  return {
    of,
    soon(callId) {
      fresh(callId).catch((error: unknown) => {
        const level = error instanceof StoreUnavailable ? 'debug' : 'error';
        log[level]({ err: error, callId }, 'a call could not be held against its room');
      });
    },
  };
}
