// One call, held open until it changes: for the screens before the room, and without the feed.

import { type CallView, isEnded } from './call.ts';
import { backOffMs, type ClientClock, type Pause } from './clock.ts';
import { type CallsError, isOfTheToken, isPassing } from './error.ts';
import { type CallListener, callListener, type KnownCalls } from './known-calls.ts';
import { asCallsError } from './request.ts';

export interface WatchParts {
  readonly known: KnownCalls;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly pause: Pause;
  /** Asks for the call, and has it learned. */
  get(id: string, waitSeconds: number, after: number | undefined): Promise<CallView>;
}

const WAIT_SECONDS = 25;
/** An answer without news that came sooner was not held open. */
const HELD_FOR_MS = 1000;

/** Until the call has ended, the server knows no such call, or `signal` aborts. */
export async function watchCall(
  parts: WatchParts,
  id: string,
  on: { readonly update: CallListener; readonly error: (error: CallsError) => void },
  signal: AbortSignal,
): Promise<void> {
  const { known, clock, pause, random } = parts;
  let told: number | undefined;
  const hasEnded = new AbortController();
  const stop = known.listen((update) => {
    if (update.call.id !== id || hasEnded.signal.aborted || signal.aborted) return;
    told = update.call.version;
    if (isEnded(update.call)) hasEnded.abort();
    callListener(on.update, update);
  });
  let failures = 0;
  try {
    while (!signal.aborted && !hasEnded.signal.aborted) {
      const askedAt = clock.monotonic();
      const before = told;
      try {
        await parts.get(id, WAIT_SECONDS, told);
        failures = 0;
        if (signal.aborted || hasEnded.signal.aborted) return;
        // What was known before this watch began is told to it all the same.
        const update = told === undefined ? known.update(id, 'answer') : undefined;
        if (update !== undefined) {
          told = update.call.version;
          if (isEnded(update.call)) hasEnded.abort();
          callListener(on.update, update);
        }
        const isNews = told !== before;
        if (!isNews && clock.monotonic() - askedAt < HELD_FOR_MS)
          await pause.for(HELD_FOR_MS, signal);
      } catch (thrown) {
        const error = asCallsError(thrown, signal);
        if (signal.aborted) return;
        const passes = isPassing(error) || isOfTheToken(error) || error.code === 'sign_in';
        if (!passes) return callListener(on.error, error);
        await pause.for(backOffMs(failures++, random), signal);
      }
    }
  } finally {
    stop();
  }
}
