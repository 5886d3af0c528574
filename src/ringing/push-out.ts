// One message to one phone, by every sender that has a way to it. Never rejects, whatever a sender
// does, and tells the log no more of it than a word: an error's own text may quote a token.
import { createBoundedMap } from '../base/bounded-map.ts';
import { type Clock, DeadlineError, withDeadline } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { StoreUnavailable } from '../calls/store.ts';
import type { Device, Target } from './device.ts';
import { createProviderDoor } from './provider-door.ts';
import {
  PUSH_TRY_MS,
  type Push,
  type PushMessage,
  type PushResult,
  type PushSender,
} from './push.ts';
import type { RingMetrics } from './ring-metrics.ts';
import { createMaySay } from './said-rarely.ts';
import type { DeviceStore } from './store.ts';

/** How far a message has come to a phone. */
export type Reached =
  /** At least one provider has it. */
  | 'handed'
  /** There is no way, or the same again would be refused again. */
  | 'unreachable'
  /** Worth another try; 0: no provider has named a time. */
  | { readonly retryAfterMs: number };

export type PushOut = (message: PushMessage, device: Device) => Promise<Reached>;

/** As many devices at a provider as may have to wait at a time. */
const HELD_MAX = 20_000;

interface Ground {
  readonly senders: readonly PushSender[];
  readonly store: Pick<DeviceStore, 'dropTarget'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: Pick<RingMetrics, 'pushTried'> | undefined;
}

export function createPushOut(ground: Ground): PushOut {
  const { senders, store, clock, log, metrics } = ground;
  const tryAt = createTry(ground);
  const doors = new Map(senders.map((sender) => [sender, createProviderDoor(clock)]));
  /** Until when a provider wants nothing more for a device, by the monotonic clock. */
  const heldUntil = createBoundedMap<number>(HELD_MAX);

  const waysTo = (message: PushMessage, device: Device) =>
    senders.flatMap((sender) => {
      const target = targetOf(sender, message, device);
      return target === undefined ? [] : [{ sender, push: { message, device, target } }];
    });

  async function counted(sender: PushSender, push: Push): Promise<PushResult> {
    const came = await tryUnlessHeld(sender, push);
    const { provider } = sender;
    const reason = came.result === 'handed' ? {} : { reason: came.reason };
    metrics?.pushTried({ provider, type: push.message.type, result: came.result, ...reason });
    return came;
  }

  async function tryUnlessHeld(sender: PushSender, push: Push): Promise<PushResult> {
    const { uid, installation } = push.device;
    const key = JSON.stringify([sender.provider, uid, installation]);
    const heldMs = (heldUntil.get(key) ?? 0) - clock.monotonic();
    if (heldMs > 0) return { result: 'failed', reason: 'held', retryAfterMs: heldMs };
    const result = await doors.get(sender)?.through(() => tryAt(sender, push));
    if (result === undefined) return { result: 'failed', reason: 'crowded' };
    if (result.result === 'failed' && result.retryAfterMs !== undefined) {
      heldUntil.set(key, clock.monotonic() + result.retryAfterMs);
    }
    if (result.result === 'gone') await drop(push.target);
    return result;
  }

  async function drop(target: Target): Promise<void> {
    try {
      await store.dropTarget(target);
    } catch (error) {
      // The provider will say it again.
      const level = error instanceof StoreUnavailable ? 'debug' : 'error';
      log[level]({ err: error }, 'a way to a phone that leads nowhere could not be removed');
    }
  }

  return async (message, device) => {
    const ways = waysTo(message, device);
    const tries = await Promise.all(
      ways.map(async ({ sender, push }) => ({ push, ...(await counted(sender, push)) })),
    );
    if (tries.some(({ result }) => result === 'handed')) return 'handed';
    const failed = tries.filter((one) => one.result === 'failed');
    if (failed.length > 0) {
      return { retryAfterMs: Math.min(...failed.map(({ retryAfterMs = 0 }) => retryAfterMs)) };
    }
    const gone = tries.flatMap(({ result, push }) => (result === 'gone' ? [push.target] : []));
    const left = device.targets.filter((target) => !gone.includes(target));
    const isOtherWay = gone.length > 0 && waysTo(message, { ...device, targets: left }).length > 0;
    return isOtherWay ? { retryAfterMs: 0 } : 'unreachable';
  };
}

/** A host's sender may throw where it must not. */
function targetOf(sender: PushSender, message: PushMessage, device: Device): Target | undefined {
  try {
    return sender.targetFor(message, device);
  } catch {
    return undefined;
  }
}

/** One try. What a provider says its sender tells; here alone is told what no sender may do. */
function createTry({ clock, log }: Pick<Ground, 'clock' | 'log'>) {
  const maySay = createMaySay(clock);
  const broken = (provider: PushSender['provider'], reason: string): PushResult => {
    if (maySay(provider)) log.error({ provider, reason }, 'a sender of pushes has a bug');
    return { result: 'failed', reason };
  };
  return async (sender: PushSender, push: Push): Promise<PushResult> => {
    try {
      const answer = await withDeadline(clock, PUSH_TRY_MS, (signal) => sender.send(push, signal));
      return isResult(answer) ? answer : broken(sender.provider, 'nonsense');
    } catch (error) {
      if (error instanceof DeadlineError) return { result: 'failed', reason: 'timeout' };
      return broken(sender.provider, 'thrown');
    }
  };
}

function isResult(answer: unknown): answer is PushResult {
  if (typeof answer !== 'object' || answer === null) return false;
  const { result, reason, retryAfterMs } = answer as Record<string, unknown>;
  if (result === 'handed') return true;
  const isNamed = result === 'gone' || result === 'failed' || result === 'refused';
  const isTime = typeof retryAfterMs === 'number' && retryAfterMs >= 0;
  return isNamed && typeof reason === 'string' && (retryAfterMs === undefined || isTime);
}
