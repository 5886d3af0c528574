// Why a push came to nothing, in the providers' words and ours.

import type { PushSender } from './push.ts';

const OURS = [
  // Not asked, for it wants nothing for that phone yet, or answers nobody and enough wait for it.
  'held',
  'crowded',
  'timeout',
  'no_answer',
  'access_token',
  'thrown',
  'nonsense',
  'gone',
  'failed',
  'refused',
];

/** https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode, and those of Google's APIs. */
const FCM = [
  'INTERNAL',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'PERMISSION_DENIED',
  'QUOTA_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'SENDER_ID_MISMATCH',
  'THIRD_PARTY_AUTH_ERROR',
  'UNAUTHENTICATED',
  'UNAVAILABLE',
  'UNREGISTERED',
  'UNSPECIFIED_ERROR',
];

const APNS = [
  'BadCertificate',
  'BadCertificateEnvironment',
  'BadCollapseId',
  'BadDeviceToken',
  'BadEnvironmentKeyIdInToken',
  'BadEnvironmentKeyInToken',
  'BadExpirationDate',
  'BadMessageId',
  'BadPath',
  'BadPriority',
  'BadTopic',
  'DeviceTokenNotForTopic',
  'DuplicateHeaders',
  'ExpiredProviderToken',
  'ExpiredToken',
  'Forbidden',
  'IdleTimeout',
  'InternalServerError',
  'InvalidProviderToken',
  'InvalidPushType',
  'MethodNotAllowed',
  'MissingDeviceToken',
  'MissingProviderToken',
  'MissingTopic',
  'PayloadEmpty',
  'PayloadTooLarge',
  'ServiceUnavailable',
  'Shutdown',
  'TooManyProviderTokenUpdates',
  'TooManyRequests',
  'TopicDisallowed',
  'UnrelatedKeyIdInToken',
  'Unregistered',
];

const WORDS: ReadonlySet<string> = new Set([...OURS, ...FCM, ...APNS]);

const STATUS = /^status_[1-5]\d\d$/;
/** Of Node and OpenSSL: https://nodejs.org/api/errors.html */
const NETWORK = /^(?:E[A-Z]|HPE_|CERT_|UNABLE_|SELF_SIGNED_|DEPTH_|UND_ERR)/;
/** A code of the host's own, of which its sender lets few through. Longer ones might be a token. */
const OF_HOST = /^[a-z][a-z._-]{0,30}\d{0,3}$/i;

/** A label has a bound, and never holds what a device was reached by. */
export function wordOf(reason: string | undefined, provider: PushSender['provider']): string {
  if (reason === undefined) return 'none';
  if (WORDS.has(reason) || STATUS.test(reason)) return reason;
  if (provider === 'host') return OF_HOST.test(reason) ? reason : 'other';
  return NETWORK.test(reason) ? 'network' : 'other';
}
