// Limits that hold over several instances, counted in Redis. Redis out of reach is no reason to
// refuse anybody, and none to let everybody: this process then counts by itself.
import type { Redis } from 'ioredis';
import type { RateLimiterRedis } from 'rate-limiter-flexible';
import { type Clock, withDeadline } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { createRateLimit, type RateLimit, WINDOW_MS } from './rate-limit.ts';

const ANSWER_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 2_000;
const RECONNECT_MAX_MS = 5_000;

export interface SharedLimits {
  /** A limit of its own name; all instances with this name count together. */
  limit(name: string, perMinute: number): RateLimit;
  /** Connects in the background; until then, and whenever Redis is away, this process counts. */
  start(): Promise<void>;
  stop(): void;
}

interface Connected {
  readonly client: Redis;
  readonly Limiter: typeof RateLimiterRedis;
}

export function createSharedLimits(options: {
  redisUrl: string;
  clock: Clock;
  log: Logger;
  /** Called for each answer that this process gave by itself. */
  onFallback: () => void;
}): SharedLimits {
  const { redisUrl, clock, log, onFallback } = options;
  let redis: Connected | undefined;
  /** Resolves when the first try to connect has ended, well or not: until then Redis is not "away". */
  const tried = Promise.withResolvers<void>();
  let isReachable = true;
  let isStopped = false;
  let started: Promise<void> | undefined;

  /** One line an outage, however many requests it meets. */
  function outage(err: unknown): void {
    onFallback();
    if (!isReachable) return;
    isReachable = false;
    log.warn({ err }, 'Redis is out of reach: this process counts the limits by itself');
  }
  function answered(): void {
    if (!isReachable) log.info({}, 'Redis answers again: the limits are shared');
    isReachable = true;
  }

  async function connect(): Promise<void> {
    // Loaded only where it is asked for: tokens alone need neither.
    const [{ Redis }, { RateLimiterRedis: Limiter }] = await Promise.all([
      import('ioredis'),
      import('rate-limiter-flexible'),
    ]);
    if (isStopped) return;
    const client = new Redis(redisUrl, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      // A command that cannot be sent now fails now.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (tries) => Math.min(100 * 2 ** tries, RECONNECT_MAX_MS),
    });
    // Each failed question tells; without a listener ioredis prints them itself.
    client.on('error', () => tried.resolve());
    for (const event of ['ready', 'close']) client.once(event, () => tried.resolve());
    redis = { client, Limiter };
  }

  function limit(name: string, perMinute: number): RateLimit {
    const own = createRateLimit(perMinute, clock);
    let limiter: RateLimiterRedis | undefined;

    /** Asks Redis, or `fallback` where it does not answer in time. */
    async function ask(
      question: (limiter: RateLimiterRedis) => Promise<number>,
      fallback: () => number | Promise<number>,
    ): Promise<number> {
      try {
        const wait = await withDeadline(clock, ANSWER_TIMEOUT_MS, async () => {
          await tried.promise;
          limiter ??= limiterOf(redis as Connected, name, perMinute);
          return question(limiter);
        });
        answered();
        return wait;
      } catch (err) {
        // Whatever it was, the next request need not wait for the first connection again.
        tried.resolve();
        outage(err);
        return fallback();
      }
    }

    return {
      waitSeconds: (key) =>
        ask(
          async (asked) => {
            const found = await asked.get(key);
            return found !== null && found.consumedPoints >= perMinute ? secondsOf(found) : 0;
          },
          () => own.waitSeconds(key),
        ),
      take: (key) =>
        ask(
          async (asked) => {
            try {
              await asked.consume(key);
              return 0;
            } catch (refusal) {
              // An Error is an outage; anything else is what the window holds.
              if (refusal instanceof Error) throw refusal;
              return secondsOf(refusal as { msBeforeNext: number });
            }
          },
          () => own.take(key),
        ),
    };
  }

  return {
    limit,
    start() {
      started ??= connect().catch((err) => {
        tried.resolve();
        log.error({ err }, 'Redis cannot be used: this process counts the limits by itself');
      });
      return started;
    },
    stop() {
      isStopped = true;
      redis?.client.disconnect();
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

const secondsOf = ({ msBeforeNext }: { msBeforeNext: number }): number =>
  Math.max(1, Math.ceil(msBeforeNext / 1000));
