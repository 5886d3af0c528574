// What a value may be: read from the text of a variable, or taken as an option of a host. What is
// thrown ends the sentence "NAME …", and is the same for both.
import type { FaultOf } from '../base/faults.ts';

/** Of an option. */
export interface OptionKind<T> {
  /** As TypeScript writes it. */
  readonly type: string;
  /** The value itself, proven; `owner` holds it. */
  take(value: unknown, owner?: object): T;
}

/** Of a variable. */
export interface VariableKind<T> {
  /** What the text, trimmed and not empty, means. */
  read(text: string): T;
}

export interface Kind<T> extends OptionKind<T>, VariableKind<T> {}

const must = (what: string): Error => new Error(`must ${what}`);

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '';

function textOf(value: unknown): string {
  if (isText(value)) return value;
  throw must('be a string, not empty');
}

function without(faultOf: FaultOf | undefined, text: string): string {
  const fault = faultOf?.(text);
  if (fault !== undefined) throw new Error(fault);
  return text;
}

/** Text that has no fault. */
export const text = (faultOf?: FaultOf): Kind<string> => ({
  type: 'string',
  read: (value) => without(faultOf, value),
  take: (value) => without(faultOf, textOf(value)),
});

/** The name of a header (RFC 9110, section 5.1). */
export const header = (faultOf?: FaultOf): Kind<string> =>
  text((name) =>
    /^[!#$%&'*+.^`|~\w-]{1,64}$/.test(name)
      ? faultOf?.(name)
      : `must be the name of a header, and ${JSON.stringify(name)} is none`,
  );

/** Values copied from a console often end in a newline, and a variable is trimmed in any case. */
export const trimmedText: Kind<string> = {
  type: 'string',
  read: (value) => value,
  take: (value) => textOf(value).trim(),
};

/** What a host may have without a value: it hands over what its environment says. */
export const maybeEmptyText: Kind<string> = {
  type: 'string',
  read: (value) => value,
  take(value) {
    if (typeof value === 'string') return value.trim();
    throw must('be a string');
  },
};

export function integer(min: number, max: number): Kind<number> {
  const take = (value: unknown): number => {
    const isWhole = typeof value === 'number' && Number.isInteger(value);
    if (isWhole && value >= min && value <= max) return value;
    throw must(`be a whole number from ${min} to ${max}`);
  };
  return {
    type: 'number',
    read: (value) => take(/^\d{1,10}$/.test(value) ? Number(value) : Number.NaN),
    take,
  };
}

export function oneOf<const T extends string>(...values: readonly T[]): Kind<T> {
  const take = (value: unknown): T => {
    const known = values.find((candidate) => candidate === value);
    if (known !== undefined) return known;
    throw must(`be one of ${values.join(', ')}`);
  };
  return { type: values.map((value) => `'${value}'`).join(' | '), read: take, take };
}

const onOrOff = oneOf('on', 'off');
export const onOff: Kind<boolean> = {
  type: 'boolean',
  read: (value) => onOrOff.read(value) === 'on',
  take(value) {
    if (typeof value === 'boolean') return value;
    throw must('be true or false');
  },
};

/** Each item without the fault. As a variable separated by commas. */
export const list = (faultOf?: FaultOf): Kind<readonly string[]> => ({
  type: 'string[]',
  read(value) {
    const items = value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    // Nothing but commas is a slip, and none is left unset.
    if (items.length === 0) throw must('name at least one, or be unset');
    return items.map((item) => without(faultOf, item));
  },
  take(value) {
    if (!Array.isArray(value) || !value.every(isText)) throw must('be a list of strings');
    for (const item of value) without(faultOf, item);
    return value;
  },
});

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
