// What only a server of its own has to know.
import { faultOfListenAddress } from '../base/faults.ts';
import { LOG_LEVELS } from '../base/log.ts';
import { integer, oneOf, secret, text } from './kinds.ts';
import type { Odd } from './pasted.ts';
import type { Table } from './setting.ts';

const DRAIN_SECONDS_MAX = 8;
const KEEP_ALIVE_SECONDS = { min: 5, max: 4_000 };

/** `[::]`: as in a URL. */
function withoutBrackets(host: string, odd: Odd): string {
  const [, address] = /^\[([\da-f:.]+)\]$/i.exec(host) ?? [];
  if (address === undefined) return host;
  odd('stands in brackets, as in a URL: they are left out');
  return address;
}

export const SERVER = {
  host: {
    variable: 'HOST',
    onlyVariable: true,
    meaning: 'The address to listen on; `::` is every one, of IPv6 and of IPv4',
    default: '::',
    kind: text(faultOfListenAddress, withoutBrackets),
  },
  port: {
    variable: 'PORT',
    onlyVariable: true,
    meaning: 'The port to listen on; 0 takes any',
    default: '3000',
    kind: integer(0, 65_535),
  },
  logLevel: {
    variable: 'LOG_LEVEL',
    onlyVariable: true,
    meaning: `One of ${LOG_LEVELS.join(', ')}`,
    default: 'info',
    kind: oneOf(...LOG_LEVELS),
  },
  drainSeconds: {
    variable: 'DRAIN_SECONDS',
    onlyVariable: true,
    meaning: `How long a stopping server serves on: 0 to ${DRAIN_SECONDS_MAX} seconds`,
    default: '2',
    kind: integer(0, DRAIN_SECONDS_MAX),
  },
  keepAliveSeconds: {
    variable: 'KEEP_ALIVE_SECONDS',
    onlyVariable: true,
    meaning:
      `How long an idle connection is kept: ${KEEP_ALIVE_SECONDS.min} to ${KEEP_ALIVE_SECONDS.max} seconds, ` +
      'and longer than the load balancer in front keeps it (Google: 600)',
    default: '620',
    kind: integer(KEEP_ALIVE_SECONDS.min, KEEP_ALIVE_SECONDS.max),
  },
  metricsToken: {
    variable: 'METRICS_TOKEN',
    onlyVariable: true,
    meaning: 'Bearer token of `/metrics`. Unset: there is no such route',
    secret: true,
    kind: secret((token) =>
      /^bearer\s/i.test(token) ? 'must be what stands behind Bearer, and not that word' : undefined,
    ),
  },
} as const satisfies Table;
