// The calls in the hands of the host's own code, as `switchboard.calls`. It is nobody's request: no
// rule about who may ring whom is asked, and no rings are counted.
import { createHash, randomUUID } from 'node:crypto';
import { SwitchboardError } from '../base/errors.ts';
import { type CallId, type DeviceId, faultOfPerson, type UserId } from '../base/ids.ts';
import type { Applied, Calls } from '../calls/apply-event.ts';
import { CALL_KINDS, type Call, type CallKind } from '../calls/call.ts';
import type { CallEvent } from '../calls/event.ts';
import type { HostCall } from '../calls/host-event.ts';
import { hostCallOf, withNames } from '../calls/host-view.ts';
import { newCallRoom } from '../calls/room-config.ts';
import type { CallStore } from '../calls/store.ts';
import { withStore } from '../calls/with-store.ts';
import {
  calleesIn,
  callIdIn,
  contextIn,
  dataIn,
  type Members,
  oneOfIn,
  optionalDeviceIn,
} from '../routes/calls/body.ts';
import { refusal } from '../routes/calls/refusals.ts';
import { type ErasedUser, eraseUser } from './erase-user.ts';

/** What {@link HostCalls.place} takes. */
export interface HostPlaceRequest {
  /** Who calls, in the eyes of all. */
  readonly caller: string;
  /** Whom to ring: uids. */
  readonly callees: readonly string[];
  readonly kind: CallKind;
  /** What it is about: a chat's id. */
  readonly context?: string | undefined;
  /** Your own, for all of its people: at most 4 KiB of JSON. */
  readonly data?: unknown;
  /** A UUID. With the same id and request once more, nobody is rung twice. */
  readonly callId?: string | undefined;
  /**
   * The caller's running app that is to enter: it asks `accept` with this `deviceId`. Unset: whichever
   * of his apps asks `accept` with `takeOver`.
   */
  readonly deviceId?: string | undefined;
}

/**
 * Calls in the hands of the host's own code.
 *
 * Each rejects with a TypeError for what it can't be given, and with a `SwitchboardError` whose `code`
 * says why not: `in_another_call`, `calls_unavailable`.
 *
 * @example
 * const call = await switchboard.calls.place({ caller: 'alice', callees: ['bob'], kind: 'audio' });
 * await switchboard.calls.end(call.id);
 */
export interface HostCalls {
  /** Rings the callees. No rule about who may is asked; who is in another call is busy all the same. */
  place(request: HostPlaceRequest): Promise<HostCall>;
  /** Ends it for all, with the reason `ended_by_host_app`; one that has ended stays as it is. */
  end(callId: string): Promise<HostCall>;
  /** Undefined: there is none. */
  get(callId: string): Promise<HostCall | undefined>;
  /** Those that go on and that this person may see, the newest first. */
  liveOf(uid: string): Promise<readonly HostCall[]>;
  /**
   * Leaves his live calls as he would himself, and forgets him: devices, name and picture are gone,
   * and in his calls he is `erased`. Once more changes nothing.
   */
  eraseUser(uid: string): Promise<ErasedUser>;
}

export interface HostCallsParts {
  readonly apply: Calls['apply'];
  readonly store: Pick<CallStore, 'call' | 'live' | 'erase'>;
  readonly maxParticipants: number;
  /** Begins what has not begun, and waits for the database as a request does. */
  readonly opened: () => Promise<void> | undefined;
  /** Forgets how often this person has asked, wherever that is counted. */
  readonly forgetCounters: (uid: UserId) => Promise<void> | void;
}

export function createHostCalls(parts: HostCallsParts): HostCalls {
  const { apply, store, maxParticipants, opened, forgetCounters } = parts;

  const onceOpen = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await opened();
    return withStore(work);
  };
  const happen = (event: CallEvent) => onceOpen(async () => callOf(await apply(event)));

  return {
    async place(request) {
      const event = placeOf(request, maxParticipants);
      return happen(event);
    },
    async end(callId) {
      const event = { type: 'end' as const, callId: callIdOf(callId) };
      return happen(event);
    },
    async get(callId) {
      const id = callIdOf(callId);
      const { call } = await onceOpen(() => store.call(id));
      return call && seen(call);
    },
    async liveOf(uid) {
      const who = uidOf(uid, 'uid');
      const { calls } = await onceOpen(() => store.live(who));
      return calls.map(seen);
    },
    async eraseUser(uid) {
      const who = uidOf(uid, 'uid');
      const erased = await onceOpen(() => eraseUser(who, { apply, store }));
      await forgetCounters(who);
      return erased;
    },
  };
}

const seen = (call: Call): HostCall => withNames(hostCallOf(call), call);

function callOf(applied: Applied): HostCall {
  if ('refused' in applied) throw refusal(applied.refused, applied);
  return seen(applied.call);
}

function placeOf(request: HostPlaceRequest, maxParticipants: number): CallEvent {
  if (typeof request !== 'object' || request === null) throw new TypeError('place takes an object');
  const members = request as unknown as Members;
  const caller = uidOf(request.caller, 'caller');
  const asked = typed(() => ({
    callees: calleesIn(members, caller, maxParticipants - 1),
    kind: oneOfIn(members, 'kind', CALL_KINDS),
    callId: callIdIn(members, 'callId') ?? (randomUUID() as CallId),
    context: contextIn(members),
    data: dataIn({ data: plain(request.data) }),
    device: optionalDeviceIn(members),
  }));
  const { callees, kind, callId, context, data } = asked;
  if (kind === undefined) throw new TypeError(`kind is required: ${CALL_KINDS.join(' or ')}.`);
  // No phone's, so that it has to be taken over; and another one for each call, so that the next call
  // does not take this one's place.
  const device = asked.device ?? (`host:${callId}` as DeviceId);
  const said = JSON.stringify(['host', callees, kind, device, context ?? null, data ?? null]);
  return {
    ...{ type: 'place', callId, caller, device, kind },
    callees: callees.map((uid) => ({ uid, isHidden: false })),
    ...(context !== undefined && { context }),
    ...(data !== undefined && { data }),
    room: newCallRoom(),
    requestHash: createHash('sha256').update(said).digest('base64url'),
  };
}

/** What the routes say of a body is said of an argument. */
function typed<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw error instanceof SwitchboardError ? new TypeError(error.message) : error;
  }
}

/** As JSON has it: dates are texts by then, and what it knows nothing of is gone. */
function plain(data: unknown): unknown {
  if (data === undefined) return undefined;
  const text: string | undefined = JSON.stringify(data);
  if (text === undefined) throw new TypeError('data must be what JSON can hold.');
  return JSON.parse(text);
}

function callIdOf(callId: string): CallId {
  const id = typed(() => callIdIn({ callId }, 'callId'));
  if (id === undefined) throw new TypeError('callId is required.');
  return id;
}

function uidOf(uid: unknown, name: string): UserId {
  const fault = typeof uid === 'string' ? faultOfPerson(uid) : 'must be a text';
  if (fault !== undefined) throw new TypeError(`${name} ${fault}.`);
  return uid as UserId;
}
