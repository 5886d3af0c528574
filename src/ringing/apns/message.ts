// A push as Apple takes it, straight or by way of FCM: headers and `aps`
// (https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns).
import type { Device, Target } from '../device.ts';
import type { PushMessage, RingMessage } from '../push.ts';
import { isShown, lifeMsOf } from '../push-fields.ts';

/** The payload of a VoIP push may be longer than that of others. */
export const VOIP_MAX_BYTES = 5120;
export const ALERT_MAX_BYTES = 4096;

export interface ApnsNotification {
  readonly pushType: 'voip' | 'alert' | 'background';
  readonly headers: Readonly<Record<string, string>>;
  readonly aps: object;
}

/**
 * A ring by VoIP is for CallKit alone. Without VoIP (an app that has registered no such value) it is
 * a notification with the caller's name, and the app is not started by it. A stop is never VoIP: each
 * of those must be reported to CallKit as a call, or iOS kills the app.
 */
export function apnsNotificationOf(message: PushMessage, isVoip: boolean): ApnsNotification {
  const endsAt = String(Math.ceil((message.now + lifeMsOf(message)) / 1000));
  const common = { 'apns-expiration': endsAt };
  if (!isShown(message)) {
    const headers = { ...common, 'apns-push-type': 'background', 'apns-priority': '5' };
    return { pushType: 'background', headers, aps: { 'content-available': 1 } };
  }
  const urgent = { ...common, 'apns-priority': '10', 'apns-collapse-id': message.callId };
  if (message.type === 'ring' && isVoip) {
    return { pushType: 'voip', headers: { ...urgent, 'apns-push-type': 'voip' }, aps: {} };
  }
  const headers = { ...urgent, 'apns-push-type': 'alert' };
  return { pushType: 'alert', headers, aps: alertOf(message) };
}

function alertOf(message: PushMessage): object {
  if (message.type === 'ring') {
    return {
      alert: ringAlert(message),
      sound: 'default',
      'interruption-level': 'time-sensitive',
      'content-available': 1,
      // So that an app's own extension can word it in the user's language.
      'mutable-content': 1,
    };
  }
  const { title, body, badge } = message.missed ?? { body: '' };
  return {
    alert: { ...(title !== undefined && { title }), body },
    ...(badge !== undefined && { badge }),
    // A running app ends the ring by it.
    'content-available': 1,
  };
}

function ringAlert({ about }: RingMessage): object {
  const body = about?.kind === 'video' ? 'Incoming video call' : 'Incoming call';
  return about?.callerName === undefined ? { body } : { title: about.callerName, body };
}

/** Of an iPhone, by APNs itself. */
export function apnsTargetFor(
  message: PushMessage,
  { platform, targets }: Device,
): Target | undefined {
  if (platform !== 'ios') return undefined;
  const plain = targets.find(({ kind }) => kind === 'apns');
  return message.type === 'ring'
    ? (targets.find(({ kind }) => kind === 'apns_voip') ?? plain)
    : plain;
}
