// A push as FCM takes it.
import { apnsNotificationOf, apnsTargetFor } from '../apns/message.ts';
import type { Device, Target } from '../device.ts';
import type { Push, PushMessage } from '../push.ts';
import { fieldsOf, isShown, lifeMsOf, textOf } from '../push-fields.ts';

/** FCM's limit is 4096 bytes, names and values; by way of Apple all of it, `aps` too. */
const DATA_MAX_BYTES = 3_800;

/**
 * Data and no `notification` on Android and the web: with one the system would show its own, and no
 * call screen would open. A browser wants each push shown: the page's service worker does so from
 * the data (`onBackgroundMessage`, `showNotification` with the call's id as `tag`, so that a missed
 * call takes the place of its ring), for only it can give the notification buttons that know the
 * ticket. On iOS it is a notification: VoIP is not FCM's.
 *
 * High priority is for what is shown; FCM takes it away from apps that show nothing.
 */
export function fcmMessageOf({ message, device, target }: Push): object {
  const data = textOf(fieldsOf(message, DATA_MAX_BYTES));
  const to = target.kind === 'fid' ? { fid: target.value } : { token: target.value };
  return { ...to, data, ...onPlatform(message, device) };
}

function onPlatform(message: PushMessage, { platform }: Device): object {
  // FCM wants whole ones.
  const seconds = Math.ceil(lifeMsOf(message) / 1000);
  switch (platform) {
    case 'android':
      return { android: { priority: isShown(message) ? 'HIGH' : 'NORMAL', ttl: `${seconds}s` } };
    case 'web':
      return {
        webpush: { headers: { Urgency: 'high', TTL: String(seconds) } },
      };
    case 'ios': {
      const { headers, aps } = apnsNotificationOf(message, false);
      return { apns: { headers, payload: { aps } } };
    }
  }
}

/**
 * Undefined: nothing by FCM. On the web a ring that ends elsewhere is not pushed, because the browser
 * would show it: the service worker that was woken by the ring watches the call.
 */
export function fcmTargetFor(
  message: PushMessage,
  device: Device,
  hasApns: boolean,
): Target | undefined {
  const { platform, targets } = device;
  if (platform === 'web' && !isShown(message)) return undefined;
  if (platform === 'ios' && hasApns && apnsTargetFor(message, device) !== undefined)
    return undefined;
  return targets.find(({ kind }) => kind === 'fcm_token' || kind === 'fid');
}
