/** Beyond that nobody waits for a ring. */
const MAX_MS = 24 * 60 * 60_000;

/** Of the header `Retry-After`, seconds or a date, in ms from `now` on; undefined where it says nothing. */
export function retryAfterMs(header: unknown, now: number): number | undefined {
  if (typeof header !== 'string') return undefined;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_MS);
}
