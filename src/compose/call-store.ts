// Where calls are kept, opened in the background: an outage at start is one like any other.
import { withDeadline } from '../base/clock.ts';
import type { CallStore } from '../calls/store.ts';
import type { DatabaseSettings } from '../settings/database.ts';
import { createPostgresStore } from '../storage/postgres/store.ts';
import { createSqliteStore } from '../storage/sqlite/store.ts';
import type { Store } from '../storage/store.ts';
import type { Ground } from './part.ts';

const OPEN_AGAIN_MS = { first: 1_000, last: 30_000 };
/** A request that comes before waits for so long, and is refused then. */
const WAIT_MS = 5_000;
/** One that has tables to make takes its time; one that says nothing would take it for ever. */
const OPEN_WITHIN_MS = 90_000;
/** A host may wait for the start before it listens, and for the stop before it ends. */
const START_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 3_000;

export function createStore(
  database: DatabaseSettings,
  { clock, log }: Pick<Ground, 'clock' | 'log'>,
): Store {
  return database.engine === 'sqlite'
    ? createSqliteStore({ ...database, clock, log })
    : createPostgresStore({ source: database.source, clock, log });
}

const CANNOT_BE_OPENED = 'cannot be opened: the log and `livekit-switchboard doctor` say why';

export interface Opening {
  /**
   * Resolves when the first try has ended, well or not, and what is done once it is open; or when that
   * takes too long.
   */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Undefined: the first try is over. Else when it is, or it has been waited for long enough. */
  underWay(): Promise<void> | undefined;
  /** For everybody's eyes: no address. Undefined: all is well. */
  fault(): 'not opened yet' | typeof CANNOT_BE_OPENED | 'out of reach' | undefined;
}

/** Tries until it is open, whatever was in the way; `onOpen` runs once then. */
export function createOpening(
  store: Pick<CallStore, 'open' | 'close' | 'fault'>,
  { clock, log }: Pick<Ground, 'clock' | 'log'>,
  onOpen: () => Promise<void>,
): Opening {
  const first = Promise.withResolvers<void>();
  let isFirstOver = false;
  let isOpen = false;
  let isStopped = false;
  let told: string | undefined;
  let trying: Promise<void> | undefined;
  let cancel = () => {};

  async function attempt(againMs: number): Promise<void> {
    try {
      await withDeadline(clock, OPEN_WITHIN_MS, () => store.open());
      isOpen = true;
    } catch (error) {
      const { message } = error as Error;
      if (told !== message) {
        told = message;
        log.error({ err: error }, 'the database of calls cannot be opened: it is tried again');
      }
      if (!isStopped) {
        cancel = clock.after(againMs, () => {
          trying = attempt(Math.min(againMs * 2, OPEN_AGAIN_MS.last));
        });
      }
    }
    isFirstOver = true;
    first.resolve();
    if (isOpen && !isStopped) await onOpen();
  }

  const waitFor = (end: Promise<void> | undefined, ms: number) =>
    withDeadline(clock, ms, () => end).catch(() => {});

  return {
    start() {
      trying ??= attempt(OPEN_AGAIN_MS.first);
      return waitFor(trying, START_WITHIN_MS);
    },
    async stop() {
      isStopped = true;
      cancel();
      await waitFor(trying, STOP_WITHIN_MS);
      await store.close();
    },
    underWay: () => (isFirstOver ? undefined : waitFor(first.promise, WAIT_MS)),
    fault() {
      if (isOpen) return store.fault() === undefined ? undefined : 'out of reach';
      return told === undefined ? 'not opened yet' : CANNOT_BE_OPENED;
    },
  };
}
