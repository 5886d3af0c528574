// Tells the host of every event of every call: in the order of each call, at least once, at each of
// his targets by itself.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Effects } from '../../calls/event.ts';
import type { CallStore, LeasedEffect } from '../../calls/store.ts';
import type { Loop } from '../due-loop.ts';
import { backOffMs, createLaneLoop, type LaneStore, type TryResult } from '../lane-loop.ts';
import { createDoor, ShutError } from './door.ts';
import { messageOf } from './message.ts';
import type { HostEventTried } from './metrics.ts';
import type { HostTarget } from './targets.ts';
import { createWaiting } from './watch.ts';
import { DeliveryError } from './webhook.ts';

type LeasedEvent = LeasedEffect<Effects['host']>;

const AT_ONCE = 32;
/** Longer than a try, and than the names are looked up. */
const LEASE_MS = 25_000;
const RETRY_MS = { first: 1_000, last: 3_600_000 };
/** What failed together is not tried again together. */
const JITTER = { min: 0.8, max: 1.2 };
/** With those pauses: three days. */
const TRIES_MAX = 84;
/** Whoever stops waits so long for what is on its way. */
const STOP_MS = 1_000;

export interface HostEventsLoop extends Loop {
  /** How many events were tried here in vain and wait longer than a minute. */
  waitingLong(): number;
}

export function createHostEventsLoop(options: {
  readonly store: LaneStore & Pick<CallStore, 'call'>;
  readonly targets: ReadonlyMap<string, HostTarget>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onTried?: (tried: HostEventTried) => void;
  /** From 0 to 1. */
  readonly random?: () => number;
}): HostEventsLoop {
  const { store, targets, clock, log, onTried, random = Math.random } = options;
  // Whatever leads nowhere, there is room for what does not.
  const waitersMax = Math.max(1, Math.floor(AT_ONCE / (targets.size + 1)));
  const doors = new Map(
    [...targets].map(([id, target]) => [id, createDoor(target, { clock, log, waitersMax })]),
  );
  const waiting = createWaiting(clock);

  async function work(leased: LeasedEvent): Promise<TryResult> {
    const { id, callId, effect } = leased;
    const door = doors.get(effect.target);
    // Another instance may know it.
    if (door === undefined) return notTaken(leased, undefined);
    const leave = door.enter();
    if (leave === undefined) return again(leased, undefined);
    try {
      const { call } = await store.call(callId);
      const failure = await door.deliver(messageOf(callId, effect.event, call));
      if (failure !== undefined) return notTaken(leased, failure.error);
      waiting.over(id);
      return 'done';
    } finally {
      leave();
    }
  }

  function notTaken(leased: LeasedEvent, error: unknown): TryResult {
    const { id, callId, effect, tries } = leased;
    // Another instance goes on with it at once.
    if (error instanceof ShutError) return { againInMs: 0 };
    if (tries < TRIES_MAX) return again(leased, error);
    waiting.over(id);
    log.error(
      { callId, event: effect.event.type, tries, target: targets.get(effect.target)?.name },
      GIVEN_UP,
    );
    return 'given_up';
  }

  function again({ id, effect, tries }: LeasedEvent, error: unknown): TryResult {
    const asked = error instanceof DeliveryError ? (error.retryAfterMs ?? 0) : 0;
    const jitter = JITTER.min + random() * (JITTER.max - JITTER.min);
    const pause = Math.max(backOffMs(tries, RETRY_MS) * jitter, asked);
    const againInMs = Math.round(Math.min(pause, RETRY_MS.last));
    waiting.failed(id, effect.event.at, againInMs);
    return { againInMs };
  }

  const loop = createLaneLoop<'host'>({
    ...{ lane: 'host', what: 'events', store, clock, log, atOnce: AT_ONCE, leaseMs: LEASE_MS },
    work,
    onTried({ effect: { target } }, result) {
      onTried?.({ target: targets.get(target)?.kind ?? 'unknown', result });
    },
  });
  return {
    start: loop.start,
    async stop() {
      const cancel = clock.after(STOP_MS, () => {
        for (const door of doors.values()) door.shut();
      });
      await loop.stop();
      cancel();
    },
    waitingLong: waiting.long,
  };
}

const GIVEN_UP =
  'the host was told of an event of a call in vain for days and is not told any more: `livekit-switchboard webhooks redeliver` sends it again';
