// What has a life of its own, as one: started together, stopped in the reverse order.

export interface Lifetime {
  /** Begins background work; resolves when it can be used, or can't for now. Never rejects for an outage. */
  start?(): Promise<void> | void;
  stop?(): Promise<void> | void;
}

/** Started and stopped together: none waits for another. */
export const sideBySide = (parts: readonly Lifetime[]): Required<Lifetime> => ({
  async start() {
    await Promise.all(parts.map((part) => part.start?.()));
  },
  async stop() {
    await Promise.all(parts.map((part) => part.stop?.()));
  },
});

export interface Lifetimes {
  /** What is added later is stopped earlier. */
  add<T extends Lifetime>(part: T): T;
  /** Starts all of them, once and never after a stop; resolves when the last is there. */
  start(): Promise<void>;
  /** Stops all of them, once, each when the one before has ended; rejects with the first fault, after all. */
  stop(): Promise<void>;
}

export function createLifetimes(): Lifetimes {
  const parts: Lifetime[] = [];
  let started: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  const startAll = async () => {
    await Promise.all(parts.map((part) => part.start?.()));
  };
  const stopAll = async () => {
    const faults: unknown[] = [];
    for (const part of parts.toReversed()) {
      try {
        await part.stop?.();
      } catch (fault) {
        faults.push(fault);
      }
    }
    if (faults.length > 0) throw faults[0];
  };
  return {
    add(part) {
      parts.push(part);
      return part;
    },
    start: () => {
      started ??= stopped === undefined ? startAll() : Promise.resolve();
      return started;
    },
    stop: () => {
      stopped ??= stopAll();
      return stopped;
    },
  };
}
