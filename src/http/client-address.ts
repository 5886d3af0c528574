import { isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { arrivalOf } from './arrival.ts';

const V4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The client's address: the host's view where it has one, otherwise by our own `trustProxy`. */
export function clientAddress(request: FastifyRequest): string {
  return arrivalOf(request.raw)?.ip ?? request.ip;
}

/**
 * What failures are counted by: an IPv4 address, or the /64 of an IPv6 address, which is what one
 * household or phone is given (RFC 6177).
 */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = V4_MAPPED.exec(address);
  if (mapped !== null) return mapped[1] as string;
  const bare = address.split('%')[0] as string;
  if (!isIPv6(bare)) return address;
  const [left, right] = bare.split('::') as [string, string | undefined];
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  // An embedded IPv4 address stands for two groups.
  const groups = head.length + tail.length + (bare.includes('.') ? 1 : 0);
  const zeros = right === undefined ? [] : Array<string>(8 - groups).fill('0');
  const first4 = [...head, ...zeros, ...tail].slice(0, 4);
  return `${first4.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
