// Whether Redis answers, by the client that counts the limits.

import { explain, failed, hostOf, type Place } from '../base/network-faults.ts';
import type { LimitSettings } from '../settings/settings.ts';
import { CHECK_TIMEOUT_MS, type Check, type Finding, idle, ok } from './check.ts';

export function redisCheck({ redisUrl }: LimitSettings): Check {
  const name = 'Redis';
  if (redisUrl === undefined) {
    return idle(name, 'REDIS_URL is not set: this process counts its limits by itself');
  }
  // What the client takes where the URL is silent.
  const host = hostOf(redisUrl) || 'localhost:6379';
  const place: Place = { host, variable: 'REDIS_URL', withoutTls: 'redis://' };
  return {
    name,
    async run(signal) {
      const refusal = await ping(redisUrl, signal);
      return refusal === undefined ? ok(`${host} answers PING`) : explainRedis(refusal, place);
    },
    explain: (error) => explainRedis(error, place),
  };
}

/** What Redis or the network has against it, undefined: nothing. */
async function ping(redisUrl: string, signal: AbortSignal): Promise<unknown> {
  const { Redis } = await import('ioredis');
  const client = new Redis(redisUrl, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    // The check's own time-out is the one that counts.
    connectTimeout: 2 * CHECK_TIMEOUT_MS,
  });
  // The calls themselves reject with "Connection is closed" whatever the cause.
  let cause: unknown;
  client.on('error', (error) => {
    cause ??= error;
  });
  signal.addEventListener('abort', () => client.disconnect());
  try {
    await client.connect();
    await client.ping();
    return cause;
  } catch (error) {
    return cause ?? error;
  } finally {
    client.disconnect();
  }
}

function explainRedis(error: unknown, place: Place): Finding {
  const { host } = place;
  const { name, message } = error as Error;
  if (name === 'ReplyError') {
    // Only the word in front: what follows may quote a command.
    const word = /^[A-Z]{2,20}\b/.exec(message)?.[0] ?? 'an error';
    if (word === 'NOAUTH') {
      return failed(
        `${host} asks for a password`,
        'write it into REDIS_URL: redis://:PASSWORD@host:port',
      );
    }
    if (word === 'WRONGPASS') {
      return failed(`${host} refuses user or password`, 'correct user and password in REDIS_URL');
    }
    if (word === 'NOPERM') {
      return failed(
        `the user in REDIS_URL lacks permissions at ${host}`,
        'allow it PING and scripts on keys that begin with switchboard: (ACL SETUSER)',
      );
    }
    return failed(
      `${host} refuses (${word})`,
      'check the database number in REDIS_URL, and the log of Redis',
    );
  }
  if (message?.startsWith('Unknown RESP type')) {
    return failed(`what answers at ${host} is no Redis`, 'correct host and port in REDIS_URL');
  }
  if (message === 'Connection is closed.') {
    return failed(
      `${host} cuts the connection`,
      'begin REDIS_URL with rediss:// where Redis wants TLS, and correct its port',
    );
  }
  return explain(error, place);
}
