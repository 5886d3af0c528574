// Calls whose every event the host is told of: the real store in memory, the real rules, receivers at
// the wire and time in the hand.
import { randomUUID } from 'node:crypto';
import type { CallId, DeviceId, UserId } from '../../src/base/ids.ts';
import { createCalls } from '../../src/calls/apply-event.ts';
import type { Call } from '../../src/calls/call.ts';
import type { CallEvent } from '../../src/calls/event.ts';
import { newCallRoom } from '../../src/calls/room-config.ts';
import type { CallStore } from '../../src/calls/store.ts';
import { createHostEventsLoop } from '../../src/events/host/host-events.ts';
import type { HostCallEvent } from '../../src/events/host/message.ts';
import type { HostEventTried } from '../../src/events/host/metrics.ts';
import {
  createHostTargets,
  type HostTargetSettings,
  hostTargetIds,
} from '../../src/events/host/targets.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { type AccessEndpoint, startAccessEndpoint } from '../access/access-endpoint.ts';
import { RULES, turns } from '../events/stage.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';

export const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
export const ALICE = 'alice' as UserId;
export const BOB = 'bob' as UserId;

export interface Receiver extends AccessEndpoint {
  /** What came, each try. */
  readonly events: readonly HostCallEvent[];
  /** `1 call.placed` */
  readonly told: readonly string[];
}

export async function startReceiver(): Promise<Receiver> {
  const endpoint = await startAccessEndpoint();
  return Object.defineProperties(endpoint, {
    events: { get: () => endpoint.questions.map(({ text }) => JSON.parse(text) as HostCallEvent) },
    told: {
      get(this: Receiver) {
        return this.events.map(({ sequence, type }) => `${sequence} ${type}`);
      },
    },
  }) as Receiver;
}

/** On this database; another stage may stand on the same. */
export async function setHostStage(
  settings: Partial<HostTargetSettings>,
  { path = ':memory:', clock = createFakeClock() } = {},
) {
  const log = createFakeLog();
  const store: CallStore = createSqliteStore({ path, clock, log });
  await store.open();
  const hostTargets = hostTargetIds(settings);
  const calls = createCalls({
    ...{ store, rules: { ...RULES, hostTargets }, log },
    askRoom: async () => undefined,
  });
  const tried: HostEventTried[] = [];
  const targets = createHostTargets(settings, { clock });
  const loop = createHostEventsLoop({
    ...{ store, targets, clock, log, random: () => 0.5 },
    onTried: (one) => void tried.push(one),
  });

  const apply = async (event: CallEvent): Promise<Call> => {
    const applied = await calls.apply(event);
    if ('refused' in applied) throw new Error(applied.refused);
    return applied.call;
  };
  return {
    ...{ clock, log, store, loop, tried, apply },
    place: (caller: string, ...callees: string[]) =>
      apply({
        type: 'place',
        callId: randomUUID() as CallId,
        caller: caller as UserId,
        device: `${caller}-phone` as DeviceId,
        callees: callees.map((uid) => ({ uid: uid as UserId, isHidden: false })),
        kind: 'audio',
        room: newCallRoom(),
        requestHash: caller,
      }),
    accept: ({ id }: Call, uid: UserId) =>
      apply({
        ...{ type: 'accept', callId: id, uid, takeOver: false },
        device: `${uid}-phone` as DeviceId,
      }),
    decline: ({ id }: Call, uid: UserId) =>
      apply({ type: 'decline', callId: id, uid, reason: 'declined' }),
    leave: ({ id }: Call, uid: UserId) => apply({ type: 'leave', callId: id, uid }),
    end: ({ id }: Call) => apply({ type: 'end', callId: id }),
    /** Time passes, second by second; what it brings is not waited for. */
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= 1_000) {
        clock.advance(Math.min(left, 1_000));
        await turns(10);
      }
    },
    warnings: () => log.lines.filter(({ level }) => level === 'warn' || level === 'error'),
    async close() {
      const stopped = loop.stop();
      clock.advance(1_000);
      await stopped;
      await store.close();
    },
  };
}
export type HostStage = Awaited<ReturnType<typeof setHostStage>>;

export const webhooksTo = (...receivers: { readonly url: string }[]) => ({
  webhooks: {
    urls: receivers.map(({ url }) => url),
    secret: SECRET,
    allowedHosts: ['127.0.0.1', 'localhost'],
  },
});
