// Deadlines of calls that have passed. A verdict is applied at once, each in a transaction of its
// own; a question is put to LiveKit first.
import { atMost, type Clock } from '../base/clock.ts';
import type { CallId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import type { Calls } from '../calls/apply-event.ts';
import { type Call, isLive, isQuestion } from '../calls/call.ts';
import { type CallStore, type DueTimer, StoreUnavailable } from '../calls/store.ts';
import { createRests } from './rests.ts';
import type { Sweep } from './sweep.ts';
import { createWakeLoop } from './wake-loop.ts';

const PAGE = 100;
const QUESTIONS_AT_ONCE = 50;
/** LiveKit is not asked of one call more often, whatever its deadlines say. */
const ASK_AGAIN_MS = 1_000;
/** Until a call's turn comes to be asked about, where there are too many. */
const CROWDED_MS = 5_000;
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

export interface DueLoop extends Loop {
  /** How long deadlines have waited for a round that has looked after them. */
  behindMs(): number;
}

export function createDueLoop(options: {
  store: Pick<CallStore, 'call' | 'due' | 'nextDueMs' | 'onDue'>;
  apply: Calls['apply'];
  sweep: Sweep;
  clock: Clock;
  log: Logger;
  /** For measurements. */
  onSettled?: (settled: Settled) => void;
  /** For measurements: a deadline could not be applied, and is tried again. */
  onFailed?: () => void;
}): DueLoop {
  const { store, apply, sweep, clock, log, onSettled, onFailed } = options;
  const asking = new Map<CallId, Promise<void>>();
  const rests = createRests(clock);
  const loop = createWakeLoop({ store, clock, log, what: 'deadlines', due: 'deadlines', work });

  async function work(): Promise<boolean> {
    rests.clean();
    const taken = new Set<string>();
    for (;;) {
      // Behind however many calls that wait for LiveKit, the others are found.
      const limit = PAGE + asking.size + rests.size();
      const due = await store.due(limit);
      const open = due.filter(({ callId }) => !asking.has(callId) && !rests.has(callId));
      for (const timer of open) await take(timer, taken);
      if (open.length === 0 || due.length < limit) return open.length > 0;
    }
  }

  /** One call after the other, and one bad call stops nobody else's deadlines. */
  async function take(timer: DueTimer, taken: Set<string>): Promise<void> {
    const which = `${timer.callId} ${timer.key} ${timer.dueAt}`;
    try {
      if (isQuestion(timer.key)) await look(timer);
      // It would be found for ever.
      else if (taken.has(which)) throw new Error(`the deadline ${timer.key} does not go away`);
      else await judge(timer.callId, timer.dueAt);
      taken.add(which);
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      failed(timer.callId, error);
    }
  }

  async function judge(callId: CallId, dueAt: number): Promise<void> {
    const { now } = await apply({ type: 'tick', callId });
    onSettled?.({ kind: 'verdict', lateMs: now - dueAt });
  }

  /** LiveKit may be slow, or there are others before: a verdict behind the question waits for neither. */
  async function look({ callId, dueAt }: DueTimer): Promise<void> {
    const { call, now } = await store.call(callId);
    if (call === undefined || !isLive(call)) return;
    const verdictAt = firstVerdict(call);
    if (verdictAt !== undefined && verdictAt <= now) await judge(callId, verdictAt);
    if (asking.size < QUESTIONS_AT_ONCE) ask(call, { takenAt: now, dueAt });
    else rests.rest(callId, CROWDED_MS);
  }

  function ask(call: Call, { takenAt, dueAt }: { takenAt: number; dueAt: number }): void {
    const asked = sweep.of(call, takenAt).then(
      () => {
        onSettled?.({ kind: 'question', lateMs: takenAt - dueAt });
        rests.rest(call.id, ASK_AGAIN_MS);
      },
      (error: unknown) => {
        // The loop finds out by itself that the store is gone.
        if (error instanceof StoreUnavailable) rests.rest(call.id, ASK_AGAIN_MS);
        else failed(call.id, error);
      },
    );
    asking.set(
      call.id,
      asked.then(() => void asking.delete(call.id)),
    );
  }

  function failed(callId: CallId, error: unknown): void {
    const retryMs = rests.restAfterFailure(callId);
    onFailed?.();
    log.error({ err: error, callId, retryMs }, 'a deadline of a call could not be applied');
  }

  return {
    start: () => atMost(clock, START_WITHIN_MS, loop.start),
    async stop() {
      await loop.stop();
      await Promise.all(asking.values());
    },
    behindMs: loop.behindMs,
  };
}

function firstVerdict({ timers }: Call): number | undefined {
  const times = [...timers].filter(([key]) => !isQuestion(key)).map(([, at]) => at);
  return times.length === 0 ? undefined : Math.min(...times);
}
