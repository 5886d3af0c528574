// How much is too much, and who counts it.
import { faultOfRedisUrl } from '../base/faults.ts';
import { integer, text } from './kinds.ts';
import type { Odd } from './pasted.ts';
import type { Table, ValuesOf } from './setting.ts';
import type { LimitSettings } from './settings.ts';

const A_MINUTE = { min: 1, max: 1_000_000 };
const aMinute = integer(A_MINUTE.min, A_MINUTE.max);

/** What the client takes from behind a `?`; all else it leaves aside without a word. */
function heedingQuery(url: string, odd: Odd): string {
  const names = [...(URL.parse(url)?.searchParams.keys() ?? [])];
  if (names.some((name) => name !== 'family')) {
    odd('has more behind its ? than family, which is all that is heeded there');
  }
  return url;
}

export const LIMITS = {
  /** Requests of one user a minute: 1 to 1,000,000. Default 60. */
  tokenRatePerMinute: {
    variable: 'TOKEN_RATE_PER_MINUTE',
    meaning: `Token requests of one user a minute: ${A_MINUTE.min} to ${A_MINUTE.max}`,
    default: '60',
    kind: aMinute,
  },
  /** Failed ID tokens of one address (a /64 in IPv6) a minute: 1 to 1,000,000. Default 600. */
  authFailuresPerMinute: {
    variable: 'AUTH_FAILURES_PER_MINUTE',
    meaning: `Failed ID tokens of one address (a /64 in IPv6) a minute: ${A_MINUTE.min} to ${A_MINUTE.max}`,
    default: '600',
    kind: aMinute,
  },
  /** `redis://…` or `rediss://…`: the limits hold over all instances together. Default: per process. */
  redisUrl: {
    variable: 'REDIS_URL',
    meaning: '`redis://…` or `rediss://…`: the limits hold over all instances together',
    secret: true,
    kind: text(faultOfRedisUrl, heedingQuery),
  },
} as const satisfies Table;

export function limitSettings(values: ValuesOf<typeof LIMITS>): LimitSettings {
  const { tokenRatePerMinute, authFailuresPerMinute, redisUrl } = values;
  return { tokenRatePerMinute, authFailuresPerMinute, redisUrl };
}
