// Why a push came to nothing, in the providers' words and ours.

const OURS = ['timeout', 'network', 'rejected', 'nonsense', 'unknown'];

/** https://firebase.google.com/docs/cloud-messaging/error-codes, as firebase-admin spells them. */
const FCM = [
  'authentication-error',
  'device-message-rate-exceeded',
  'installation-id-not-registered',
  'internal-error',
  'invalid-argument',
  'invalid-credential',
  'invalid-installation-id',
  'invalid-payload',
  'invalid-recipient',
  'invalid-registration-token',
  'message-rate-exceeded',
  'mismatched-credential',
  'payload-size-limit-exceeded',
  'quota-exceeded',
  'registration-token-not-registered',
  'server-unavailable',
  'third-party-auth-error',
  'topics-message-rate-exceeded',
  'unknown-error',
];

/** https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns */
const APNS = [
  'BadCertificate',
  'BadCertificateEnvironment',
  'BadCollapseId',
  'BadDeviceToken',
  'BadEnvironmentKeyIdInToken',
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

/** A provider's may come with a prefix (`messaging/…`), which is left away. */
export const PUSH_REASONS: ReadonlySet<string> = new Set([...OURS, ...FCM, ...APNS]);
