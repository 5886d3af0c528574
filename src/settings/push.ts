// How phones ring that have no stream open: by FCM, by APNs, or by the host's own sender.
import type { FirebaseApp } from '../base/firebase-admin.ts';
import type { SendPush } from '../ringing/host-sender.ts';
import { PUSH_PAYLOADS } from '../ringing/message.ts';
import type { MissedCallTextOf } from '../ringing/missed-call-text.ts';
import { apnsKey } from './apns-key.ts';
import type { DatabaseSettings } from './database.ts';
import { aFunction, oneOf, onOff, text } from './kinds.ts';
import type { Say } from './say.ts';
import type { Table, ValuesOf } from './setting.ts';
import type { PushSettings } from './settings.ts';

const tenCharacters = text((value) =>
  /^[A-Z\d]{10}$/.test(value)
    ? undefined
    : 'must be the 10 capitals and digits that Apple shows (developer.apple.com, Account)',
);

const bundleId = text((value) => {
  if (/\.voip$/.test(value)) return 'must be the id of the app alone, without .voip behind it';
  return /^[A-Za-z\d-]+(?:\.[A-Za-z\d-]+)+$/.test(value)
    ? undefined
    : 'must be the bundle id of the app, like com.example.chat';
});

export const PUSH = {
  /** Rings Android, web and, where no APNs is set, the notifications of iOS by FCM; needs `firebaseApp`. Default false. */
  fcm: {
    variable: 'FCM',
    meaning: '`on` rings phones by FCM (Android, web); needs the service account',
    default: 'off',
    asksFirebase: true,
    kind: onOff,
  },
  /** `minimal`: nothing but the call’s id and a ticket passes Google and Apple. Default `full`. */
  pushPayload: {
    variable: 'PUSH_PAYLOAD',
    meaning:
      '`minimal`: nothing but the call’s id and a ticket passes Google and Apple; otherwise `full`',
    default: 'full',
    kind: oneOf(...PUSH_PAYLOADS),
  },
  /** Rings iPhones by APNs: the text of the `.p8` file, or base64 of it. With the three below. */
  apnsKey: {
    variable: 'APNS_KEY',
    meaning: 'Rings iPhones by APNs: the text of Apple’s `.p8` file, or base64 of it',
    secret: true,
    kind: apnsKey,
  },
  apnsKeyId: {
    variable: 'APNS_KEY_ID',
    meaning: 'The id of that key, 10 characters',
    kind: tenCharacters,
  },
  apnsTeamId: {
    variable: 'APNS_TEAM_ID',
    meaning: 'The id of the team whose key it is, 10 characters',
    kind: tenCharacters,
  },
  apnsBundleId: {
    variable: 'APNS_BUNDLE_ID',
    meaning: 'The bundle id of the app, like `com.example.chat`',
    kind: bundleId,
  },
  /**
   * The host’s own sender. Beside FCM or APNs it gets values of the kind `host` alone, in place of them
   * values of every kind. An error, or no answer in 3 s, and the push is tried again.
   */
  sendPush: {
    meaning:
      'The host’s own sender: of values of the kind `host`, or of all where it is the only one',
    kind: aFunction<SendPush>('SendPush'),
  },
  /** The words of a missed call’s notification; undefined: ours, in the device’s language. */
  missedCallText: {
    meaning: 'The words of a missed call’s notification, in place of ours',
    kind: aFunction<MissedCallTextOf>('MissedCallTextOf'),
  },
} as const satisfies Table;

type Values = ValuesOf<typeof PUSH>;
type SayHere = Say<keyof typeof PUSH | 'database'>;

const APNS = ['apnsKey', 'apnsKeyId', 'apnsTeamId', 'apnsBundleId'] as const;

export function pushSettings(
  values: Values,
  by: {
    readonly app: FirebaseApp | undefined;
    readonly projectId: string | undefined;
    readonly database: DatabaseSettings | undefined;
  },
  say: SayHere,
): PushSettings {
  const { app, projectId, database } = by;
  const { fcm, sendPush, missedCallText, pushPayload: payload } = values;
  const apns = apnsSettings(values, say);
  if (database === undefined) {
    if (fcm) say.needs('fcm', 'database');
    if (apns !== undefined) say.needs('apnsKey', 'database');
  } else if (!fcm && apns === undefined && sendPush === undefined && !say.isGiven('fcm')) {
    say.warning(
      `no push is configured: only apps that are open ring (${say.nameOf('fcm')}, ${say.nameOf('apnsKey')})`,
    );
  }
  return {
    ...(fcm && app !== undefined && { fcm: { app, projectId } }),
    ...(apns && { apns }),
    ...(sendPush && { sendPush }),
    ...(missedCallText && { missedCallText }),
    payload,
  };
}

/** All four, or none. */
function apnsSettings(values: Values, say: SayHere): PushSettings['apns'] {
  const { apnsKey: key, apnsKeyId: keyId, apnsTeamId: teamId, apnsBundleId: bundleId } = values;
  const given = APNS.find((name) => values[name] !== undefined);
  if (given === undefined) return undefined;
  for (const name of APNS) if (values[name] === undefined) say.needs(given, name);
  if (keyId !== undefined && keyId === teamId) {
    say.fault(
      `${say.nameOf('apnsKeyId')} and ${say.nameOf('apnsTeamId')} are the same: one is of the key, one of the team`,
    );
  }
  return key && keyId && teamId && bundleId ? { key, keyId, teamId, bundleId } : undefined;
}
