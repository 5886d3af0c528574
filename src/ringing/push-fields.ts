// What an app reads of a push: the same names on every way to a phone.
import { timeOf } from '../calls/view.ts';
import type { PushMessage, RingMessage, StopMessage } from './push.ts';

/** Raised where an app that knows the old fields would go wrong with the new ones. */
const VERSION = 1;

export type PushFields = Readonly<Record<string, string | number>>;

/** How long a stop is of use to whom it shows nothing: to a phone that rings, or not at all. */
const STOP_MS = 60_000;
const MISSED_CALL_MS = 60 * 60_000;

/** A missed call is shown; that a ring has ended elsewhere is not. */
export const isShown = (message: PushMessage): boolean =>
  message.type === 'ring' || message.missed !== undefined;

/** For how long a provider may try. */
export function lifeMsOf(message: PushMessage): number {
  if (message.type === 'ring') return Math.max(0, message.ringMs);
  return message.missed === undefined ? STOP_MS : MISSED_CALL_MS;
}

/**
 * In at most so many bytes of JSON. What there is too much of goes in this order: the context, the
 * caller's name, all that is about the call. Id and ticket never.
 */
export function fieldsOf(message: PushMessage, maxBytes: number): PushFields {
  const all = message.type === 'ring' ? ringFields(message) : stopFields(message);
  let fields: PushFields = all;
  for (const name of ['context', 'nameCaller', 'body', 'title', 'handle', 'to']) {
    if (Buffer.byteLength(JSON.stringify(fields)) <= maxBytes) break;
    const { [name]: _, ...rest } = fields;
    fields = rest;
  }
  return fields;
}

/** FCM and the host's sender carry text alone. */
export const textOf = (fields: PushFields): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));

function ringFields({ callId, to, ringMs, now, ticket, about }: RingMessage): PushFields {
  const least = { v: VERSION, type: 'ring', id: callId, ticket };
  if (about === undefined) return least;
  const { callerName, callerUid, kind, context } = about;
  return {
    ...least,
    to,
    ...(callerName !== undefined && { nameCaller: callerName }),
    handle: callerUid,
    kind,
    ...(context !== undefined && { context }),
    ringSeconds: Math.ceil(Math.max(0, ringMs) / 1000),
    durationMs: Math.max(0, ringMs),
    serverTime: timeOf(now),
  };
}

function stopFields({ callId, cause, device, missed }: StopMessage): PushFields {
  return {
    v: VERSION,
    type: 'stop_ring',
    id: callId,
    cause,
    ...(device !== undefined && { device }),
    ...(missed?.title !== undefined && { title: missed.title }),
    ...(missed !== undefined && { body: missed.body }),
  };
}
