// What is wrong with a setting, as the end of a sentence ("must …"), or undefined where nothing
// is. The library's options and the server's variables are held to the same.
import { isIP } from 'node:net';

export type FaultOf = (value: string) => string | undefined;

/** A URL of one of these protocols (`wss:`), without user and password. */
export const faultOfUrl =
  (...protocols: readonly string[]): FaultOf =>
  (value) => {
    const url = URL.parse(value);
    if (url === null || !protocols.includes(url.protocol)) {
      return `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`;
    }
    if (url.username !== '' || url.password !== '') return 'must hold no user or password';
    return undefined;
  };

export const faultOfLivekitUrl = faultOfUrl('wss:', 'ws:');

/** Keys that came over an open network would be anybody's. */
export function faultOfKeysUrl(value: string): string | undefined {
  const fault = faultOfUrl('https:', 'http:')(value);
  if (fault !== undefined) return fault;
  const { protocol, hostname } = new URL(value);
  const loopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  return protocol === 'http:' && !loopback ? 'must be https, or http on loopback' : undefined;
}

/** Its password is the usual way to authenticate, so it may hold one. */
export const faultOfRedisUrl: FaultOf = (value) =>
  /^rediss?:\/\//.test(value) && URL.canParse(value)
    ? undefined
    : 'must be a URL that begins with redis:// or rediss://';

export function faultOfOrigin(value: string): string | undefined {
  if (value === '*') return 'must name origins, and not *';
  return URL.parse(value)?.origin === value
    ? undefined
    : `must hold origins like https://app.example.com, and ${value} is none`;
}

/** An address, or a range in CIDR notation. */
export function faultOfAddressRange(value: string): string | undefined {
  const [address = '', bits, ...rest] = value.split('/');
  const family = isIP(address);
  const isRange =
    bits === undefined ||
    (rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
  return family !== 0 && isRange
    ? undefined
    : `must be a number of hops, or addresses and CIDR ranges, and ${value} is none`;
}
