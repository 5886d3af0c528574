// One connection to Redis, made in the background and made again whenever it is lost.
import type { Redis } from 'ioredis';
import type { RateLimiterRedis } from 'rate-limiter-flexible';

const CONNECT_TIMEOUT_MS = 2_000;
const RECONNECT_MAX_MS = 5_000;
/** A NAT or balancer that has forgotten the connection says nothing; the kernel would try for 15 min. */
const SILENCE_MS = 2_000;

/** A refusal of Redis holds the command as it was sent: the password, or somebody's uid. */
export function withoutCommand(error: Error & { code?: string }): Error {
  const { name, message, code } = error;
  return Object.assign(new Error(message), { name }, code !== undefined && { code });
}

/** Both are loaded only where Redis is asked for: tokens alone need neither. */
export interface Connected {
  readonly client: Redis;
  readonly Limiter: typeof RateLimiterRedis;
}

export interface RedisConnection {
  /** Begins to connect; rejects where the address can't be used at all. */
  open(): Promise<void>;
  /** Resolves when the first try has ended, well or not: until then Redis is not "away". */
  tried(): Promise<Connected | undefined>;
  /** Nobody waits for the first try any more. */
  giveUpWaiting(): void;
  /**
   * Why it is lost or was refused, where that is known. A command that can't be sent says only that
   * there is no connection; a wrong password or certificate is told to the connection alone.
   */
  fault(): Error | undefined;
  close(): void;
}

export function createRedisConnection(redisUrl: string): RedisConnection {
  const firstTry = Promise.withResolvers<void>();
  let connected: Connected | undefined;
  let fault: Error | undefined;
  let isClosed = false;
  return {
    async open() {
      const [{ Redis }, { RateLimiterRedis: Limiter }] = await Promise.all([
        import('ioredis'),
        import('rate-limiter-flexible'),
      ]);
      if (isClosed) return;
      const client = new Redis(redisUrl, {
        connectTimeout: CONNECT_TIMEOUT_MS,
        socketTimeout: SILENCE_MS,
        // A command that cannot be sent now fails now.
        enableOfflineQueue: false,
        maxRetriesPerRequest: 0,
        retryStrategy: (tries) => Math.min(100 * 2 ** tries, RECONNECT_MAX_MS),
      });
      // Without a listener ioredis prints them itself.
      client.on('error', (error) => {
        fault = withoutCommand(error);
        firstTry.resolve();
      });
      client.on('ready', () => {
        fault = undefined;
      });
      for (const event of ['ready', 'close']) client.once(event, firstTry.resolve);
      connected = { client, Limiter };
    },
    tried: () => firstTry.promise.then(() => connected),
    giveUpWaiting: firstTry.resolve,
    fault: () => fault,
    close() {
      isClosed = true;
      connected?.client.disconnect();
    },
  };
}
