// Pushes as they went out, for a person to read: the newest last.
import type { Clock } from '../../base/clock.ts';
import type { ApnsPush } from '../stand-ins/apns.ts';
import type { FcmPush } from '../stand-ins/fcm.ts';
import type { PushFields } from './locked-phone.ts';

const KEPT_MAX = 60;
const TICKET_SHOWN = 12;
const APNS_HEADERS = [
  'apns-push-type',
  'apns-priority',
  'apns-expiration',
  'apns-topic',
  'apns-collapse-id',
  'apns-id',
];

/** A push as a provider took it. */
export interface TakenPush {
  readonly provider: 'FCM' | 'APNs';
  /** By which the provider knows the phone. */
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: PushFields;
}

export interface ListedPush extends Omit<TakenPush, 'value'> {
  /** Rises, over restarts too. */
  readonly number: number;
  readonly at: number;
  readonly uid: string | undefined;
  /** Undefined: a phone that is none of this page's. */
  readonly phone: string | undefined;
  /** What came of it. */
  readonly outcome: string;
}

export const ofFcm = ({ message }: FcmPush): TakenPush => {
  const { token, fid, data, android, webpush, apns } = message as Record<string, unknown>;
  const platform = android ?? (webpush as PushFields)?.headers ?? (apns as PushFields)?.headers;
  return {
    provider: 'FCM',
    value: String(token ?? fid),
    headers: textsIn(platform as PushFields),
    payload: data as PushFields,
  };
};

export const ofApns = ({ token, headers, payload }: ApnsPush): TakenPush => ({
  provider: 'APNs',
  value: token,
  headers: textsIn(
    Object.fromEntries(
      APNS_HEADERS.flatMap((name) => (headers[name] ? [[name, headers[name]]] : [])),
    ),
  ),
  payload,
});

export interface PushList {
  add(push: TakenPush, to: Pick<ListedPush, 'uid' | 'phone' | 'outcome'>): void;
  after(number: number): readonly ListedPush[];
  /** Of the last ring that went to this value, whole. */
  ticketOf(value: string): string | undefined;
}

export function createPushList(clock: Clock): PushList {
  const all: { readonly listed: ListedPush; readonly taken: TakenPush }[] = [];
  let last = clock.now();
  return {
    add(taken, to) {
      last += 1;
      const { provider, headers, payload } = taken;
      const shown = { provider, headers, payload: withoutTicket(payload) };
      all.push({ listed: { number: last, at: clock.now(), ...to, ...shown }, taken });
      if (all.length > KEPT_MAX) all.shift();
    },
    after: (number) => all.map(({ listed }) => listed).filter((push) => push.number > number),
    ticketOf(value) {
      const rings = ({ taken }: { taken: TakenPush }) =>
        taken.value === value && typeof taken.payload.ticket === 'string';
      return all.findLast(rings)?.taken.payload.ticket as string | undefined;
    },
  };
}

/** Long, and nothing to read. */
function withoutTicket(payload: PushFields): PushFields {
  const { ticket } = payload;
  if (typeof ticket !== 'string') return payload;
  return { ...payload, ticket: `${ticket.slice(0, TICKET_SHOWN)}… (${ticket.length} bytes)` };
}

const textsIn = (fields: PushFields = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
