// Who counts requests: this process, or Redis for all of them.
import { createRateLimit, type RateLimit } from '../limits/rate-limit.ts';
import { createSharedLimits } from '../limits/shared-rate-limit.ts';
import type { LimitSettings } from '../settings/settings.ts';
import type { Ground, Part } from './part.ts';

export interface Limits extends Part {
  /** A limit of its own name; where it is shared, all instances with this name count together. */
  limit(name: string, perMinute: number): RateLimit;
  /** In all of them. */
  forget(key: string): Promise<void>;
}

export function createLimits({ redisUrl }: LimitSettings, ground: Ground): Limits {
  const made: RateLimit[] = [];
  const shared =
    redisUrl === undefined
      ? undefined
      : createSharedLimits({ ...ground, redisUrl, onFallback: ground.metrics.limitFellBack });
  return {
    ...(shared && { start: shared.start, stop: shared.stop }),
    limit(name, perMinute) {
      const limit = shared?.limit(name, perMinute) ?? createRateLimit(perMinute, ground.clock);
      made.push(limit);
      return limit;
    },
    async forget(key) {
      await Promise.all(made.map((limit) => limit.forget(key)));
    },
  };
}
