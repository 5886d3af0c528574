// Named values of a path, a query or the headers: how each is written, and what it means.
import { SwitchboardError } from '../base/errors.ts';
import type { FaultOf } from '../base/faults.ts';

export interface Field<T> {
  /** Undefined: it did not come. Throws an Error whose message ends the sentence "NAME …". */
  readonly read: (text: string | undefined) => T;
  /** For the API's description. */
  readonly schema: FieldSchema;
}

/** Of JSON Schema what a value that is written as text can need. */
interface FieldSchema {
  readonly type: 'string' | 'integer';
  readonly description: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
}

export interface PathField<T> extends Field<T> {
  /** The segments that it stands for, as the source of a RegExp without groups. */
  readonly pattern: string;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type PathFields = Readonly<Record<string, PathField<unknown>>>;
export type ValuesOf<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never;
};

const NO_VALUES = {};

/** Reads all of them; throws `request_invalid` that names the first with a fault. */
export function readFields<F extends Fields>(
  fields: F | undefined,
  textOf: (name: string) => string | undefined,
): ValuesOf<F> {
  if (fields === undefined) return NO_VALUES as ValuesOf<F>;
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    try {
      values[name] = field.read(textOf(name));
    } catch (error) {
      throw new SwitchboardError('request_invalid', `${name} ${(error as Error).message}.`);
    }
  }
  return values as ValuesOf<F>;
}

/** Looks values up in a query, `waitSeconds=25&after=7`. One that comes twice is ambiguous. */
export function inQuery(query: string): (name: string) => string | undefined {
  const values = new URLSearchParams(query);
  return (name) => {
    const [value, second] = values.getAll(name);
    if (second !== undefined) throw new Error('is given twice');
    return value;
  };
}

/** A UUID in any case (RFC 9562, section 4: written in small letters, read in both), answered in small letters. */
export const uuid = (description: string): PathField<string> => ({
  pattern: '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}',
  read: (text = '') => text.toLowerCase(),
  schema: { type: 'string', format: 'uuid', description },
});

/** Of which a name in a path may be: what every URL carries as it is, and the colon. */
export const NAME_IN_PATH = /^(?!\.{1,2}$)[A-Za-z0-9_.:~-]{1,128}$/;

/**
 * A name of an app's own making, in exactly these letters. Some clients write its marks in escapes,
 * which are the same (RFC 3986, section 6.2.2.2).
 */
export const nameInPath = (description: string): PathField<string> => ({
  // No segment of dots alone: clients and proxies take these for a way up.
  pattern:
    '(?!(?:\\.|%2[Ee]){1,2}(?:/|$))(?:[A-Za-z0-9_.:~-]|%(?:2[DdEe]|3[Aa]|5[Ff]|7[Ee])){1,128}',
  read: (text = '') => decodeURIComponent(text),
  schema: { type: 'string', pattern: NAME_IN_PATH.source, description },
});

export const wholeNumber = (limits: {
  min: number;
  max: number;
  /** Where none came. */
  default: number;
  description: string;
}): Field<number> => ({
  read(text) {
    if (text === undefined) return limits.default;
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= limits.min && number <= limits.max) return number;
    throw new Error(`must be a whole number from ${limits.min} to ${limits.max}`);
  },
  schema: {
    type: 'integer',
    minimum: limits.min,
    maximum: limits.max,
    default: limits.default,
    description: limits.description,
  },
});

/** `1` or `true`; absent, `0` or `false`. */
export const flag = (description: string): Field<boolean> => ({
  read(text) {
    if (text === '1' || text === 'true') return true;
    if (text === undefined || text === '0' || text === 'false') return false;
    throw new Error('must be 1 or 0');
  },
  schema: { type: 'integer', minimum: 0, maximum: 1, default: 0, description },
});

/** Text of at most so many bytes of UTF-8 that has no other fault; may be left out. */
export const optionalText = (
  maxBytes: number,
  description: string,
  faultOf: FaultOf = () => undefined,
): Field<string | undefined> => ({
  read(text) {
    if (text === undefined) return text;
    if (Buffer.byteLength(text) > maxBytes) throw new Error(`must be at most ${maxBytes} bytes`);
    const fault = faultOf(text);
    if (fault !== undefined) throw new Error(fault);
    return text;
  },
  schema: { type: 'string', description },
});
