// What the server said, taken apart. A call without the few fields that everything hangs on is none.
import type { CallView, Cause } from './call.ts';
import { CallsError } from './error.ts';
import type { RegisteredDevice } from './installation.ts';

export interface Change {
  readonly call: CallView;
  readonly cause: Cause;
}

/** What the feed says at once: changes, or all live calls. */
export type News =
  | { readonly cursor: string; readonly changes: readonly Change[] }
  | { readonly cursor: string; readonly calls: readonly CallView[] };

export const nonsense = (what: string, status?: number): CallsError =>
  new CallsError('answer_invalid', `the server's answer has no ${what}`, { status });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

export function callOf(value: unknown): CallView {
  const isCall =
    isObject(value) &&
    typeof value.id === 'string' &&
    typeof value.version === 'number' &&
    typeof value.state === 'string' &&
    isObject(value.me) &&
    typeof value.me.state === 'string' &&
    Array.isArray(value.parties);
  if (!isCall) throw nonsense('call');
  return value as unknown as CallView;
}

export function deviceOf(value: unknown): RegisteredDevice {
  if (!isObject(value) || !Array.isArray(value.pushes)) throw nonsense('device');
  return value as unknown as RegisteredDevice;
}

export function callsOf({ calls }: Record<string, unknown>): CallView[] {
  if (!Array.isArray(calls)) throw nonsense('calls');
  return calls.map(callOf);
}

export const changeOf = (value: unknown): Change => {
  if (!isObject(value)) throw nonsense('change');
  return { call: callOf(value.call), cause: String(value.cause) as Cause };
};

export function cursorOf(value: unknown): string {
  if (!isObject(value) || typeof value.cursor !== 'string') throw nonsense('cursor');
  return value.cursor;
}

/** The answer to a long poll. */
export function newsOf(answer: Record<string, unknown>): News {
  const cursor = cursorOf(answer);
  if (!Array.isArray(answer.changes)) return { cursor, calls: callsOf(answer) };
  return { cursor, changes: answer.changes.map(changeOf) };
}
