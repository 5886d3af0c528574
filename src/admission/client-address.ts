import { isIPv4 } from 'node:net';
import { bareAddress } from '../http/address.ts';

/** A forwarded header may say anything, 16 KB of it: whoever has no address counts as one. */
const NO_ADDRESS = 'no address';
const EMBEDDED_V4 = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/;

/**
 * What failures are counted by: an IPv4 address, or the /64 of an IPv6 address, which is what one
 * household or phone is given (RFC 6177). At most 24 characters, in a string of its own: a part of a
 * string keeps the whole of it in memory, and an address may be a part of a long header.
 */
export function addressKey(address: string | undefined): string {
  const bare = bareAddress(address);
  if (bare === undefined) return NO_ADDRESS;
  if (isIPv4(bare)) return bare.split('.').map(Number).join('.');
  const groups = groupsOf(bare);
  const isMappedV4 = groups.slice(0, 6).join() === '0,0,0,0,0,65535';
  if (isMappedV4) return groups.slice(6).flatMap(bytesOf).join('.');
  const first4 = groups.slice(0, 4).map((group) => group.toString(16));
  return `${first4.join(':')}::/64`;
}

/** The eight groups of an IPv6 address in any of its forms (RFC 4291, section 2.2). */
function groupsOf(address: string): number[] {
  const inHex = address.replace(EMBEDDED_V4, (_all, ...bytes: string[]) => {
    const [a, b, c, d] = bytes.map(Number) as [number, number, number, number];
    return [a * 256 + b, c * 256 + d].map((group) => group.toString(16)).join(':');
  });
  const [left = '', right = ''] = inHex.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === '' ? [] : right.split(':');
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
}

const bytesOf = (group: number): [number, number] => [group >> 8, group & 255];
