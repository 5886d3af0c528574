// What is kept has an end. Old calls and silent phones go when the database is awake anyway, and once
// a day.
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
  /** Phones that have given no sign of life for so long; where phones are rung at all. */
  devices?: {
    readonly silentDays: number;
    forget(silentMs: number, limit: number): Promise<number>;
  };
}): Loop {
  const { store, clock, log, historyDays, devices } = options;
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
    const isDone = await forgetAll({
      what: 'calls older than HISTORY_DAYS',
      some: (limit) => store.forget(historyDays * DAY_MS, limit),
      count: 'calls',
    });
    const areDone =
      devices === undefined ||
      (await forgetAll({
        what: `devices without a sign of life for ${devices.silentDays} days`,
        some: (limit) => devices.forget(devices.silentDays * DAY_MS, limit),
        count: 'devices',
      }));
    schedule(isDone && areDone ? DAY_MS : AFTER_MS);
  }

  /** False: there may be more. */
  async function forgetAll({ what, some, count }: Forgetting): Promise<boolean> {
    let isDone = false;
    let forgotten = 0;
    try {
      for (let batch = 0; batch < BATCHES && !isDone && !isStopped; batch += 1) {
        const gone = await some(ROWS_AT_ONCE);
        forgotten += gone;
        isDone = gone < ROWS_AT_ONCE;
      }
    } catch (error) {
      const level = error instanceof StoreUnavailable ? 'warn' : 'error';
      log[level]({ err: error }, `${what} could not be removed`);
      isDone = true;
    }
    if (forgotten > 0) log.info({ [count]: forgotten }, `${what} are removed`);
    return isDone;
  }

  return {
    async start() {
      // Every call has deadlines.
      unsubscribe = store.onDue('deadlines', onActivity);
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

interface Forgetting {
  /** For the log. */
  readonly what: string;
  /** At most so many; answers how many. */
  some(limit: number): Promise<number>;
  readonly count: 'calls' | 'devices';
}
