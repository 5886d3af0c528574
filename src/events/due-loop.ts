// Deadlines of calls that have passed. A verdict is applied at once, each in a transaction of its
// own; a question is put to LiveKit first.
import type { Clock } from '../base/clock.ts';
import type { CallId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import type { Calls } from '../calls/apply-event.ts';
import { type CallStore, type DueTimer, StoreUnavailable } from '../calls/store.ts';
import type { Sweep } from './sweep.ts';
import { createWakeLoop } from './wake-loop.ts';

const PAGE = 100;
const PAGE_MAX = 10_000;
const QUESTIONS_AT_ONCE = 50;
/** LiveKit is not asked of one call more often, whatever its deadlines say. */
const ASK_AGAIN_MS = 1_000;
/** For a call that a bug of ours keeps from being changed. */
const REST_MS = { first: 5_000, last: 300_000 };
/** After a night without a server there may be much, and requests need not wait for the last of it. */
const START_WITHIN_MS = 10_000;

export interface Settled {
  /** By itself, or by LiveKit's answer. */
  readonly kind: 'verdict' | 'question';
  /** How long after its deadline it was taken up. */
  readonly lateMs: number;
}

export interface Loop {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createDueLoop(options: {
  store: Pick<CallStore, 'due' | 'nextDueMs' | 'onDue'>;
  apply: Calls['apply'];
  sweep: Sweep;
  clock: Clock;
  log: Logger;
  /** For measurements. */
  onSettled?: (settled: Settled) => void;
}): Loop {
  const { store, apply, sweep, clock, log, onSettled } = options;
  const asking = new Map<CallId, Promise<void>>();
  const rests = createRests(clock);
  const loop = createWakeLoop({ store, clock, log, what: 'deadlines', work });

  /** Verdicts are waited for, questions are not. */
  async function work(): Promise<boolean> {
    rests.forget();
    const judged = new Set<string>();
    for (;;) {
      const { verdicts, questions } = await openTimers();
      for (const timer of questions) ask(timer);
      if (verdicts.length === 0) return false;
      for (const timer of verdicts) {
        const which = `${timer.callId} ${timer.key} ${timer.dueAt}`;
        // It would be found due for ever.
        if (judged.has(which)) failed(timer.callId, new Error(`${timer.key} does not go away`));
        else await judge(timer);
        judged.add(which);
      }
    }
  }

  /** Behind however many questions, verdicts are found. */
  async function openTimers(): Promise<Record<'verdicts' | 'questions', readonly DueTimer[]>> {
    for (let limit = PAGE; ; limit *= 4) {
      const due = await store.due(limit);
      const open = due.filter(({ callId }) => !asking.has(callId) && !rests.has(callId));
      const verdicts = open.filter(({ key }) => !isQuestion(key));
      if (due.length < limit || verdicts.length > 0 || limit > PAGE_MAX) {
        return { verdicts, questions: open.filter(({ key }) => isQuestion(key)) };
      }
    }
  }

  async function judge({ callId, dueAt }: DueTimer): Promise<void> {
    try {
      const { now } = await apply({ type: 'tick', callId });
      onSettled?.({ kind: 'verdict', lateMs: now - dueAt });
    } catch (error) {
      failed(callId, error);
    }
  }

  function ask({ callId, room, dueAt }: DueTimer): void {
    if (asking.size >= QUESTIONS_AT_ONCE) return;
    const answered = sweep.now(callId, room).then(
      (takenAt) => {
        onSettled?.({ kind: 'question', lateMs: takenAt - dueAt });
        rests.rest(callId, ASK_AGAIN_MS);
      },
      (error: unknown) => {
        // The loop finds out by itself that the store is gone.
        if (error instanceof StoreUnavailable) rests.rest(callId, ASK_AGAIN_MS);
        else failed(callId, error);
      },
    );
    const done = answered.then(() => {
      // Others may have waited for it.
      if (asking.size === QUESTIONS_AT_ONCE) loop.wake(0);
      asking.delete(callId);
    });
    asking.set(callId, done);
  }

  /** One bad call stops nobody else's deadlines. */
  function failed(callId: CallId, error: unknown): void {
    if (error instanceof StoreUnavailable) throw error;
    const ms = rests.restAfterFailure(callId);
    log.error({ err: error, callId, retryMs: ms }, 'a deadline of a call could not be applied');
  }

  return {
    async start() {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const cancel = clock.after(START_WITHIN_MS, resolve);
      await Promise.race([loop.start(), late]);
      cancel();
    },
    async stop() {
      await loop.stop();
      await Promise.all(asking.values());
    },
  };
}

/** Calls that are left alone for a while. */
function createRests(clock: Clock) {
  const rests = new Map<CallId, { until: number; failures: number }>();
  const rest = (callId: CallId, ms: number, failures = 0) =>
    void rests.set(callId, { until: clock.monotonic() + ms, failures });
  return {
    rest,
    /** The longer, the oftener it has failed; answers for how long. */
    restAfterFailure(callId: CallId): number {
      const failures = (rests.get(callId)?.failures ?? 0) + 1;
      const ms = Math.min(REST_MS.first * 2 ** (failures - 1), REST_MS.last);
      rest(callId, ms, failures);
      return ms;
    },
    has: (callId: CallId): boolean => (rests.get(callId)?.until ?? 0) > clock.monotonic(),
    /** Those that rest no more, but for how often they have failed. */
    forget(): void {
      const now = clock.monotonic();
      for (const [callId, { until, failures }] of rests) {
        if (until <= now && (failures === 0 || until + REST_MS.last < now)) rests.delete(callId);
      }
    },
  };
}

const isQuestion = (key: string): boolean =>
  key === 'watch' || key === 'proof' || key.startsWith('grace:');
