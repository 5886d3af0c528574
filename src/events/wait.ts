// One call, held until it changes in its reader's eyes: for screens before the room.
import type { Clock } from '../base/clock.ts';
import type { CallId, UserId } from '../base/ids.ts';
import { type Call, partyOf } from '../calls/call.ts';
import type { CallStore } from '../calls/store.ts';
import { createBell } from './bell.ts';

export interface WaitFor {
  readonly uid: UserId;
  readonly callId: CallId;
  /** The version that the reader knows. */
  readonly after: number;
  readonly waitMs: number;
  /** Ends the waiting, not the answer. */
  readonly signal: AbortSignal;
}

/** The call as it is now, once it is newer than what the reader knows, and else when the time is over. */
export type Wait = (wanted: WaitFor) => Promise<{ call: Call | undefined; now: number }>;

export function createWait({
  store,
  clock,
}: {
  store: Pick<CallStore, 'call' | 'onChangeFor'>;
  clock: Clock;
}): Wait {
  return async ({ uid, callId, after, waitMs, signal }) => {
    const until = clock.monotonic() + waitMs;
    const bell = createBell(clock);
    // Before the first look, or a change between the two would be missed.
    const unsubscribe = store.onChangeFor(uid, bell.ring);
    try {
      for (;;) {
        bell.hush();
        const seen = await store.call(callId);
        const party = seen.call && partyOf(seen.call, uid);
        const leftMs = until - clock.monotonic();
        const isNews = party === undefined || party.isHidden || party.version > after;
        if (isNews || leftMs <= 0 || signal.aborted) return seen;
        await bell.wait(leftMs, signal);
      }
    } finally {
      unsubscribe();
    }
  };
}
