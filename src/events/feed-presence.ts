// Who has a feed open here, told to the store: whoever places a call learns whether anybody can hear
// it ring. One word now and then for all of them, and none where nobody listens.
import type { Clock } from '../base/clock.ts';
import type { UserId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import type { CallStore } from '../calls/store.ts';

const TELL_EVERY_MS = 60_000;
/** Told within so long, somebody who comes again needs no word of his own: polls come all the time. */
const FRESH_MS = 30_000;

export interface FeedPresence {
  /** Somebody streams or polls. The answer ends it. */
  open(uid: UserId): () => void;
  stop(): void;
}

export function createFeedPresence(options: {
  store: Pick<CallStore, 'listening'>;
  clock: Clock;
  log: Logger;
}): FeedPresence {
  const { store, clock, log } = options;
  /** How many feeds each has open. */
  const open = new Map<UserId, number>();
  /** When each was told last, of those who are or were here lately. */
  const toldAt = new Map<UserId, number>();
  /** Who came while the store was busy with others: all of them in one word after that. */
  let waiting = new Set<UserId>();
  let isTelling = false;
  let isFailing = false;
  let isStopped = false;
  let cancel = () => {};

  const isFresh = (uid: UserId) =>
    clock.monotonic() - (toldAt.get(uid) ?? Number.NEGATIVE_INFINITY) < FRESH_MS;

  async function tell(uids: readonly UserId[]): Promise<void> {
    for (const uid of uids) toldAt.set(uid, clock.monotonic());
    try {
      await store.listening(uids);
      isFailing = false;
    } catch (err) {
      for (const uid of uids) toldAt.delete(uid);
      if (!isFailing) log.warn({ err }, 'it could not be kept who has a feed open');
      isFailing = true;
    }
  }

  async function tellWaiting(): Promise<void> {
    if (isTelling) return;
    isTelling = true;
    while (waiting.size > 0 && !isStopped) {
      const uids = [...waiting];
      waiting = new Set();
      await tell(uids);
    }
    isTelling = false;
  }

  function arm(): void {
    for (const uid of toldAt.keys()) if (!open.has(uid) && !isFresh(uid)) toldAt.delete(uid);
    if (isStopped) return;
    cancel = clock.after(TELL_EVERY_MS, () => {
      for (const uid of open.keys()) waiting.add(uid);
      arm();
      void tellWaiting();
    });
  }

  return {
    open(uid) {
      if (open.size === 0) arm();
      open.set(uid, (open.get(uid) ?? 0) + 1);
      if (!isFresh(uid)) {
        waiting.add(uid);
        void tellWaiting();
      }
      let isBack = false;
      return () => {
        if (isBack) return;
        isBack = true;
        const left = (open.get(uid) ?? 1) - 1;
        if (left === 0) open.delete(uid);
        else open.set(uid, left);
        if (open.size === 0) cancel();
      };
    },
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
