// The host's own way to a phone: OneSignal, Pushy, a queue, a test.
import type { Answering } from '../base/answering.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { orAborted } from '../base/or-aborted.ts';
import type { Device, Platform, Target, TargetKind } from './device.ts';
import type { Push, PushMessage, PushResult, PushSender } from './push.ts';
import { fieldsOf, isShown, lifeMsOf, textOf } from './push-fields.ts';
import { createComplain, tryPush } from './push-try.ts';

/** What FCM carries; others carry no less. */
const DATA_MAX_BYTES = 3_800;
/** Metrics count by it, and a host may say whatever it likes. */
const REASON = /^[\w.-]{1,40}$/;
const REASONS_MAX = 20;

/** A push as the host's own sender gets it. JSON can hold all of it. */
export interface PushToSend {
  /** `stop_ring` with a `body` shows a missed call; without, it shows nothing. */
  readonly type: 'ring' | 'stop_ring';
  /** One id a call: a phone that has rung for it doesn't ring for it again. */
  readonly callId: string;
  /** The uid of whom it is for. */
  readonly to: string;
  /** What the app reads, as FCM would bring it. It holds the ring's ticket: never log it. */
  readonly data: Readonly<Record<string, string>>;
  /** For how long it is of use. */
  readonly ttlSeconds: number;
  /** `high` for what must wake a phone. */
  readonly priority: 'high' | 'normal';
  /** Of a missed call, in the device's language. */
  readonly title?: string;
  readonly body?: string;
  readonly badge?: number;
  readonly device: {
    readonly installationId: string;
    readonly platform: Platform;
    readonly locale?: string;
    /** As the app has registered it, and never to be logged. */
    readonly kind: TargetKind;
    readonly value: string;
    readonly sandbox?: true;
  };
}

/** `gone`: nobody is there any more, and the value is forgotten. `failed`: try again. `refused`: don't. */
export type PushOutcome = 'handed' | 'gone' | 'failed' | 'refused';

export type SendPushAnswer =
  | PushOutcome
  | {
      readonly result: PushOutcome;
      /** A code for log and metrics: letters, digits, `.`, `_`, `-`. */
      readonly reason?: string;
      /** Of `failed`: not before so many milliseconds. */
      readonly retryAfterMs?: number;
    };

/**
 * Brings one push to one device. The signal ends the try after 3 seconds. What it throws counts as
 * `failed`, and so does any answer that is none of these.
 *
 * @example
 * ```ts
 * const sendPush: SendPush = async ({ data, device, ttlSeconds }, signal) => {
 *   const response = await fetch('https://push.example.com/send', {
 *     method: 'POST',
 *     headers: { 'content-type': 'application/json' },
 *     body: JSON.stringify({ to: device.value, data, ttl: ttlSeconds }),
 *     signal,
 *   });
 *   if (response.status === 404) return 'gone';
 *   return response.ok ? 'handed' : 'failed';
 * };
 * ```
 */
export type SendPush = Answering<[push: PushToSend, signal: AbortSignal], SendPushAnswer>;

/** `kinds`: `host` alone, or all of them where nobody else sends. */
export function createHostSender(options: {
  sendPush: SendPush;
  kinds: readonly TargetKind[];
  clock: Clock;
  log: Logger;
}): PushSender {
  const { sendPush, kinds, clock, log } = options;
  const complain = createComplain({ provider: 'host', clock, log });
  const reasons = new Set<string>();

  function reasonOf(given: unknown, otherwise: string): string {
    if (typeof given !== 'string' || !REASON.test(given)) return otherwise;
    if (reasons.size < REASONS_MAX) reasons.add(given);
    return reasons.has(given) ? given : otherwise;
  }

  function resultOf(answer: unknown): PushResult {
    const { result, reason, retryAfterMs } = (
      typeof answer === 'string' ? { result: answer } : (answer ?? {})
    ) as Readonly<Record<string, unknown>>;
    switch (result) {
      case 'handed':
        return { result };
      case 'gone':
      case 'refused':
        return { result, reason: reasonOf(reason, result) };
      case 'failed':
        return {
          result,
          reason: reasonOf(reason, result),
          ...(Number.isFinite(retryAfterMs) && {
            retryAfterMs: Math.max(0, retryAfterMs as number),
          }),
        };
      default:
        complain('nonsense', "sendPush must answer 'handed', 'gone', 'failed' or 'refused'");
        return { result: 'failed', reason: 'nonsense' };
    }
  }

  async function ask(push: Push, signal: AbortSignal): Promise<PushResult> {
    try {
      const answer = (async () => sendPush(pushToSend(push), signal))();
      return resultOf(await orAborted(answer, signal));
    } catch (error) {
      if (signal.aborted) throw error;
      complain('thrown', 'sendPush has thrown: the push is tried again');
      return { result: 'failed', reason: 'thrown' };
    }
  }

  return {
    provider: 'host',
    kinds,
    targetFor: (message, device) => targetFor(message, device, kinds),
    send: (push, signal) =>
      tryPush(() => ask(push, signal), { signal, name: 'sendPush', complain }),
  };
}

/** The host's own first. VoIP is for rings alone, and where it is there, for each. */
function targetFor(
  message: PushMessage,
  { targets }: Device,
  kinds: readonly TargetKind[],
): Target | undefined {
  const ring: readonly TargetKind[] = message.type === 'ring' ? ['apns_voip'] : [];
  const order: readonly TargetKind[] = ['host', ...ring, 'fcm_token', 'fid', 'apns'];
  return order
    .filter((kind) => kinds.includes(kind))
    .map((kind) => targets.find((target) => target.kind === kind))
    .find((target) => target !== undefined);
}

function pushToSend({ message, device, target }: Push): PushToSend {
  const { installation, platform, locale } = device;
  return {
    type: message.type,
    callId: message.callId,
    to: message.to,
    data: textOf(fieldsOf(message, DATA_MAX_BYTES)),
    ttlSeconds: Math.ceil(lifeMsOf(message) / 1000),
    priority: isShown(message) ? 'high' : 'normal',
    ...(message.type === 'stop_ring' && message.missed),
    device: {
      installationId: installation,
      platform,
      ...(locale !== undefined && { locale }),
      kind: target.kind,
      value: target.value,
      ...(target.isSandbox && { sandbox: true }),
    },
  };
}
