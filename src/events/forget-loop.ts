// The history of calls has an end. Old calls go when the database is awake anyway, and once a day.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { type CallStore, StoreUnavailable } from '../calls/store.ts';
import type { Loop } from './due-loop.ts';

const DAY_MS = 86_400_000;
const AT_MOST_EVERY_MS = 3_600_000;
/** Behind what woke the database. */
const AFTER_MS = 60_000;
const ROWS_AT_ONCE = 200;
/** Then requests have their turn for a minute. */
const BATCHES = 20;

export function createForgetLoop(options: {
  store: Pick<CallStore, 'forget' | 'onDue'>;
  clock: Clock;
  log: Logger;
  historyDays: number;
}): Loop {
  const { store, clock, log } = options;
  const olderThanMs = options.historyDays * DAY_MS;
  let isStopped = false;
  let lastAt = Number.NEGATIVE_INFINITY;
  let dueAt = Number.POSITIVE_INFINITY;
  let cancel = () => {};
  let unsubscribe = () => {};
  let forgetting: Promise<void> = Promise.resolve();

  function schedule(ms: number): void {
    const at = clock.monotonic() + ms;
    if (isStopped || at >= dueAt) return;
    cancel();
    dueAt = at;
    cancel = clock.after(ms, () => {
      dueAt = Number.POSITIVE_INFINITY;
      lastAt = clock.monotonic();
      forgetting = forget();
    });
  }

  const onActivity = () =>
    schedule(Math.max(lastAt + AT_MOST_EVERY_MS - clock.monotonic(), AFTER_MS));

  async function forget(): Promise<void> {
    let isDone = false;
    let forgotten = 0;
    try {
      for (let batch = 0; batch < BATCHES && !isDone && !isStopped; batch += 1) {
        const count = await store.forget(olderThanMs, ROWS_AT_ONCE);
        forgotten += count;
        isDone = count < ROWS_AT_ONCE;
      }
    } catch (error) {
      const level = error instanceof StoreUnavailable ? 'warn' : 'error';
      log[level]({ err: error }, 'calls older than HISTORY_DAYS could not be removed');
      isDone = true;
    }
    if (forgotten > 0) log.info({ calls: forgotten }, 'calls older than HISTORY_DAYS are removed');
    schedule(isDone ? DAY_MS : AFTER_MS);
  }

  return {
    async start() {
      unsubscribe = store.onDue(onActivity);
      schedule(AFTER_MS);
    },
    async stop() {
      isStopped = true;
      unsubscribe();
      cancel();
      await forgetting;
    },
  };
}
