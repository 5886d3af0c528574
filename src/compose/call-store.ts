// Where calls are kept, opened in the background: an outage at start is one like any other.
import { withDeadline } from '../base/clock.ts';
import type { CallStore } from '../calls/store.ts';
import type { DatabaseSettings } from '../settings/database.ts';
import { createPostgresStore } from '../storage/postgres/store.ts';
import { createSqliteStore } from '../storage/sqlite/store.ts';
import type { Ground } from './part.ts';

const OPEN_AGAIN_MS = { first: 1_000, last: 30_000 };
/** A request that comes before waits for so long, and is refused then. */
const WAIT_MS = 5_000;

export function createStore(
  database: DatabaseSettings,
  { clock, log }: Pick<Ground, 'clock' | 'log'>,
): CallStore {
  return database.engine === 'sqlite'
    ? createSqliteStore({ ...database, clock, log })
    : createPostgresStore({ source: database.source, clock, log });
}

export interface Opening {
  /** Resolves when the first try has ended, well or not, and what is done once it is open. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Undefined: the first try is over. Else when it is, or it has been waited for long enough. */
  underWay(): Promise<void> | undefined;
  /** For everybody's eyes: no address. Undefined: all is well. */
  fault(): 'not opened yet' | 'cannot be opened' | 'out of reach' | undefined;
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
      await store.open();
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

  return {
    start() {
      trying ??= attempt(OPEN_AGAIN_MS.first);
      return trying;
    },
    async stop() {
      isStopped = true;
      cancel();
      await trying;
      await store.close();
    },
    underWay: () =>
      isFirstOver ? undefined : withDeadline(clock, WAIT_MS, () => first.promise).catch(() => {}),
    fault() {
      if (isOpen) return store.fault() === undefined ? undefined : 'out of reach';
      return told === undefined ? 'not opened yet' : 'cannot be opened';
    },
  };
}
