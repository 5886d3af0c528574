// An answer without an end of its own: pieces as they come, as fast as they are taken.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import type { Pieces } from './answers.ts';
import type { Exchange } from './exchange.ts';

const LAST_WORD_WITHIN_MS = 1_000;

/** A response whose host compresses has a `flush`, without which pieces wait for each other. */
type Flushable = ServerResponse & { flush?: () => void };

/** The head is written already. Rejects with what the stream threw, the connection being cut off then. */
export async function sendPieces(
  response: Flushable,
  pieces: Pieces,
  exchange: Exchange,
  clock: Clock,
): Promise<void> {
  const { signal } = exchange;
  // A client waits for the head: it is the answer.
  response.flushHeaders();
  let cancel = () => {};
  const hurry = () => {
    cancel = clock.after(LAST_WORD_WITHIN_MS, () => response.end());
  };
  if (signal.aborted) hurry();
  else signal.addEventListener('abort', hurry, { once: true });
  try {
    for await (const piece of pieces(signal)) {
      if (exchange.isOver || response.writableEnded) break;
      const isTaken = response.write(piece);
      response.flush?.();
      if (!isTaken && !signal.aborted) await once(response, 'drain', { signal });
    }
    response.end();
  } catch (error) {
    // The way out of whatever waited for more.
    if (signal.aborted) response.end();
    else {
      response.destroy();
      throw error;
    }
  } finally {
    signal.removeEventListener('abort', hurry);
    cancel();
  }
}
