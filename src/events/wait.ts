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

type Look = ReturnType<CallStore['call']>;

export function createWait({
  store,
  clock,
}: {
  store: Pick<CallStore, 'call' | 'onChangeFor'>;
  clock: Clock;
}): Wait {
  /** Those who wait for one call of one person look once for each change, however many they are. */
  const looks = new Map<string, Look>();
  const lookTogether = (callId: CallId, key: string): Look => {
    const underWay = looks.get(key);
    if (underWay !== undefined) return underWay;
    const look = store.call(callId);
    looks.set(key, look);
    const done = () => {
      if (looks.get(key) === look) looks.delete(key);
    };
    look.then(done, done);
    return look;
  };
  return async ({ uid, callId, after, waitMs, signal }) => {
    const until = clock.monotonic() + waitMs;
    const bell = createBell(clock);
    const key = `${callId} ${uid}`;
    // Before the first look, or a change between the two would be missed.
    const unsubscribe = store.onChangeFor(uid, () => {
      // What is under way may have been asked before the change.
      looks.delete(key);
      bell.ring();
    });
    try {
      for (let isFirst = true; ; isFirst = false) {
        bell.hush();
        const seen = await (isFirst ? store.call(callId) : lookTogether(callId, key));
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
