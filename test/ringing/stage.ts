// Phones that are rung: the real store and the real rules, time in the hand, and a sender at the port.
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import type { CallId, DeviceId, InstallationId, RoomName, UserId } from '../../src/base/ids.ts';
import { createCalls } from '../../src/calls/apply-event.ts';
import type { Call, CallRules } from '../../src/calls/call.ts';
import type { CallEvent } from '../../src/calls/event.ts';
import type { Loop } from '../../src/events/due-loop.ts';
import type { Device, Platform, Target, TargetKind } from '../../src/ringing/device.ts';
import { createMessages } from '../../src/ringing/message.ts';
import type { Push, PushResult, PushSender } from '../../src/ringing/push.ts';
import { createRingLoop } from '../../src/ringing/ring-loop.ts';
import { createRingMetrics } from '../../src/ringing/ring-metrics.ts';
import { createTickets } from '../../src/ringing/ticket.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import type { Store } from '../../src/storage/store.ts';
import { turns } from '../events/stage.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';

export const RULES: CallRules = {
  ringMs: 45_000,
  answerGraceMs: 10_000,
  reconnectGraceMs: 20_000,
  aloneMs: 60_000,
  maxCallMs: 4 * 3_600_000,
  maxParticipants: 8,
  pushes: true,
};
export const tickets = createTickets({ secret: 'a-secret-of-livekit-with-enough-letters' });

export const HANDED: PushResult = { result: 'handed' };

/** Answers at once, or with a promise that the test settles. */
export type Answer = (push: Push, signal: AbortSignal) => PushResult | Promise<PushResult>;

export interface FakeSender extends PushSender {
  /** All that it was asked to send, in that order. */
  readonly pushes: Push[];
  /** `ring to phone`, `stop_ring (over) to phone`, … */
  sent(): string[];
  answerWith(answer: Answer): void;
}

export function createFakeSender(
  provider: PushSender['provider'] = 'fcm',
  kinds: readonly TargetKind[] = ['fcm_token'],
): FakeSender {
  const pushes: Push[] = [];
  let answer: Answer = () => HANDED;
  return {
    ...{ provider, kinds, pushes },
    targetFor: (_, { targets }) => targets.find(({ kind }) => kinds.includes(kind)),
    async send(push, signal) {
      pushes.push(push);
      return answer(push, signal);
    },
    sent: () => pushes.map(saidOf),
    answerWith(next) {
      answer = next;
    },
  };
}

export const saidOf = ({ message, device }: Push): string => {
  const what = message.type === 'ring' ? 'ring' : `stop_ring (${message.cause})`;
  return `${what} to ${device.installation}`;
};

export interface RingStage {
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly store: Store;
  readonly sender: FakeSender;
  readonly registry: Registry;
  readonly loop: Loop;
  /** One more, as another instance has it, or with other senders. */
  another(parts?: { store?: Store; senders?: readonly PushSender[] }): Loop;
  register(
    uid: string,
    installation: string,
    more?: { platform?: Platform; targets?: readonly Target[]; locale?: string },
  ): Promise<Device>;
  place(from: string, ...to: string[]): Promise<Call>;
  apply(event: CallEvent): Promise<Call>;
  accept(call: Call, who: string, installation?: string): Promise<void>;
  decline(call: Call, who: string, installation?: string): Promise<void>;
  end(call: Call): Promise<void>;
  /** Lets time pass in steps of a tenth of a second at most, and what falls due in each happen. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

export async function setRingStage({ path = ':memory:' } = {}): Promise<RingStage> {
  const clock = createFakeClock();
  const log = createFakeLog();
  const store = createSqliteStore({ path, clock, log });
  await store.open();
  const sender = createFakeSender();
  const registry = new Registry();
  const metrics = createRingMetrics(registry, []);
  const messages = createMessages({ tickets, payload: 'full', clock, log });
  const askRoom = async () => undefined;
  const calls = createCalls({ store, rules: RULES, askRoom, log, observe: metrics.observe });
  const loops: Loop[] = [];
  const another: RingStage['another'] = (parts = {}) => {
    const from = { store, senders: [sender], messages, rules: RULES, clock, log, metrics };
    const loop = createRingLoop({ ...from, ...parts });
    loops.push(loop);
    return loop;
  };
  const apply = async (event: CallEvent) => {
    const applied = await calls.apply(event);
    if ('refused' in applied) throw new Error(applied.refused);
    return applied.call;
  };
  const pass = async (ms: number) => {
    await turns();
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(Math.min(left, 100));
      await turns(40);
    }
    await turns();
  };
  return {
    ...{ clock, log, store, sender, registry, another, apply, pass, loop: another() },
    async register(uid, installation, more = {}) {
      const targets = [{ kind: 'fcm_token', value: `token-of-${installation}` }] as const;
      const named = { uid: uid as UserId, installation: installation as InstallationId };
      const device: Device = { ...named, platform: 'android', targets, ...more };
      await store.putDevice(device);
      return device;
    },
    place: (from, ...to) =>
      apply({
        type: 'place',
        callId: randomUUID() as CallId,
        caller: from as UserId,
        device: `${from}-device` as DeviceId,
        callees: to.map((uid) => ({ uid: uid as UserId, isHidden: uid.startsWith('hidden') })),
        kind: 'audio',
        room: `call_${randomUUID()}` as RoomName,
        requestHash: from,
      }),
    async accept({ id }, who, installation) {
      const seat = { uid: who as UserId, device: `${who}-device` as DeviceId, takeOver: false };
      await apply({ type: 'accept', callId: id, ...seat, ...at(installation) });
    },
    async decline({ id }, who, installation) {
      const declined = { uid: who as UserId, reason: 'declined', ...at(installation) } as const;
      await apply({ type: 'decline', callId: id, ...declined });
    },
    async end({ id }) {
      await apply({ type: 'end', callId: id });
    },
    async close() {
      // What hangs is over when its time is.
      const stopped = Promise.all(loops.map((loop) => loop.stop()));
      await pass(4_000);
      await stopped;
      await store.close();
    },
  };
}

const at = (installation: string | undefined) =>
  installation === undefined ? {} : { installation: installation as InstallationId };
