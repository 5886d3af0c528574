// Runs when something is due, and is silent otherwise: a database that sleeps when nobody asks is
// let sleep. The next time is kept in memory; the store tells of what is written, here or elsewhere.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { type CallStore, type Due, StoreUnavailable } from '../calls/store.ts';

/**
 * In case a word from the store got lost: at the quarters of the hour, so that all loops of all
 * instances look together, and the database can sleep between.
 */
const LOOK_EVERY_MS = 15 * 60_000;
/** A timer may be early by a moment. */
const EARLY_MS = 1_000;
/** Between looks while what is due can't be done right now. */
const BREATH_MS = { first: 250, last: 1_000 };
/** What comes so soon after a round waits for the next: a burst of calls is a few rounds, not one each. */
export const GATHER_MS = 50;
const BACK_OFF_MS = { first: 500, last: 30_000 };

export interface WakeLoop {
  /** Resolves after the first round, or when that takes too long. */
  start(): Promise<void>;
  /** Resolves when the round that runs is over. */
  stop(): Promise<void>;
  /** A round within so many ms. */
  wake(ms: number): void;
  /** How long what is due has waited for a round that has done it; 0: nothing waits. */
  behindMs(): number;
}

export function createWakeLoop(options: {
  store: Pick<CallStore, 'nextDueMs' | 'onDue'>;
  clock: Clock;
  log: Logger;
  /** For the log: "deadlines". */
  what: string;
  /** What it looks after. */
  due: Due;
  /** Does what is due. True: there may be more of it at once. */
  work: () => Promise<boolean>;
}): WakeLoop {
  const { store, clock, log, what, due, work } = options;
  let isStopped = false;
  let running: Promise<void> | undefined;
  /** By the monotonic clock. */
  let wakeAt = Number.POSITIVE_INFINITY;
  let ranAt = Number.NEGATIVE_INFINITY;
  let behindFrom = Number.POSITIVE_INFINITY;
  let cancel = () => {};
  let unsubscribe = () => {};
  const breath = createPause(BREATH_MS);
  const backOff = createPause(BACK_OFF_MS);
  let isFailing = false;

  function wake(ms: number): void {
    if (isStopped) return;
    const at = Math.max(clock.monotonic() + withinALook(ms, clock.now()), ranAt + GATHER_MS);
    if (at >= wakeAt) return;
    wakeAt = at;
    // A round that runs looks at the time when it is over.
    if (running === undefined) arm();
  }

  function arm(): void {
    cancel();
    if (isStopped) return;
    cancel = clock.after(Math.max(wakeAt - clock.monotonic(), 0), () => void run());
  }

  function run(): Promise<void> {
    cancel();
    ranAt = clock.monotonic();
    behindFrom = Math.min(behindFrom, wakeAt, ranAt);
    wakeAt = Number.POSITIVE_INFINITY;
    running = round().then((ms) => {
      running = undefined;
      wake(ms);
      arm();
    });
    return running;
  }

  /** In how many ms to look again. */
  async function round(): Promise<number> {
    try {
      const hasMore = await work();
      const ms = hasMore ? 0 : await store.nextDueMs(due);
      if (isFailing) log.info({}, `the ${what} of calls are looked after again`);
      isFailing = false;
      backOff.reset();
      if (!hasMore) behindFrom = Number.POSITIVE_INFINITY;
      if (hasMore || ms === undefined || ms > 0) {
        breath.reset();
        return ms ?? Number.POSITIVE_INFINITY;
      }
      return breath.next();
    } catch (error) {
      return afterFailure(error);
    }
  }

  function afterFailure(error: unknown): number {
    if (!isFailing) {
      const level = error instanceof StoreUnavailable ? 'warn' : 'error';
      log[level]({ err: error }, `the ${what} of calls wait: the store could not be asked`);
    }
    isFailing = true;
    return backOff.next();
  }

  return {
    async start() {
      unsubscribe = store.onDue(due, wake);
      await run();
    },
    async stop() {
      isStopped = true;
      unsubscribe();
      cancel();
      await running;
    },
    wake,
    behindMs: () => Math.max(clock.monotonic() - Math.min(behindFrom, wakeAt), 0),
  };
}

function withinALook(ms: number, now: number): number {
  if (ms <= LOOK_EVERY_MS) return Math.max(ms, 0);
  const toLookMs = LOOK_EVERY_MS - (now % LOOK_EVERY_MS);
  return toLookMs > EARLY_MS ? toLookMs : toLookMs + LOOK_EVERY_MS;
}

/** Each twice as long as the one before. */
function createPause({ first, last }: { first: number; last: number }) {
  let ms = first;
  return {
    next() {
      const now = ms;
      ms = Math.min(2 * ms, last);
      return now;
    },
    reset() {
      ms = first;
    },
  };
}
