// One lane of effects: leases what is due, has it done after the commit, and again until that has
// worked. All of it may be done twice.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Effects, Lane } from '../calls/event.ts';
import { type CallStore, type LeasedEffect, StoreUnavailable } from '../calls/store.ts';
import type { Loop } from './due-loop.ts';
import { createWakeLoop } from './wake-loop.ts';

/** What we do wrong is wrong the next time too, and a line each time. */
const AFTER_BUG_MS = { first: 5_000, last: 3_600_000 };

/** What came of one try, as `work` says. Given up: it has told the log why. */
export type TryResult = 'done' | 'given_up' | { readonly againInMs: number };

export type LaneStore = Pick<
  CallStore,
  'leaseEffects' | 'effectDone' | 'effectFailed' | 'hostEventGivenUp' | 'nextDueMs' | 'onDue'
>;

export function createLaneLoop<L extends Lane>(options: {
  lane: L;
  /** For the log: "rooms". */
  what: string;
  store: LaneStore;
  clock: Clock;
  log: Logger;
  /** How many are done side by side. */
  atOnce: number;
  /** Longer than one try takes: from then on another instance may do it. */
  leaseMs: number;
  /** One try. `batch`: what was leased together with it. */
  work(
    leased: LeasedEffect<Effects[L]>,
    batch: readonly LeasedEffect<Effects[L]>[],
  ): Promise<TryResult>;
  /** For measurements. */
  onTried?: (leased: LeasedEffect<Effects[L]>, result: 'done' | 'failed' | 'given_up') => void;
}): Loop {
  const { lane, what, store, clock, log, atOnce, leaseMs, onTried } = options;
  const underWay = new Map<string, Promise<void>>();
  const loop = createWakeLoop({ store, clock, log, what, due: lane, work });

  /** Not waited for: what is slow is in nobody's way. */
  async function work(): Promise<boolean> {
    const free = atOnce - underWay.size;
    if (free === 0) return false;
    const batch = await store.leaseEffects(lane, free, leaseMs);
    for (const leased of batch) {
      const { id } = leased;
      // Its lease has ended before its try: a slow database is not asked for it once more.
      if (underWay.has(id)) continue;
      const doing = doOne(leased, batch).finally(() => {
        if (underWay.size === atOnce) loop.wake(0);
        underWay.delete(id);
      });
      underWay.set(id, doing);
    }
    // Where that is all that may be done side by side, the first that ends looks for more.
    return false;
  }

  async function doOne(
    leased: LeasedEffect<Effects[L]>,
    batch: readonly LeasedEffect<Effects[L]>[],
  ): Promise<void> {
    const { callId, effect } = leased;
    try {
      await writeDown(leased, await tryOnce(leased, batch));
    } catch (error) {
      // The lease ends by itself, and then it is done again.
      const level = error instanceof StoreUnavailable ? 'debug' : 'error';
      log[level]({ err: error, callId, effect: effect.type }, 'what was done is not written down');
    }
  }

  async function tryOnce(...leased: Parameters<typeof options.work>): Promise<TryResult> {
    try {
      return await options.work(...leased);
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      const [{ callId, effect, tries }] = leased;
      const againInMs = backOffMs(tries, AFTER_BUG_MS);
      log.error({ err: error, callId, effect: effect.type, againInMs }, 'what is to be done fails');
      return { againInMs };
    }
  }

  async function writeDown(leased: LeasedEffect<Effects[L]>, outcome: TryResult): Promise<void> {
    if (typeof outcome === 'object') {
      onTried?.(leased, 'failed');
      await store.effectFailed(lane, leased.id, outcome.againInMs);
      return;
    }
    onTried?.(leased, outcome);
    if (lane === 'host' && outcome === 'given_up') await store.hostEventGivenUp(leased);
    else await store.effectDone(lane, leased);
  }

  return {
    start: loop.start,
    async stop() {
      await loop.stop();
      await Promise.all(underWay.values());
    },
  };
}

/** Before the next try: each time twice as long as the time before. */
export const backOffMs = (
  tries: number,
  { first, last }: { readonly first: number; readonly last: number },
): number => Math.min(first * 2 ** (tries - 1), last);
