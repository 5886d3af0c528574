// What a file has started is ended when its tests are over, however they went.
import { afterAll } from 'vitest';

export interface Ending {
  stop(): Promise<void>;
}

export type Keep = <T extends Ending>(started: T) => T;

/** For the top of a file: what goes through the answer is stopped after the last test, the latest first. */
export function endings(): Keep {
  const started: Ending[] = [];
  afterAll(async () => {
    const faults: unknown[] = [];
    for (const one of started.toReversed()) await one.stop().catch((fault) => faults.push(fault));
    if (faults.length > 0) throw new AggregateError(faults, 'not everything could be stopped');
  });
  return (one) => {
    started.push(one);
    return one;
  };
}
