// One try at a provider: whatever goes wrong has a result, and what an operator can mend is told to
// the log, seldom. Never a token, a ticket, a key, or an error's own text, which may quote them.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { codesOf } from '../base/network-faults.ts';
import type { PushResult, PushSender } from './push.ts';
import { createMaySay } from './said-rarely.ts';

/** `reason` is of a closed set; `sentence` says what to mend. */
export type Complain = (reason: string, sentence: string) => void;

/** A fault of the keys meets every push, and is told once an hour. */
export function createComplain(options: {
  provider: PushSender['provider'];
  clock: Clock;
  log: Logger;
}): Complain {
  const { provider, clock, log } = options;
  const maySay = createMaySay(clock);
  return (reason, sentence) => {
    if (maySay(reason)) log.warn({ provider, reason }, sentence);
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
