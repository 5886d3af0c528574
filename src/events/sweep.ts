// A call held against what LiveKit says: asked outside any transaction, and only its answer changes
// something.
import type { CallId, RoomName } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import type { Calls } from '../calls/apply-event.ts';
import { isLive } from '../calls/call.ts';
import { type CallStore, StoreUnavailable } from '../calls/store.ts';
import type { LiveKitApi } from './livekit-api.ts';
import type { WebhookWatch } from './webhook-watch.ts';

const ASK_TIMEOUT_MS = 2_000;

export interface Sweep {
  /**
   * Answers the store's time of the question. Rejects where the call could not be changed; an answer
   * that LiveKit does not give is none of that.
   */
  now(callId: CallId, room: RoomName): Promise<number>;
  /** The same, and nobody waits for it: the timers of the call ask again if it comes to nothing. */
  soon(callId: CallId, room: RoomName): void;
}

export function createSweep(options: {
  store: Pick<CallStore, 'call'>;
  apply: Calls['apply'];
  askRoom: LiveKitApi['askRoom'];
  watch: WebhookWatch;
  log: Logger;
}): Sweep {
  const { store, apply, askRoom, watch, log } = options;

  async function now(callId: CallId, room: RoomName): Promise<number> {
    // The store's time from before the question: what happens meanwhile is not for its answer to judge.
    const { call, now: takenAt } = await store.call(callId);
    if (call === undefined || !isLive(call)) return takenAt;
    const present = await askRoom(room, ASK_TIMEOUT_MS);
    const applied = await apply({ type: 'sweep', callId, takenAt, present });
    if (present !== undefined && 'call' in applied) watch.asked(applied.call, present, takenAt);
    return takenAt;
  }

  return {
    now,
    soon(callId, room) {
      now(callId, room).catch((error: unknown) => {
        const level = error instanceof StoreUnavailable ? 'debug' : 'error';
        log[level]({ err: error, callId }, 'a call could not be held against its room');
      });
    },
  };
}
