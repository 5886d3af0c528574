// How many streams one person has open. The newest is refused: to end the oldest would make eleven
// tabs fight for ever.
import { SwitchboardError } from '../base/errors.ts';
import type { UserId } from '../base/ids.ts';

const STREAMS_MAX = 10;
const RETRY_AFTER_SECONDS = 30;

export interface FeedSeats {
  /** Throws `streams_full`. The answer gives the place back, and is called once. */
  take(uid: UserId): () => void;
  /** One that is polled takes no place, and counts. */
  count(): () => void;
  readonly open: () => number;
}

export function createFeedSeats(): FeedSeats {
  const streams = new Map<UserId, number>();
  let open = 0;
  const count = () => {
    open += 1;
    return () => {
      open -= 1;
    };
  };
  return {
    take(uid) {
      const taken = streams.get(uid) ?? 0;
      if (taken >= STREAMS_MAX) {
        throw new SwitchboardError(
          'streams_full',
          `You have ${STREAMS_MAX} streams open; close one, or poll (Accept: application/json).`,
          { retryAfterSeconds: RETRY_AFTER_SECONDS },
        );
      }
      streams.set(uid, taken + 1);
      const uncount = count();
      return () => {
        uncount();
        const left = (streams.get(uid) ?? 1) - 1;
        if (left === 0) streams.delete(uid);
        else streams.set(uid, left);
      };
    },
    count,
    open: () => open,
  };
}
