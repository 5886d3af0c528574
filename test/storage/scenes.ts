// Small decisions, as plain as they can be: what the store does is looked at here, not who may do what.
import { randomUUID } from 'node:crypto';
import type { CallId, DeviceId, RoomName, UserId } from '../../src/base/ids.ts';
import type { Call, Cause, Party, PartyState } from '../../src/calls/call.ts';
import type { Effect } from '../../src/calls/event.ts';
import type { HostCall, HostEventType } from '../../src/calls/host-event.ts';
import type { CallStore, ChangedCall, Decision, Scene, Scope } from '../../src/calls/store.ts';
import type { Ring } from '../../src/ringing/store.ts';

export const user = (uid: string) => uid as UserId;
export const newCallId = () => randomUUID() as CallId;

/** What a host is told. */
export const told = (sequence: number, target = 'app', type: HostEventType = 'call.joined') =>
  ({
    type: 'host_event',
    target,
    event: {
      type,
      sequence,
      at: 1_000 + sequence,
      uid: user('bob'),
      call: { id: 'x', data: { 'a "b"': ['ü'] } } as unknown as HostCall,
    },
  }) as const satisfies Effect;

/** His last ring in this call. */
export function ringOf({ id, parties }: Call, uid = 'bob'): Ring {
  const party = parties.find((one) => one.uid === uid);
  return { callId: id, uid: user(uid), ringAt: party?.createdAt ?? 0 };
}

export interface Placed {
  readonly id?: CallId;
  readonly caller?: string;
  readonly callees?: readonly string[];
  readonly hidden?: readonly string[];
  readonly context?: string;
  readonly effects?: readonly Effect[];
  readonly ringMs?: number;
  readonly profile?: Scope['profile'];
  readonly ringsBy?: Scope['ringsBy'];
  /** Rings somebody in another call. */
  readonly evenIfBusy?: boolean;
}

const party = (uid: string, role: Party['role'], now: number): Party => ({
  uid: user(uid),
  role,
  state: role === 'caller' ? 'joining' : 'ringing',
  isHidden: false,
  createdAt: now,
  version: 0,
  cause: 'ringing',
  ...(role === 'caller'
    ? { device: 'phone' as DeviceId, seatedAt: now }
    : { ringEndsAt: now + 45_000, rings: 1 }),
});

export function callIn(scene: Scene, id: CallId, placed: Placed): Call {
  const { caller = 'alice', callees = ['bob'], hidden = [], context, ringMs = 45_000 } = placed;
  return {
    id,
    room: `call_${id}` as RoomName,
    caller: user(caller),
    kind: 'audio',
    ...(context !== undefined && { context }),
    requestHash: 'hash',
    isGroup: callees.length > 1,
    state: 'ringing',
    createdAt: scene.now,
    heard: 'nothing',
    parties: [
      party(caller, 'caller', scene.now),
      ...callees.map((uid) => ({
        ...party(uid, 'callee', scene.now),
        isHidden: hidden.includes(uid),
      })),
    ],
    timers: new Map(callees.map((uid) => [`ring:${uid}` as const, scene.now + ringMs] as const)),
  };
}

const seenByAll = (call: Call, cause: Cause): ChangedCall['seenBy'] =>
  new Map(call.parties.map(({ uid }) => [uid, cause]));

/** Places a call, unless one of its people holds a seat or it is there: then nothing changes. */
export async function place(store: CallStore, placed: Placed = {}): Promise<Call | undefined> {
  const { id = newCallId(), caller = 'alice', callees = ['bob'], effects = [] } = placed;
  const { written } = await store.change<void>(
    {
      callId: id,
      people: [caller, ...callees].map(user),
      ...(placed.profile !== undefined && { profile: placed.profile }),
      ...(placed.ringsBy !== undefined && { ringsBy: placed.ringsBy }),
    },
    (scene) => {
      if (scene.call !== undefined || (scene.others.length > 0 && !placed.evenIfBusy))
        return nothing;
      const call = callIn(scene, id, placed);
      return {
        changed: [{ call, seenBy: seenByAll(call, 'ringing'), effects }],
        result: undefined,
      };
    },
  );
  return written[0];
}

const nothing: Decision<void> = { changed: [], result: undefined };

/** Puts one party into a state, in the eyes of all. */
export async function move(
  store: CallStore,
  id: CallId,
  {
    uid,
    state,
    cause,
    ...more
  }: { uid: string; state: PartyState; cause: Cause } & Partial<Omit<Party, 'uid'>>,
): Promise<Call> {
  const { written } = await store.change<void>({ callId: id, people: [user(uid)] }, (scene) => {
    const call = scene.call as Call;
    const parties = call.parties.map((one) =>
      one.uid === uid
        ? {
            ...one,
            ...more,
            state,
            ...(state === 'joining' && { device: 'phone' as DeviceId, seatedAt: scene.now }),
          }
        : one,
    );
    const changed: Call = { ...call, parties, timers: new Map() };
    return {
      changed: [{ call: changed, seenBy: seenByAll(changed, cause), effects: [] }],
      result: undefined,
    };
  });
  return written[0] as Call;
}

/** Writes this call over the one that is there; in nobody's eyes unless `seenBy` says so. */
export async function change(
  store: CallStore,
  call: Call,
  { effects = [], seenBy = new Map() }: Partial<Omit<ChangedCall, 'call'>>,
): Promise<Call> {
  const { written } = await store.change<void>({ callId: call.id, people: [] }, () => ({
    changed: [{ call, seenBy, effects }],
    result: undefined,
  }));
  return written[0] as Call;
}

/** Ends it for all. */
export async function end(store: CallStore, id: CallId): Promise<Call> {
  const { written } = await store.change<void>({ callId: id, people: [] }, (scene) => {
    const call = scene.call as Call;
    const ended: Call = {
      ...call,
      state: 'ended',
      outcome: 'cancelled',
      reason: 'hangup',
      endedAt: scene.now,
      parties: call.parties.map((one) => ({
        ...one,
        state: one.state === 'ringing' ? 'cancelled' : 'left',
        leftAt: scene.now,
      })),
      timers: new Map(),
    };
    return {
      changed: [
        { call: ended, seenBy: seenByAll(ended, 'ended'), effects: [{ type: 'delete_room' }] },
      ],
      result: undefined,
    };
  });
  return written[0] as Call;
}

/** What is where, as one small object. */
export const shape = (call: Call | undefined) =>
  call && {
    state: call.state,
    parties: Object.fromEntries(call.parties.map(({ uid, state }) => [uid, state])),
    versions: Object.fromEntries(call.parties.map(({ uid, version }) => [uid, version])),
  };
