// What stands in front, and where log lines go.
import { faultOfAddressRange } from '../base/faults.ts';
import type { Logger } from '../base/log.ts';
import type { TrustProxy } from '../http/address.ts';
import { header, integer, isHeaderName, type Kind, list, objectOf, text } from './kinds.ts';
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

const path = text((value) =>
  value === '/' || /^(?:\/[\w.~-]+)+$/.test(value)
    ? undefined
    : 'must be a path like /api/calls, without a slash at its end',
);

/** What a browser lets no page set, or takes for the list itself (Fetch, section 2.2.2). */
const faultOfCorsHeader = (name: string): string | undefined =>
  name === '*' || !isHeaderName(name)
    ? 'must name headers like X-App-Version, separated by commas, and no *'
    : undefined;

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
  /** Request headers of your own that these pages may send, beside those of tracing. Default none. */
  corsHeaders: {
    variable: 'CORS_HEADERS',
    meaning:
      'Request headers of your own that these pages may send, separated by commas; those of ' +
      'tracing may be sent in any case',
    kind: list(faultOfCorsHeader),
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
  /** The header of the ID token, where a gateway keeps `Authorization` for itself (`X-Forwarded-Authorization`). No other is read then. */
  authorizationHeader: {
    variable: 'AUTHORIZATION_HEADER',
    meaning:
      'The header of the ID token, where a gateway keeps `Authorization` for itself ' +
      '(`X-Forwarded-Authorization`); no other is read then',
    kind: header(),
  },
  /** Where the routes are when no router strips a prefix. Default `/api/calls`. */
  basePath: {
    variable: 'BASE_PATH',
    meaning: 'Where the routes are; `/` where a proxy strips the whole prefix',
    default: '/api/calls',
    kind: path,
  },
  /** Where log lines go: pino, Fastify's or any other with these methods. Default: warnings, as JSON on standard output. */
  logger: { meaning: 'Where log lines go', kind: aLogger },
} as const satisfies Table;

export function frontSettings(values: ValuesOf<typeof FRONT>): FrontSettings {
  const { corsOrigins = [], corsHeaders = [], trustProxy } = values;
  const authorizationHeader = values.authorizationHeader?.toLowerCase();
  const ownHeader = authorizationHeader === undefined ? [] : [authorizationHeader];
  return {
    basePath: values.basePath === '/' ? '' : values.basePath,
    corsOrigins,
    corsHeaders: [...corsHeaders, ...ownHeader],
    trustProxy,
    clientAddressHeader: values.clientAddressHeader?.toLowerCase(),
    authorizationHeader,
  };
}
