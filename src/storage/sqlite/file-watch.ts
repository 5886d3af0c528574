// Another process on the same file tells nobody. As long as somebody waits, or calls go on, the
// file is looked at; else nothing is asked.
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
  readonly clock: Clock;
  readonly wake: Wake;
  /** Undefined: it is not open. */
  readonly dataVersion: () => number | undefined;
}

export function createFileWatch({ clock, wake, dataVersion }: FileWatchParts): FileWatch {
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
  const look = () => {
    if (cancel !== undefined || isStopped) return;
    if (!wake.isWaiting() && clock.monotonic() >= activeUntilMs) {
      seen = undefined;
      return;
    }
    seen ??= version();
    cancel = clock.after(LOOK_EVERY_MS, () => {
      cancel = undefined;
      const now = version();
      if (now !== seen) {
        seen = now;
        wake.everything();
      }
      look();
    });
  };
  return {
    look,
    active() {
      activeUntilMs = clock.monotonic() + ACTIVE_MS;
      look();
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}
