// An answer without an end of its own: pieces as they come, as long as they are taken.
import type { ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import type { Pieces } from './answers.ts';
import type { Exchange } from './exchange.ts';
import { cutOff, type HoldUntaken } from './untaken.ts';

const LAST_WORD_WITHIN_MS = 1_000;
/** So much may wait for a reader. */
const BEHIND_MAX_BYTES = 256 * 1024;
/** Of a reader who is further behind: who is only slow has taken all by then. */
const CATCH_UP_WITHIN_MS = 5_000;
/** Of the rest of one that has ended; who takes nothing at all would keep it for a quarter of an hour. */
const TAKEN_WITHIN_MS = 5_000;

/** A response whose host compresses has a `flush`, without which pieces wait for each other. */
type Flushable = ServerResponse & { flush?: () => void };

/**
 * The head is written already. Rejects with what the stream threw, the connection being cut off
 * then; so it is, without a word, for a reader who takes nothing.
 */
export async function sendPieces(
  response: Flushable,
  pieces: Pieces,
  exchange: Exchange,
  { clock, hold }: { readonly clock: Clock; readonly hold: HoldUntaken },
): Promise<void> {
  const { signal } = exchange;
  // A client waits for the head: it is the answer.
  response.flushHeaders();
  let cancel = () => {};
  const end = () => {
    if (exchange.isOver) return;
    response.end();
    cancel();
    cancel = clock.after(TAKEN_WITHIN_MS, () => cutOff(response));
  };
  const hurry = () => {
    cancel = clock.after(LAST_WORD_WITHIN_MS, end);
  };
  let release: ReturnType<HoldUntaken>;
  exchange.onOver(() => {
    cancel();
    release?.();
  });
  if (signal.aborted) hurry();
  else signal.addEventListener('abort', hurry, { once: true });
  try {
    for await (const piece of pieces(signal)) {
      if (exchange.isOver || response.writableEnded) break;
      const isTaken = response.write(piece);
      response.flush?.();
      release?.();
      release = hold(response, response.writableLength);
      if (!isTaken && !signal.aborted && !(await keepsUp(response, signal, clock))) {
        cutOff(response);
        return;
      }
    }
    if (!response.writableEnded) end();
  } catch (error) {
    // The way out of whatever waited for more.
    if (signal.aborted) end();
    else {
      cutOff(response);
      throw error;
    }
  } finally {
    signal.removeEventListener('abort', hurry);
  }
}

/** Waits as long as it is worth it for what was written to be taken. False: it is not any more. */
async function keepsUp(
  response: ServerResponse,
  signal: AbortSignal,
  clock: Clock,
): Promise<boolean> {
  // What the kernel takes, it takes now.
  await turn();
  if (response.writableLength <= BEHIND_MAX_BYTES) return true;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const goOn = () => resolve(true);
  const cancel = clock.after(CATCH_UP_WITHIN_MS, () => resolve(false));
  response.once('drain', goOn);
  signal.addEventListener('abort', goOn, { once: true });
  try {
    return await promise;
  } finally {
    cancel();
    response.off('drain', goOn);
    signal.removeEventListener('abort', goOn);
  }
}
