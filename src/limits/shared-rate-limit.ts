// Limits that hold over several instances, counted in Redis. Redis out of reach is no reason to
// refuse anybody, and none to let everybody: this process then counts by itself.
import type { RateLimiterRedis } from 'rate-limiter-flexible';
import { type Clock, withDeadline } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { createRateLimit, type RateLimit, WINDOW_MS } from './rate-limit.ts';
import { type Connected, createRedisConnection, withoutCommand } from './redis-connection.ts';

const ANSWER_TIMEOUT_MS = 250;

export interface SharedLimits {
  /** A limit of its own name; all instances with this name count together. */
  limit(name: string, perMinute: number): RateLimit;
  /** Connects in the background; until then, and whenever Redis is away, this process counts. */
  start(): Promise<void>;
  stop(): void;
}

export function createSharedLimits(options: {
  redisUrl: string;
  clock: Clock;
  log: Logger;
  /** Called for each answer that this process gave by itself. */
  onFallback: () => void;
}): SharedLimits {
  const { redisUrl, clock, log, onFallback } = options;
  const connection = createRedisConnection(redisUrl);
  const outages = createOutageLog(log);
  let started: Promise<void> | undefined;

  /** Asks Redis, or `own` where it does not answer in time. */
  async function ask<Answer>(
    question: (connected: Connected) => Promise<Answer>,
    own: () => Answer | Promise<Answer>,
  ): Promise<Answer> {
    try {
      const answer = await withDeadline(clock, ANSWER_TIMEOUT_MS, async () =>
        question((await connection.tried()) as Connected),
      );
      outages.over();
      return answer;
    } catch (err) {
      // Whatever it was, the next request need not wait for the first connection again.
      connection.giveUpWaiting();
      onFallback();
      outages.tell(connection.fault() ?? withoutCommand(err as Error));
      return own();
    }
  }

  return {
    limit(name, perMinute) {
      const own = createRateLimit(perMinute, clock);
      let limiter: RateLimiterRedis | undefined;
      const limiterOn = (connected: Connected) => {
        limiter ??= limiterOf(connected, name, perMinute);
        return limiter;
      };
      return {
        waitSeconds: (key) =>
          ask(
            async (connected) => {
              const found = await limiterOn(connected).get(key);
              return found !== null && found.consumedPoints >= perMinute ? secondsOf(found) : 0;
            },
            () => own.waitSeconds(key),
          ),
        take: (key, cost = 1) =>
          ask(
            (connected) => consume(limiterOn(connected), key, cost),
            () => own.take(key, cost),
          ),
        async forget(key) {
          // What was counted while Redis was away too.
          await own.forget(key);
          await ask(
            async (connected) => void (await limiterOn(connected).delete(key)),
            () => {},
          );
        },
      };
    },
    start() {
      started ??= connection.open().catch((err) => {
        connection.giveUpWaiting();
        log.error({ err }, 'Redis cannot be used: this process counts the limits by itself');
      });
      return started;
    },
    stop: connection.close,
  };
}

/** One line an outage, however many requests it meets. */
function createOutageLog(log: Logger) {
  let isReachable = true;
  return {
    tell(err: unknown): void {
      if (!isReachable) return;
      isReachable = false;
      log.warn({ err }, 'Redis is out of reach: this process counts the limits by itself');
    },
    over(): void {
      if (!isReachable) log.info({}, 'Redis answers again: the limits are shared');
      isReachable = true;
    },
  };
}

const limiterOf = ({ client, Limiter }: Connected, name: string, perMinute: number) =>
  new Limiter({
    storeClient: client,
    keyPrefix: `switchboard:${name}`,
    points: perMinute,
    duration: WINDOW_MS / 1000,
  });

async function consume(limiter: RateLimiterRedis, key: string, cost: number): Promise<number> {
  try {
    await limiter.consume(key, cost);
    return 0;
  } catch (refusal) {
    // An Error is an outage; anything else is what the window holds.
    if (refusal instanceof Error) throw refusal;
    const window = refusal as { msBeforeNext: number; consumedPoints: number };
    if (window.consumedPoints === cost) return 0;
    // It was counted all the same, and a cheaper one may still have room.
    if (cost > 1) await limiter.reward(key, cost);
    return secondsOf(window);
  }
}

const secondsOf = ({ msBeforeNext }: { msBeforeNext: number }): number =>
  Math.max(1, Math.ceil(msBeforeNext / 1000));
