// Text of an environment variable → value. What is thrown ends the sentence "NAME …".
import { isIP } from 'node:net';
import type { TrustProxy } from '../http/app.ts';

export const text = (value: string): string => value;

/** Text that has no fault, as another room sees it. */
export const free =
  (faultOf: (value: string) => string | undefined) =>
  (value: string): string => {
    const fault = faultOf(value);
    if (fault !== undefined) throw new Error(fault);
    return value;
  };

export function integer(min: number, max: number) {
  return (value: string): number => {
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new Error(`must be a whole number from ${min} to ${max}`);
  };
}

export function oneOf<const T extends string>(values: readonly T[]) {
  return (value: string): T => {
    const known = values.find((candidate) => candidate === value);
    if (known !== undefined) return known;
    throw new Error(`must be one of ${values.join(', ')}`);
  };
}

export const list = (value: string): string[] =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

export function urlOf(value: string, protocols: readonly string[]): string {
  const url = URL.parse(value);
  if (url === null || !protocols.includes(url.protocol)) {
    throw new Error(
      `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`,
    );
  }
  if (url.username !== '' || url.password !== '') throw new Error('must hold no user or password');
  return value;
}

export function keysUrl(value: string): string {
  const { protocol, hostname } = new URL(urlOf(value, ['https:', 'http:']));
  const loopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  if (protocol === 'http:' && !loopback) throw new Error('must be https, or http on loopback');
  return value;
}

export function origin(value: string): string {
  if (value === '*') throw new Error('must name origins, and not *');
  if (URL.parse(value)?.origin !== value) {
    throw new Error(`must hold origins like https://app.example.com, and ${value} is none`);
  }
  return value;
}

export function trustProxy(value: string): TrustProxy {
  if (/^\d+$/.test(value)) return integer(0, 32)(value);
  return list(value).map((range) => {
    const [address = '', bits, ...rest] = range.split('/');
    const family = isIP(address);
    const max = family === 4 ? 32 : 128;
    const isRange =
      bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= max && rest.length === 0);
    if (family !== 0 && isRange) return range;
    throw new Error(`must be a number of hops, or addresses and CIDR ranges, and ${range} is none`);
  });
}

export const onOff = (value: string): boolean => oneOf(['on', 'off'])(value) === 'on';

/** Its password is the usual way to authenticate, so it may hold one; it is never printed. */
export function redisUrl(value: string): string {
  if (/^rediss?:\/\//.test(value) && URL.canParse(value)) return value;
  throw new Error('must be a URL that begins with redis:// or rediss://');
}

/** What a service account's JSON must hold for firebase-admin. */
export interface ServiceAccount {
  readonly project_id: string;
  readonly client_email: string;
  readonly private_key: string;
}

/** JSON, or base64 of it. What is wrong is said without any of its text. */
export function serviceAccount(value: string): ServiceAccount {
  const json = value.startsWith('{') ? value : Buffer.from(value, 'base64').toString();
  let account: unknown;
  try {
    account = JSON.parse(json);
  } catch {
    throw new Error('must be the JSON of a service account, or base64 of it');
  }
  for (const field of ['project_id', 'client_email', 'private_key']) {
    if (typeof (account as Record<string, unknown> | null)?.[field] !== 'string') {
      throw new Error(`is no service account: ${field} is missing`);
    }
  }
  return account as ServiceAccount;
}
