// Calls with everything that happens to them beside requests: the real store in memory, the real
// rules, LiveKit at the wire and time in the hand.
import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import type { CallId, DeviceId, RoomName, UserId } from '../../src/base/ids.ts';
import { type Calls, createCalls } from '../../src/calls/apply-event.ts';
import type { Call, CallRules } from '../../src/calls/call.ts';
import { roomConfigOf } from '../../src/calls/room-config.ts';
import type { CallStore } from '../../src/calls/store.ts';
import { createDueLoop, type Loop, type Settled } from '../../src/events/due-loop.ts';
import { createEffectsLoop } from '../../src/events/effects-loop.ts';
import { createForgetLoop } from '../../src/events/forget-loop.ts';
import { createLateRooms, type LateRooms } from '../../src/events/late-rooms.ts';
import { createLiveKitApi, type LiveKitApi } from '../../src/events/livekit-api.ts';
import { createSweep } from '../../src/events/sweep.ts';
import { createWebhookHandler, type HandleRoomEvent } from '../../src/events/webhook.ts';
import { createWebhookWatch } from '../../src/events/webhook-watch.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { type FakeLiveKitApi, LIVEKIT_KEYS, startLiveKitApi } from '../fakes/livekit-api.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';

export const RULES: CallRules = {
  ringMs: 45_000,
  answerGraceMs: 10_000,
  reconnectGraceMs: 20_000,
  aloneMs: 60_000,
  maxCallMs: 4 * 3_600_000,
  maxParticipants: 8,
};
export const RING_OVER_MS = RULES.ringMs + RULES.answerGraceMs;
export const HISTORY_DAYS = 90;

export interface EventsStage {
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly livekit: FakeLiveKitApi;
  readonly api: LiveKitApi;
  readonly store: CallStore;
  /** What the loops have asked the store. */
  readonly asked: string[];
  readonly apply: Calls['apply'];
  readonly handle: HandleRoomEvent;
  readonly due: Loop;
  readonly effects: Loop;
  readonly late: LateRooms;
  readonly forget: Loop;
  readonly settled: Settled[];
  /** Calls that `apply` throws for: a bug of ours. */
  readonly broken: Set<CallId>;
  /** Rings everybody named, and answers the call. */
  place(from: string, ...to: string[]): Promise<Call>;
  accept(call: Call, who: string): Promise<void>;
  end(call: Call): Promise<void>;
  callOf(call: Call): Promise<Call>;
  /** `ended: missed, ring_timeout` */
  stateOf(call: Call): Promise<string>;
  /** Lets `ms` pass, and what falls due in each second of it happen. */
  pass(ms: number): Promise<void>;
  /** Waits until the call is in this state. */
  becomes(call: Call, state: string): Promise<void>;
  close(): Promise<void>;
}

const WATCHED = ['due', 'nextDueMs', 'leaseEffects', 'roomsEndedWithin', 'forget'] as const;

export async function setEventsStage(): Promise<EventsStage> {
  const clock = createFakeClock();
  const log = createFakeLog();
  const livekit = await startLiveKitApi({ clock });
  const asked: string[] = [];
  const store = watched(createSqliteStore({ path: ':memory:', clock, log }), asked);
  await store.open();
  const keys = LIVEKIT_KEYS;
  const roomConfig = roomConfigOf(RULES);
  const { api, isAsked } = counted(
    createLiveKitApi({ url: livekit.url, keys, roomConfig, clock, log }),
  );
  const calls = createCalls({ store, rules: RULES, askRoom: api.askRoom, log });
  const broken = new Set<CallId>();
  const apply: Calls['apply'] = (event, options) => {
    if (broken.has(event.callId)) return Promise.reject(new Error('a bug'));
    return calls.apply(event, options);
  };
  const watch = createWebhookWatch({ path: '/api/calls/livekit-webhook', log });
  const sweep = createSweep({ store, apply, askRoom: api.askRoom, watch, log });
  const settled: Settled[] = [];
  const onSettled = (one: Settled) => void settled.push(one);
  const due = createDueLoop({ store, apply, sweep, clock, log, onSettled });
  const late = createLateRooms({ store, api, clock, log, tokenTtlSeconds: 600 });
  const onRoomDeleted = late.arm;
  const effects = createEffectsLoop({ store, api, clock, log, onRoomDeleted });
  const forget = createForgetLoop({ store, clock, log, historyDays: HISTORY_DAYS });
  const loops = [due, effects, late, forget];

  const callOf = async ({ id }: Call) => (await store.call(id)).call as Call;
  const stateOf = async (call: Call) => {
    const { state, outcome, reason } = await callOf(call);
    return state === 'ended' ? `ended: ${outcome}, ${reason}` : state;
  };
  return {
    ...{ clock, log, livekit, api, store, asked, apply, due, effects, late, forget },
    ...{ settled, broken, callOf, stateOf },
    handle: createWebhookHandler({ store, apply, sweep, watch }),
    async place(from, ...to) {
      const applied = await apply({
        type: 'place',
        callId: randomUUID() as CallId,
        caller: from as UserId,
        device: `${from}-phone` as DeviceId,
        callees: to.map((uid) => ({ uid: uid as UserId, isHidden: false })),
        kind: 'audio',
        room: roomName(),
        requestHash: from,
      });
      if ('refused' in applied) throw new Error(applied.refused);
      return applied.call;
    },
    async accept({ id }, who) {
      const seat = { uid: who as UserId, device: `${who}-phone` as DeviceId, takeOver: false };
      const applied = await apply({ type: 'accept', callId: id, ...seat });
      if ('refused' in applied) throw new Error(applied.refused);
    },
    async end({ id }) {
      await apply({ type: 'end', callId: id });
    },
    async pass(ms) {
      for (let left = ms; left > 0; left -= 1_000) {
        clock.advance(Math.min(left, 1_000));
        await turns();
        // The wire takes its time, and that of the stage stands still meanwhile.
        while (isAsked() && !livekit.isSilent()) await turns();
      }
    },
    async becomes(call, state) {
      await comes(async () => (await stateOf(call)) === state);
    },
    async close() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await store.close();
      await livekit.close();
    },
  };
}

/** Waits for what comes over the wire or out of the store; time is not what it waits for. */
export const comes = (isTrue: () => boolean | Promise<boolean>): Promise<boolean> =>
  vi.waitUntil(isTrue, { interval: 2, timeout: 5_000 });

/** What has begun has ended by then: what is in memory needs no more than some turns of the loop. */
export async function turns(count = 30): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function counted(api: LiveKitApi): { api: LiveKitApi; isAsked: () => boolean } {
  let underWay = 0;
  const own = Object.entries(api).map(([name, ask]) => [
    name,
    (...args: unknown[]) => {
      const answer: unknown = (ask as (...args: unknown[]) => unknown)(...args);
      if (!(answer instanceof Promise)) return answer;
      underWay += 1;
      return answer.finally(() => {
        underWay -= 1;
      });
    },
  ]);
  return { api: Object.fromEntries(own), isAsked: () => underWay > 0 };
}

function watched(store: CallStore, asked: string[]): CallStore {
  const own = Object.fromEntries(
    WATCHED.map((name) => [
      name,
      (...args: unknown[]) => {
        asked.push(name);
        return (store[name] as (...args: unknown[]) => unknown)(...args);
      },
    ]),
  );
  return { ...store, ...own };
}

const roomName = () =>
  `call_${Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')}` as RoomName;
