// Whoever asks and takes nothing leaves his answers here, in memory. Those of all together have a
// bound, beyond which the eldest goes, with its connection.
import type { ServerResponse } from 'node:http';

/** Less than that the kernel takes at once. */
const COUNTED_FROM_BYTES = 4 * 1024;
const UNTAKEN_MAX_BYTES = 32 * 1024 * 1024;

/** So many bytes wait to be taken, until the answer is called; undefined: too few to count. */
export type HoldUntaken = (response: ServerResponse, bytes: number) => (() => void) | undefined;

export function createUntaken(maxBytes = UNTAKEN_MAX_BYTES): HoldUntaken {
  const waiting = new Map<() => void, ServerResponse>();
  let total = 0;
  return (response, bytes) => {
    if (bytes < COUNTED_FROM_BYTES) return undefined;
    const release = () => {
      if (waiting.delete(release)) total -= bytes;
    };
    waiting.set(release, response);
    total += bytes;
    for (const [releaseEldest, eldest] of waiting) {
      if (total <= maxBytes) break;
      releaseEldest();
      // Nobody has said that it was taken meanwhile, as most are.
      if (eldest.writableLength >= COUNTED_FROM_BYTES) cutOff(eldest);
    }
    return release;
  };
}

export function cutOff(response: ServerResponse): void {
  response.destroy();
  // One that waits for its turn behind another has no connection of its own yet.
  response.req?.socket?.destroy();
}
