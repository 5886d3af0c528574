// Who waits in this process for what: told by our own commits, and by those of other instances.
import { createHash } from 'node:crypto';
import type { Logger } from '../base/log.ts';
import type { Due } from '../calls/store.ts';

/** In how many ms the earliest of each is that was written. */
export type DueTimes = Readonly<Partial<Record<Due, number>>>;

export interface Wake {
  onChangeFor(uid: string, run: () => void): () => void;
  onDue(of: Due, run: (ms: number) => void): () => void;
  /** People, by their {@link topicOf}. */
  changed(topics: readonly string[]): void;
  due(times: DueTimes): void;
  /** Something may have happened that nobody told. */
  everything(): void;
  /** Whether anybody waits for a person. */
  isWaiting(): boolean;
  /** For whom. */
  waitingFor(): readonly string[];
}

export const allDueIn = (ms: number): Required<DueTimes> => ({
  deadlines: ms,
  livekit: ms,
  push: ms,
  host: ms,
});

/** Short, so that many fit into one message, and no uid travels. Two people in one are no harm. */
export const topicOf = (uid: string): string =>
  createHash('sha1').update(uid).digest('base64url').slice(0, 8);

/** `onWaiting`: the first begins to wait for a person. */
export function createWake(log: Logger, onWaiting: () => void): Wake {
  const waiting = new Map<string, Set<{ readonly uid: string; readonly run: () => void }>>();
  const dues = new Set<{ of: Due; run: (ms: number) => void }>();
  /** What is written is written, whatever comes of telling it. */
  const told = (run: () => void) => {
    try {
      run();
    } catch (err) {
      log.error({ err }, 'what waited for a change failed');
    }
  };
  const runAll = (runs: Iterable<{ readonly run: () => void }>) => {
    for (const { run } of [...runs]) told(run);
  };
  const due = (times: DueTimes) => {
    for (const { of, run } of [...dues]) {
      const ms = times[of];
      if (ms !== undefined) told(() => run(ms));
    }
  };
  return {
    onChangeFor(uid, run) {
      const topic = topicOf(uid);
      const runs = waiting.get(topic) ?? new Set();
      // Of its own, so that a function that waits twice is run twice and ends once.
      const own = { uid, run };
      runs.add(own);
      waiting.set(topic, runs);
      if (waiting.size === 1 && runs.size === 1) onWaiting();
      return () => {
        runs.delete(own);
        if (runs.size === 0 && waiting.get(topic) === runs) waiting.delete(topic);
      };
    },
    onDue(of, run) {
      const own = { of, run };
      dues.add(own);
      return () => void dues.delete(own);
    },
    changed(topics) {
      for (const topic of topics) runAll(waiting.get(topic) ?? []);
    },
    due,
    everything() {
      for (const runs of [...waiting.values()]) runAll(runs);
      due(allDueIn(0));
    },
    isWaiting: () => waiting.size > 0,
    waitingFor: () => [
      ...new Set([...waiting.values()].flatMap((runs) => [...runs].map(({ uid }) => uid))),
    ],
  };
}
