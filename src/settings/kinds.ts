// What a value may be: read from the text of a variable, or taken as an option of a host. What is
// thrown ends the sentence "NAME …", and is the same for both.
import type { FaultOf } from '../base/faults.ts';
import {
  faultOfPasted,
  faultOfPastedSecret,
  type Odd,
  oddInSecret,
  unheard,
  unpacked,
} from './pasted.ts';

/** Of an option. */
export interface OptionKind<T> {
  /** As TypeScript writes it. */
  readonly type: string;
  /** The value itself, proven; `owner` holds it. */
  take(value: unknown, owner?: object, odd?: Odd): T;
}

/** Of a variable. */
export interface VariableKind<T> {
  /** What the text, trimmed and not empty, means. */
  read(text: string, odd?: Odd): T;
  /** The same of a file, where that differs. */
  readFile?(content: string, odd?: Odd): T;
}

export interface Kind<T> extends OptionKind<T>, VariableKind<T> {}

const must = (what: string): Error => new Error(`must ${what}`);

export function without(fault: string | undefined, text: string): string {
  if (fault !== undefined) throw new Error(fault);
  return text;
}

/** What was meant by a text that may have been pasted. */
function plain(given: string, odd?: Odd): string {
  const value = unpacked(given, odd);
  return without(faultOfPasted(value), value);
}

function plainTextOf(given: unknown, odd?: Odd): string {
  const value = typeof given === 'string' ? unpacked(given, odd) : '';
  if (value === '') throw must('be a string, not empty');
  return without(faultOfPasted(value), value);
}

/** Text that has no fault, and is as `mend` writes it. */
export function text(
  faultOf?: FaultOf,
  mend: (text: string, odd: Odd) => string = (value) => value,
): Kind<string> {
  const right = (value: string, odd: Odd) => {
    const mended = mend(value, odd);
    return without(faultOf?.(mended), mended);
  };
  return {
    type: 'string',
    read: (value, odd = unheard) => right(plain(value, odd), odd),
    take: (value, _owner, odd = unheard) => right(plainTextOf(value, odd), odd),
  };
}

/** RFC 9110, section 5.1. */
export const isHeaderName = (text: string): boolean => /^[!#$%&'*+.^`|~\w-]{1,64}$/.test(text);

export const header = (faultOf?: FaultOf): Kind<string> =>
  text((name) =>
    isHeaderName(name) ? faultOf?.(name) : 'must be the name of a header, like Fly-Client-IP',
  );

/** What nobody may see. `maybeEmpty`: a host hands over what its environment says, if anything. */
export function secret(
  faultOf: FaultOf = () => undefined,
  { maybeEmpty = false }: { readonly maybeEmpty?: boolean } = {},
): Kind<string> {
  const right = (value: string, from: 'variable' | 'file' | 'option', odd: Odd): string => {
    without(faultOfPastedSecret(value, from, odd) ?? faultOf(value), value);
    const doubt = oddInSecret(value);
    if (doubt !== undefined) odd(doubt);
    return value;
  };
  return {
    type: 'string',
    read: (given, odd = unheard) => right(unpacked(given, odd), 'variable', odd),
    readFile: (content, odd = unheard) => right(content.trim(), 'file', odd),
    take(given, _owner, odd = unheard) {
      const value = typeof given === 'string' ? unpacked(given, odd) : undefined;
      if (value === '' && maybeEmpty) return '';
      if (!value) throw must(maybeEmpty ? 'be a string' : 'be a string, not empty');
      return right(value, 'option', odd);
    },
  };
}

export function integer(min: number, max: number): Kind<number> {
  const take = (value: unknown): number => {
    const isWhole = typeof value === 'number' && Number.isInteger(value);
    if (isWhole && value >= min && value <= max) return value;
    throw must(`be a whole number from ${min} to ${max}`);
  };
  return {
    type: 'number',
    read(given, odd) {
      const value = plain(given, odd);
      return take(/^\d{1,10}$/.test(value) ? Number(value) : Number.NaN);
    },
    take,
  };
}

/** A variable may be written in capitals. */
export function oneOf<const T extends string>(...values: readonly T[]): Kind<T> {
  const take = (value: unknown): T => {
    const known = values.find((candidate) => candidate === value);
    if (known !== undefined) return known;
    throw must(`be one of ${values.join(', ')}`);
  };
  return {
    type: values.map((value) => `'${value}'`).join(' | '),
    read: (given, odd) => take(plain(given, odd).toLowerCase()),
    take,
  };
}

/** Other programs write it so, and it can mean nothing else. */
const ON = ['on', 'true', 'yes', '1'];
const OFF = ['off', 'false', 'no', '0'];

export const onOff: Kind<boolean> = {
  type: 'boolean',
  read(given, odd) {
    const value = plain(given, odd).toLowerCase();
    if (ON.includes(value)) return true;
    if (OFF.includes(value)) return false;
    throw must('be on or off');
  },
  take(value) {
    if (typeof value === 'boolean') return value;
    throw must('be true or false');
  },
};

/** All of it in brackets, like JSON; an IPv6 address has brackets of its own. */
const isBracketed = (text: string): boolean =>
  /^\[.*\]$/s.test(text) && !/^\[[\da-f.]*:[\da-f:.]*\]/i.test(text);

/** Each item without the fault, and as `mend` writes it. As a variable separated by commas. */
export function list(
  faultOf: FaultOf = () => undefined,
  mend: (item: string, odd: Odd) => string = (item) => item,
): Kind<readonly string[]> {
  const right = (items: readonly string[], odd: Odd): readonly string[] => {
    const faults = new Set<string>();
    const found = items.map((given) => {
      const item = mend(unpacked(given, odd), odd);
      const fault = faultOfPasted(item) ?? faultOf(item);
      if (fault !== undefined) faults.add(fault);
      return item;
    });
    if (faults.size > 0) throw new Error([...faults].join('; and '));
    return found;
  };
  return {
    type: 'string[]',
    read(value, odd = unheard) {
      const whole = unpacked(value, odd);
      if (isBracketed(whole)) throw must('be separated by commas, without brackets');
      const items = whole.split(',').filter((item) => item.trim() !== '');
      // Nothing but commas is a slip, and none is left unset.
      if (items.length === 0) throw must('name at least one, or be unset');
      return right(items, odd);
    },
    take(value, _owner, odd = unheard) {
      const isText = (item: unknown) => typeof item === 'string' && item.trim() !== '';
      if (!Array.isArray(value) || !value.every(isText)) throw must('be a list of strings');
      return right(value, odd);
    },
  };
}

/** An object of which a look tells that it is the right one. */
export const objectOf = <T>(
  type: string,
  isOne: (value: unknown) => value is T,
  sentence: string,
): OptionKind<T> => ({
  type,
  take(value) {
    if (isOne(value)) return value;
    throw must(sentence);
  },
});

/** A function, called as the method of the options that it is. */
export const aFunction = <T>(type: string): OptionKind<T> => ({
  type,
  take(value, owner) {
    if (typeof value === 'function') return value.bind(owner);
    throw must('be a function');
  },
});

/**
 * The one method of an interface: a host may write a narrower parameter, its framework's request
 * type. Only a method by name stays one in the published types.
 */
export interface MethodKind<Method> extends OptionKind<Method[keyof Method]> {}
export const aMethod = <Method>(type: string): MethodKind<Method> => aFunction(type);
