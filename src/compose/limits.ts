// Who counts requests: this process, or Redis for all of them.
import { createRateLimit, type RateLimit } from '../limits/rate-limit.ts';
import { createSharedLimits } from '../limits/shared-rate-limit.ts';
import type { LimitSettings } from '../settings/settings.ts';
import type { Ground, Part } from './part.ts';

export interface Limits extends Part {
  /** A limit of its own name; where it is shared, all instances with this name count together. */
  limit(name: string, perMinute: number): RateLimit;
}

export function createLimits({ redisUrl }: LimitSettings, ground: Ground): Limits {
  if (redisUrl === undefined) {
    return { limit: (_name, perMinute) => createRateLimit(perMinute, ground.clock) };
  }
  return createSharedLimits({ ...ground, redisUrl, onFallback: ground.metrics.limitFellBack });
}
