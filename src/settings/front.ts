// What stands in front, and where log lines go.
import { faultOfAddressRange } from '../base/faults.ts';
import type { Logger } from '../base/log.ts';
import type { TrustProxy } from '../http/app.ts';
import { header, integer, type Kind, list, objectOf } from './kinds.ts';
import { faultOfOrigin, mendedOrigin } from './origins.ts';
import type { Table, ValuesOf } from './setting.ts';
import type { FrontSettings } from './settings.ts';

const TRUSTED_HOPS_MAX = 32;

const hops = integer(0, TRUSTED_HOPS_MAX);
const ranges = list(faultOfAddressRange);
const hopsOrRanges: Kind<TrustProxy> = {
  type: 'number | string[]',
  read: (text, odd) => (/^[\s'"]*\d+[\s'"]*$/.test(text) ? hops : ranges).read(text, odd),
  take: (value, owner, odd) => (typeof value === 'number' ? hops : ranges).take(value, owner, odd),
};

/** Lists of hops are for {@link hopsOrRanges} to read. */
const faultOfAddressHeader = (name: string): string | undefined =>
  ['x-forwarded-for', 'forwarded'].includes(name.toLowerCase())
    ? 'must be a header that holds one address: X-Forwarded-For is read as TRUST_PROXY says'
    : undefined;

const takePath = (value: unknown): string => {
  if (typeof value === 'string' && /^(?:\/[\w.~-]+)+$/.test(value)) return value;
  throw new Error('must be a path like /api/calls, without a slash at its end');
};
const path: Kind<string> = { type: 'string', read: takePath, take: takePath };

const aLogger = objectOf(
  'Logger',
  (value): value is Logger =>
    ['debug', 'info', 'warn', 'error'].every(
      (level) => typeof (value as Record<string, unknown> | null)?.[level] === 'function',
    ),
  'have the methods debug, info, warn and error',
);

export const FRONT = {
  /** Origins of web pages that may call. Default none: CORS stays with the host. */
  corsOrigins: {
    variable: 'CORS_ORIGINS',
    meaning: 'Origins of web pages that may call, separated by commas; no `*`',
    kind: list(faultOfOrigin, mendedOrigin),
  },
  /** Proxies in front, where the host has no `req.ip`: hops, or addresses and CIDR ranges. Default 0. */
  trustProxy: {
    variable: 'TRUST_PROXY',
    meaning:
      'Proxies in front: a number of hops, or addresses and CIDR ranges. What each platform needs: ' +
      'docs/networks.md',
    default: '0',
    kind: hopsOrRanges,
  },
  /** The header in which the platform names the client's address (`Fly-Client-IP`). Only where it overwrites what clients send. */
  clientAddressHeader: {
    variable: 'CLIENT_ADDRESS_HEADER',
    meaning:
      'The header in which the platform names the client’s address (`Fly-Client-IP`); only where ' +
      'the platform overwrites what clients send',
    kind: header(faultOfAddressHeader),
  },
  /** Where the routes are when no router strips a prefix. Default `/api/calls`. */
  basePath: {
    meaning: 'Where the routes are when no router strips a prefix',
    default: '/api/calls',
    kind: path,
  },
  /** Where log lines go: pino, Fastify's or any other with these methods. Default: warnings, as JSON on standard output. */
  logger: { meaning: 'Where log lines go', kind: aLogger },
} as const satisfies Table;

export function frontSettings(values: ValuesOf<typeof FRONT>): FrontSettings {
  const { basePath, corsOrigins = [], trustProxy } = values;
  const clientAddressHeader = values.clientAddressHeader?.toLowerCase();
  return { basePath, corsOrigins, trustProxy, clientAddressHeader };
}
