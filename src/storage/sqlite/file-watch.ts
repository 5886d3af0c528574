// Another process on the same file tells nobody. As long as somebody waits, or calls go on, the
// file is looked at; else nothing is asked, and whoever writes to it is heard from the system.
import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { Wake } from '../wake.ts';

const LOOK_EVERY_MS = 1_000;
/** A live call is written to once a minute at the least. */
const ACTIVE_MS = 150_000;

export interface FileWatch {
  /** Begins to look, as long as there is a reason. */
  look(): void;
  /** This process has changed a call. */
  active(): void;
  stop(): void;
}

export interface FileWatchParts {
  /** Of the file that every commit is written to. */
  readonly path: string;
  readonly clock: Clock;
  readonly wake: Wake;
  /** Undefined: it is not open. */
  readonly dataVersion: () => number | undefined;
  /** Wakes those for whom something has changed, whoever has changed it. */
  readonly unheard: () => Promise<void>;
}

export function createFileWatch(parts: FileWatchParts): FileWatch {
  const { path, clock, wake, dataVersion, unheard } = parts;
  let activeUntilMs = 0;
  let seen: number | undefined;
  let cancel: (() => void) | undefined;
  let isStopped = false;

  const version = () => {
    try {
      return dataVersion();
    } catch {
      // What keeps it from being read is told to whoever asks for more.
      return seen;
    }
  };
  const compare = () => {
    const before = seen;
    seen = version();
    // Where it can't be asked there is no next look until somebody writes again.
    if (before !== undefined && seen !== before) unheard().catch(wake.everything);
  };
  const active = () => {
    activeUntilMs = clock.monotonic() + ACTIVE_MS;
    look();
  };
  // What was written is not to be seen yet: it is looked at in a while.
  const ear = createEar(path, active);
  const look = () => {
    if (cancel !== undefined || isStopped) return;
    const isIdle = !wake.isWaiting() && clock.monotonic() >= activeUntilMs;
    if (isIdle && ear.isOpen()) return;
    if (isIdle && ear.open()) {
      // Between the last look and now.
      compare();
      return;
    }
    ear.close();
    seen ??= version();
    cancel = clock.after(LOOK_EVERY_MS, () => {
      cancel = undefined;
      compare();
      look();
    });
  };
  return {
    look,
    active,
    stop() {
      isStopped = true;
      cancel?.();
      ear.close();
    },
  };
}

/**
 * Hears that somebody writes, this process too. The memory that SQLite shares between processes needs
 * one kernel for all of them, and that kernel hears of every write.
 */
function createEar(path: string, onWrite: () => void) {
  // Windows tells of a file that is open when it likes.
  let isDeaf = process.platform === 'win32';
  let watcher: FSWatcher | undefined;
  const close = () => {
    watcher?.close();
    watcher = undefined;
  };
  return {
    isOpen: () => watcher !== undefined,
    /** False: there is no way to. */
    open(): boolean {
      if (isDeaf) return false;
      try {
        watcher = watch(path, { persistent: false }, onWrite);
        watcher.on('error', () => {
          isDeaf = true;
          onWrite();
        });
      } catch {
        // There are no more of them to have, or there is no such file.
        isDeaf = true;
      }
      return !isDeaf;
    },
    close,
  };
}
