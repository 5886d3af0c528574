// What would be a line for each push is one an hour.
import type { Clock } from '../base/clock.ts';

const HOUR_MS = 3_600_000;
/** More kinds of trouble than there are. */
const KINDS_MAX = 200;

/** True where this has not been said within the last hour. */
export type MaySay = (what: string) => boolean;

export function createMaySay(clock: Clock): MaySay {
  const saidAt = new Map<string, number>();
  return (what) => {
    const now = clock.monotonic();
    const last = saidAt.get(what);
    if (last !== undefined && now - last < HOUR_MS) return false;
    if (last === undefined && saidAt.size >= KINDS_MAX) return false;
    saidAt.set(what, now);
    return true;
  };
}
