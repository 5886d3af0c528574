// Rings phones and tells them that a ring is over: the lane of pushes.
import { atMost, type Clock } from '../base/clock.ts';
import type { InstallationId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import { createTurns } from '../base/turns.ts';
import { type CallRules, partyOf } from '../calls/call.ts';
import type { Effects } from '../calls/event.ts';
import type { LeasedEffect } from '../calls/store.ts';
import type { Loop } from '../events/due-loop.ts';
import { backOffMs, createLaneLoop, type LaneStore, type TryResult } from '../events/lane-loop.ts';
import type { Device } from './device.ts';
import { isMissedBy, type Messages } from './message.ts';
import { PUSH_TRY_MS, type PushSender } from './push.ts';
import { createPushOut, type PushOut, type Reached } from './push-out.ts';
import type { RingMetrics } from './ring-metrics.ts';
import { createMaySay } from './said-rarely.ts';
import type { DeviceStore, RingStore } from './store.ts';

/** A provider that hangs holds one of them for a try. */
const AT_ONCE = 256;
/** The phones of a group are hundreds, rung in one moment: requests have their turn between them. */
const TURN_MS = 0.5;
/**
 * Longer than a try. Then another instance may push: where this one was killed, its push shall be out
 * 5 s after the commit at the latest. In this process what takes longer is not begun again beside itself.
 */
const LEASE_MS = 4_500;
const RETRY_MS = { first: 500, last: 8_000 };
/** Of a missed call, which is shown however late. */
const MISSED_RETRY_MS = { first: 500, last: 60_000 };
/** A stop that overtook its ring would leave a phone that rings. */
const ON_THE_WAY_MS = 1_000;
/** Counted from when the phone stops by itself: to what it shows it may come late. */
const STOP_FOR_MS = { elsewhere: 60_000, missed: 3_600_000 };

type RingEffect = LeasedEffect<Extract<Effects['push'], { type: 'ring' }>>;
type StopEffect = LeasedEffect<Extract<Effects['push'], { type: 'stop_ring' }>>;

export type RingLoopStore = LaneStore &
  Pick<RingStore, 'takeRing' | 'ringHanded' | 'takeStop' | 'stopHanded'> &
  Pick<DeviceStore, 'dropTarget'>;

interface Options {
  readonly store: RingLoopStore;
  readonly senders: readonly PushSender[];
  readonly messages: Messages;
  readonly rules: Pick<CallRules, 'ringMs'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: RingMetrics;
}

export function createRingLoop(options: Options): Loop {
  const { store, clock, log } = options;
  const push = createPushOut(options);
  const maySay = createMaySay(clock);
  const giveUp = ({ callId, tries }: LeasedEffect, what: string): TryResult => {
    if (maySay(what)) log.warn({ callId, tries }, what);
    return 'given_up';
  };
  const toEach = createToEach(createTurns(clock, TURN_MS));
  const ring = createRing({ ...options, push, toEach, giveUp });
  const stop = createStop({ ...options, push, toEach, giveUp });
  const lane = createLaneLoop<'push'>({
    ...{ lane: 'push', what: 'pushes', store, clock, log, atOnce: AT_ONCE, leaseMs: LEASE_MS },
    work: (leased) => (isRing(leased) ? ring(leased) : stop(leased as StopEffect)),
  });
  return {
    start: lane.start,
    /** What is under way is over after a try, unless the store hangs. */
    stop: () => atMost(clock, PUSH_TRY_MS, lane.stop),
  };
}

type Ground = Options & {
  readonly push: PushOut;
  readonly toEach: ToEach;
  /** Tells it once an hour. */
  readonly giveUp: (effect: LeasedEffect, what: string) => TryResult;
};

const NOT_RUNG = 'a phone could not be rung before its ring was over';
const NOT_STOPPED = 'a phone could not be told that its ring is over';

function createRing({ store, push, toEach, giveUp, messages, clock, log, metrics }: Ground) {
  return async (leased: RingEffect): Promise<TryResult> => {
    const { callId, effect, tries } = leased;
    const { uid, ringAt } = effect;
    const ring = { callId, uid, ringAt };
    const taken = await store.takeRing(ring);
    const passedMs = stopwatch(clock);
    const party = taken && partyOf(taken.call, uid);
    const ringEndsAt = party?.ringEndsAt;
    if (taken === undefined || party === undefined || ringEndsAt === undefined) return 'done';
    // In the answer grace no phone rings any more.
    if (ringEndsAt <= taken.now) return 'done';
    const rung = await toEach(taken.devices, async (device) => {
      const reached = await push(messages.ring({ ...taken, ringEndsAt }, device), device);
      if (reached !== 'handed') return reached;
      const afterMs = taken.now + passedMs() - ringAt;
      metrics?.ringHanded({ platform: device.platform, afterMs });
      // At once: a provider that hangs for another device would keep the end of the ring from this one.
      await store.ringHanded(ring, [device.installation]);
      return reached;
    });
    log.debug(countsOf(leased, rung), 'a push of a ring was tried');
    const leftMs = ringEndsAt - taken.now - passedMs();
    const pauseMs = backOffMs(tries, RETRY_MS);
    const { unreachable, late, againInMs } = sorted(rung, { pauseMs, leftMs });
    if (againInMs === undefined) return late.length > 0 ? giveUp(leased, NOT_RUNG) : 'done';
    // Where it is of no use or too late they must not be rung along with the others.
    const notAgain = [...unreachable, ...late];
    if (notAgain.length > 0) await store.ringHanded(ring, notAgain);
    return { againInMs };
  };
}

function createStop({ store, push, toEach, giveUp, messages, clock, log, rules }: Ground) {
  return async (leased: StopEffect): Promise<TryResult> => {
    const { callId, effect, tries } = leased;
    const { uid, cause } = effect;
    const taken = await store.takeStop(callId, uid, effect.installation);
    const passedMs = stopwatch(clock);
    if (taken === undefined || taken.devices.length === 0) return 'done';
    // Rung anew since: the end of that ring tells all who were not told, but where he did it then.
    if (taken.ringAt !== effect.ringAt) return 'done';
    const { call, now, ringAt, onTheWay } = taken;
    const devices = taken.devices.filter(({ installation }) => !onTheWay.includes(installation));
    const forMs = isMissedBy(cause) ? STOP_FOR_MS.missed : STOP_FOR_MS.elsewhere;
    const leftMs = () => ringAt + rules.ringMs + forMs - now - passedMs();
    if (leftMs() <= 0) return giveUp(leased, NOT_STOPPED);
    const told = await toEach(devices, async (device) =>
      push(await messages.stop({ call, now, stop: effect }, device), device),
    );
    if (told.length > 0) log.debug(countsOf(leased, told), 'a push of the end of a ring was tried');
    const pauseMs = backOffMs(tries, isMissedBy(cause) ? MISSED_RETRY_MS : RETRY_MS);
    const { handed, unreachable, late, againInMs } = sorted(told, { pauseMs, leftMs: leftMs() });
    const notAgain = [...handed, ...unreachable, ...late];
    if (notAgain.length > 0) await store.stopHanded({ callId, uid, ringAt }, notAgain);
    if (onTheWay.length > 0) return { againInMs: Math.min(ON_THE_WAY_MS, againInMs ?? Infinity) };
    if (againInMs !== undefined) return { againInMs };
    return late.length > 0 ? giveUp(leased, NOT_STOPPED) : 'done';
  };
}

interface Told {
  readonly installation: InstallationId;
  readonly reached: Reached;
}

type ToEach = (
  devices: readonly Device[],
  tell: (device: Device) => Promise<Reached>,
) => Promise<readonly Told[]>;

/** All side by side, and each begun when its turn has come. Rejects when all are done. */
const createToEach =
  (turn: () => Promise<void>): ToEach =>
  async (devices, tell) => {
    const told = await Promise.allSettled(
      devices.map(async (device) => {
        await turn();
        return tell(device);
      }),
    );
    return told.map((one, nth) => {
      if (one.status === 'rejected') throw one.reason;
      return { installation: (devices[nth] as Device).installation, reached: one.value };
    });
  };

/** Of one try, for the log. */
function countsOf({ callId, tries }: LeasedEffect, told: readonly Told[]) {
  const devices = told.length;
  const handed = told.filter(({ reached }) => reached === 'handed').length;
  const unreachable = told.filter(({ reached }) => reached === 'unreachable').length;
  return { callId, tries, devices, handed, failed: devices - handed - unreachable, unreachable };
}

/** What is done, what there is no time for any more, and when the others are tried again. */
function sorted(
  told: readonly Told[],
  { pauseMs, leftMs }: { readonly pauseMs: number; readonly leftMs: number },
) {
  const handed: InstallationId[] = [];
  const unreachable: InstallationId[] = [];
  const late: InstallationId[] = [];
  let againInMs: number | undefined;
  for (const { installation, reached } of told) {
    if (reached === 'handed') handed.push(installation);
    else if (reached === 'unreachable') unreachable.push(installation);
    else {
      const waitMs = Math.ceil(Math.max(pauseMs, reached.retryAfterMs));
      if (waitMs < leftMs) againInMs = Math.min(waitMs, againInMs ?? waitMs);
      else late.push(installation);
    }
  }
  return { handed, unreachable, late, againInMs };
}

const isRing = (leased: LeasedEffect<Effects['push']>): leased is RingEffect =>
  leased.effect.type === 'ring';

/** Ms since now: what has passed of the store's time, without asking it again. */
function stopwatch(clock: Clock): () => number {
  const from = clock.monotonic();
  return () => clock.monotonic() - from;
}
