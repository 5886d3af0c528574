// The port of whoever brings a push to a phone: FCM, APNs, or the host's own sender.
import type { CallId, DeviceId, UserId } from '../base/ids.ts';
import type { CallKind } from '../calls/call.ts';
import type { RingEnd } from '../calls/event.ts';
import type { Device, Target, TargetKind } from './device.ts';

/** What a phone is to show, or to stop showing. */
export type PushMessage = RingMessage | StopMessage;

export interface RingMessage {
  readonly type: 'ring';
  readonly callId: CallId;
  readonly to: UserId;
  /** What is left of the ring, in ms: also for how long the provider may try. */
  readonly ringMs: number;
  /** The store's time, in ms. */
  readonly now: number;
  readonly ticket: string;
  /** Undefined: nothing but id and ticket is to pass Google and Apple. */
  readonly about: RingAbout | undefined;
}

export interface RingAbout {
  /** Absent: nobody knows; the app has a word of its own. */
  readonly callerName?: string;
  readonly callerUid: UserId;
  readonly kind: CallKind;
  readonly isGroup: boolean;
  readonly context?: string;
}

export interface StopMessage {
  readonly type: 'stop_ring';
  readonly callId: CallId;
  readonly to: UserId;
  readonly cause: RingEnd;
  /** That has the call now: it must not stop. */
  readonly device?: DeviceId;
  readonly now: number;
  /** Of a call that is missed by it: to be shown, in the device's language. */
  readonly missed?: MissedCallText;
}

export interface MissedCallText {
  readonly title?: string;
  readonly body: string;
  readonly badge?: number;
}

/** What came of one try. */
export type PushResult =
  /** The provider has it. Whether it arrives, only the phone can say. */
  | { readonly result: 'handed' }
  /** This target is nobody's any more. `reason`: the provider's code, for metrics and the log. */
  | { readonly result: 'gone'; readonly reason: string }
  /** Worth another try, not before `retryAfterMs` where the provider named a time. */
  | { readonly result: 'failed'; readonly reason: string; readonly retryAfterMs?: number }
  /** The same again would be refused again. */
  | { readonly result: 'refused'; readonly reason: string };

export interface PushSender {
  /** For metrics and the log. */
  readonly provider: 'fcm' | 'apns' | 'host';
  readonly kinds: readonly TargetKind[];
  /**
   * Which of a device's targets this message goes to; undefined: to none, which is no failure (a web
   * page needs no push to stop). Pure.
   */
  targetFor(message: PushMessage, device: Device): Target | undefined;
  /**
   * One try. Never rejects; aborts with the signal, which ends it after 3 s at the latest, and answers
   * `failed` with the reason `timeout` then.
   */
  send(push: Push, signal: AbortSignal): Promise<PushResult>;
  /** Connects, so that the first ring need not. Never rejects for an outage. */
  start?(): Promise<void> | void;
  stop?(): Promise<void> | void;
}

export interface Push {
  readonly message: PushMessage;
  readonly device: Device;
  readonly target: Target;
}

/** Of one try at one provider. */
export const PUSH_TRY_MS = 3_000;
