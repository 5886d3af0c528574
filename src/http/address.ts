// What an address is, in the forms in which proxies write one, and whose it is.
import { BlockList, isIP, isIPv4 } from 'node:net';

/** Hops, or addresses and CIDR ranges, of the proxies that are believed about the client's address. */
export type TrustProxy = number | readonly string[];

/** In the quotes and brackets of RFC 7239, and with a port, as Azure's gateways write it. */
const WITH_PORT = /^"?(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?"?$/;
const MAPPED_V4 = /^::ffff:(?=[\d.]+$)/i;

/** The address alone: no port, brackets or zone, IPv4 as such. Undefined: there is none. */
export function bareAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [, inBrackets, v4] = WITH_PORT.exec(text) ?? [];
  const [address = ''] = (inBrackets ?? v4 ?? text).split('%', 1);
  return isIP(address) === 0 ? undefined : address.replace(MAPPED_V4, '');
}

/** Whether an address is in one of these ranges: addresses, or CIDR notation. */
export function rangesOf(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

/** Of networks that no client comes from over the internet: RFC 1918, 6598, 4193, 3927, 4291. */
export const isPrivate = rangesOf([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '::1',
  'fc00::/7',
  'fe80::/10',
]);

/**
 * Of Cloudflare's proxies (https://www.cloudflare.com/ips/), without 2a06:98c0::/29: from there come
 * requests of Workers, which anybody may write.
 */
export const isCloudflares = rangesOf([
  '173.245.48.0/20',
  '103.21.244.0/22',
  '103.22.200.0/22',
  '103.31.4.0/22',
  '141.101.64.0/18',
  '108.162.192.0/18',
  '190.93.240.0/20',
  '188.114.96.0/20',
  '197.234.240.0/22',
  '198.41.128.0/17',
  '162.158.0.0/15',
  '104.16.0.0/13',
  '104.24.0.0/14',
  '172.64.0.0/13',
  '131.0.72.0/22',
  '2400:cb00::/32',
  '2606:4700::/32',
  '2803:f800::/32',
  '2405:b500::/32',
  '2405:8100::/32',
  '2c0f:f248::/32',
]);
