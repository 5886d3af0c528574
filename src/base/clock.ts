/** Time as the house knows it: injected, so that tests turn it by hand. */
export interface Clock {
  /** Milliseconds since the epoch, for what is held against a time that somebody else wrote. */
  now(): number;
  /**
   * Milliseconds since some fixed moment, for every age and deadline of our own: the wall clock may
   * be set back, and what should be believed for a minute would be for hours.
   */
  monotonic(): number;
  /** Runs `run` once after `ms` milliseconds; the answer cancels it. Never keeps a process alive. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` milliseconds. */
export const pause = (clock: Pick<Clock, 'after'>, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.after(ms, resolve));

/** Resolves when `work` is over, or `ms` milliseconds after the start of it: then it goes on unwaited for. */
export async function atMost(clock: Clock, ms: number, work: () => Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  await Promise.race([work(), late]);
  cancel();
}

/** Thrown by {@link withDeadline} when the time is over. */
export class DeadlineError extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.name = 'DeadlineError';
  }
}

/**
 * Runs `work` and gives up after `ms` milliseconds: the signal aborts and the answer rejects with
 * a {@link DeadlineError}, whether or not `work` heeds the signal.
 */
export function withDeadline<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T> | T,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const controller = new AbortController();
  const cancel = clock.after(ms, () => {
    const error = new DeadlineError(ms);
    controller.abort(error);
    reject(error);
  });
  // An async wrapper, so that a synchronous throw of `work` rejects like any other.
  (async () => work(controller.signal))().then(resolve, reject).finally(cancel);
  return promise;
}
