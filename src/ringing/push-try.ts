// One try at a provider: whatever goes wrong has a result, and what an operator can mend is told to
// the log, seldom. Never a token, a ticket, a key, or an error's own text, which may quote them.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { codesOf } from '../base/network-faults.ts';
import type { PushResult, PushSender } from './push.ts';

const TOLD_EVERY_MS = 10 * 60_000;

/** `reason` is of a closed set; `sentence` says what to mend. */
export type Complain = (reason: string, sentence: string) => void;

/** One line a reason in ten minutes: a fault of the keys meets every push. */
export function createComplain(options: {
  provider: PushSender['provider'];
  clock: Clock;
  log: Logger;
}): Complain {
  const { provider, clock, log } = options;
  const told = new Map<string, number>();
  return (reason, sentence) => {
    const now = clock.monotonic();
    if (now - (told.get(reason) ?? Number.NEGATIVE_INFINITY) < TOLD_EVERY_MS) return;
    told.set(reason, now);
    log.warn({ provider, reason }, sentence);
  };
}

/** Where `work` rejects, its signal or the network was the cause. */
export async function tryPush(
  work: () => Promise<PushResult>,
  on: { signal: AbortSignal; name: string; complain: Complain },
): Promise<PushResult> {
  const { signal, name, complain } = on;
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) {
      complain('timeout', `${name} does not answer within 3 s`);
      return { result: 'failed', reason: 'timeout' };
    }
    const reason = codesOf(error)[0] ?? 'no_answer';
    complain(
      reason,
      `${name} gives no answer (${reason}): \`livekit-switchboard doctor\` says why`,
    );
    return { result: 'failed', reason };
  }
}
