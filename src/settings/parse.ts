// Text of an environment variable → value. What is thrown ends the sentence "NAME …".
import { readFileSync } from 'node:fs';
import { type FaultOf, faultOfAddressRange, TRUSTED_HOPS_MAX } from '../base/faults.ts';
import type { TrustProxy } from '../http/app.ts';

export const text = (value: string): string => value;

/** Text that has no fault, as another room sees it. */
export const free =
  (faultOf: FaultOf) =>
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

/** Separated by commas. One that holds nothing but commas is a slip, and none is left unset. */
export function list(value: string): string[] {
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0) throw new Error('must name at least one, or be unset');
  return items;
}

/** Every item free of the fault. */
export const listOf =
  (faultOf: FaultOf) =>
  (value: string): string[] =>
    list(value).map(free(faultOf));

export function trustProxy(value: string): TrustProxy {
  if (/^\d+$/.test(value)) return integer(0, TRUSTED_HOPS_MAX)(value);
  return listOf(faultOfAddressRange)(value);
}

export const onOff = (value: string): boolean => oneOf(['on', 'off'])(value) === 'on';

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

/** A file that firebase-admin will read by itself, looked at now: at the first request is too late. */
export function credentialsFile(path: string): {
  readonly path: string;
  readonly projectId?: string;
} {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      `names ${path}, which ${code === undefined ? 'is no JSON' : `cannot be read (${code})`}`,
    );
  }
  const projectId = (content as { project_id?: unknown } | null)?.project_id;
  return typeof projectId === 'string' ? { path, projectId } : { path };
}
