// iPhones, by Apple itself: VoIP pushes are Apple's alone.
import type { Logger } from '../../base/log.ts';
import type { Push, PushResult, PushSender } from '../push.ts';
import { fieldsOf } from '../push-fields.ts';
import { type Complain, createComplain, tryPush } from '../push-try.ts';
import { type ApnsAnswer, type ApnsOptions, createApnsApi } from './api.ts';
import { ALERT_MAX_BYTES, apnsNotificationOf, apnsTargetFor, VOIP_MAX_BYTES } from './message.ts';

/** For `aps` and its text, beside what the app reads. */
const APS_MAX_BYTES = 1_024;

/**
 * Sends to the app `bundleId` with a key of the Apple developer account.
 *
 * @throws TypeError where the key has a fault.
 */
export function createApnsSender(
  options: ApnsOptions & { bundleId: string; log: Logger },
): PushSender {
  const { bundleId, clock, log } = options;
  const complain = createComplain({ provider: 'apns', clock, log });
  const api = createApnsApi(options);

  async function post({ message, target }: Push, signal: AbortSignal): Promise<PushResult> {
    const isVoip = target.kind === 'apns_voip';
    // It would be a path of its own; and no device has such a name.
    if (!/^[0-9a-f]{1,512}$/i.test(target.value)) {
      return { result: 'gone', reason: 'BadDeviceToken' };
    }
    const { pushType, headers, aps } = apnsNotificationOf(message, isVoip);
    const maxBytes = (pushType === 'voip' ? VOIP_MAX_BYTES : ALERT_MAX_BYTES) - APS_MAX_BYTES;
    const answer = await api.post(
      {
        host: target.isSandbox ? 'sandbox' : 'production',
        token: target.value,
        headers: {
          ...headers,
          'apns-topic': pushType === 'voip' ? `${bundleId}.voip` : bundleId,
          ...(pushType === 'voip' && { 'apns-id': message.callId }),
        },
        payload: { aps, ...fieldsOf(message, maxBytes) },
      },
      signal,
    );
    return resultOf(answer, complain);
  }

  return {
    provider: 'apns',
    kinds: ['apns_voip', 'apns'],
    targetFor: apnsTargetFor,
    send: (push, signal) => tryPush(() => post(push, signal), { signal, name: 'APNs', complain }),
    async start() {
      // What is amiss, the first push says.
      await api.open('production').catch(() => {});
    },
    stop: api.close,
  };
}

const MALFORMED = 'APNs finds a push malformed, and would again: it is not sent';
const KEY = 'correct APNS_KEY, APNS_KEY_ID (the key of that .p8 file) and APNS_TEAM_ID';

/** What would be refused again, and what an operator does about it. */
const REFUSALS: Readonly<Record<string, string>> = {
  DeviceTokenNotForTopic:
    'APNs knows a device by another app than APNS_BUNDLE_ID names: give it the bundle id of the app that registers',
  TopicDisallowed:
    "APNs lets this key push to no app of APNS_BUNDLE_ID: it must be an app of the key's team, without .voip behind it",
  BadTopic:
    'APNs finds APNS_BUNDLE_ID malformed: give it the bundle id of the app, like com.example.app',
  MissingTopic: 'APNs finds no bundle id: set APNS_BUNDLE_ID',
  ExpiredProviderToken:
    "APNs finds our tokens too old as soon as they are made: set this machine's clock by NTP",
  InvalidProviderToken: `APNs does not take our signature: ${KEY}, and see that the clock is right`,
  MissingProviderToken: `APNs finds no token: ${KEY}`,
  Forbidden: `APNs forbids it: ${KEY}`,
  UnrelatedKeyIdInToken: `APNs knows the key by another team: ${KEY}`,
  BadEnvironmentKeyIdInToken:
    'the key in APNS_KEY is for the other one of production and sandbox: make one for both (Apple developer account, Keys)',
  BadEnvironmentKeyInToken:
    'the key in APNS_KEY is for the other one of production and sandbox: make one for both (Apple developer account, Keys)',
  BadCertificate: `APNs takes no certificate here: ${KEY}`,
  BadCertificateEnvironment: `APNs takes no certificate here: ${KEY}`,
  BadCollapseId: MALFORMED,
  BadExpirationDate: MALFORMED,
  BadMessageId: MALFORMED,
  BadPath: MALFORMED,
  BadPriority: MALFORMED,
  DuplicateHeaders: MALFORMED,
  InvalidPushType: MALFORMED,
  MethodNotAllowed: MALFORMED,
  MissingDeviceToken: MALFORMED,
  PayloadEmpty: MALFORMED,
  PayloadTooLarge: MALFORMED,
};

const WRONG_HOST =
  'APNs does not know a device, which is forgotten: an app that Xcode has installed must register ' +
  'with sandbox: true, one from TestFlight or the App Store without';

function resultOf({ reason, retryAfterMs }: ApnsAnswer, complain: Complain): PushResult {
  if (reason === 'OK') return { result: 'handed' };
  if (reason === 'BadDeviceToken') complain(reason, WRONG_HOST);
  if (['BadDeviceToken', 'Unregistered', 'ExpiredToken'].includes(reason)) {
    return { result: 'gone', reason };
  }
  const refusal = REFUSALS[reason];
  if (refusal !== undefined) {
    complain(reason, refusal);
    return { result: 'refused', reason };
  }
  complain(reason, `APNs takes no push for now (${reason}): it is tried again`);
  return { result: 'failed', reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
