// Time and waiting, so that tests turn it by hand.

export interface ClientClock {
  /** Of the day: it goes on while the device sleeps. */
  now(): number;
  monotonic(): number;
  /** Runs `run` once after `ms` milliseconds; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** A longer one would be over at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: ClientClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** A controller that aborts along with `signal`, until it is released. */
export function controllerUnder(signal: AbortSignal): {
  readonly controller: AbortController;
  release(): void;
} {
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  return { controller, release: () => signal.removeEventListener('abort', abort) };
}

/** A wait that ends early when it is woken, or with the signal. */
export interface Pause {
  for(ms: number, signal: AbortSignal): Promise<void>;
  wake(): void;
}

export function createPause(clock: ClientClock): Pause {
  const waiting = new Set<() => void>();
  return {
    for: (ms, signal) =>
      new Promise((resolve) => {
        const end = () => {
          waiting.delete(end);
          cancel();
          signal.removeEventListener('abort', end);
          resolve();
        };
        const cancel = clock.after(ms, end);
        waiting.add(end);
        signal.addEventListener('abort', end);
        if (signal.aborted) end();
      }),
    wake() {
      for (const end of [...waiting]) end();
    },
  };
}

const FIRST_WAIT_MS = 500;
/** About a third of a ring. 5,000 clients that wait so long come back within the half of it, 600 a second. */
const LONGEST_WAIT_MS = 16_000;

/** Doubles with every failure in a row; the half of it is chance, or all clients would come at once. */
export function backOffMs(failures: number, random: () => number): number {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10));
  return most / 2 + (most / 2) * random();
}
