// Whose users these are, how a caller is known, and which accounts count.
import type { HostUser } from '../admission/authenticate.ts';
import { faultOfEmulatorHost, faultOfKeysUrl } from '../base/faults.ts';
import type { FirebaseApp } from '../base/firebase-admin.ts';
import { credentialsFile } from './credentials.ts';
import { aMethod, list, objectOf, oneOf, onOff, text } from './kinds.ts';
import { faultOfProjectId } from './project-id.ts';
import type { Say } from './say.ts';
import { serviceAccount } from './service-account.ts';
import type { Table, ValuesOf } from './setting.ts';
import type { AccountSettings, IdentitySettings } from './settings.ts';

const anApp = objectOf(
  'FirebaseApp',
  (value): value is FirebaseApp => typeof (value as FirebaseApp | null)?.options === 'object',
  'be a firebase-admin App',
);

export interface HostsOwnUsers {
  userOf(request: unknown): HostUser | Promise<HostUser>;
}

export const IDENTITY = {
  /** The Firebase project whose users these are. Required unless `firebaseApp` or `userOf` is given. */
  firebaseProjectId: {
    variable: 'FIREBASE_PROJECT_ID',
    meaning: 'The Firebase project whose users these are',
    required: true,
    kind: text(faultOfProjectId),
  },
  /**
   * The host's firebase-admin app. Its project id stands in for `firebaseProjectId`, and its
   * credential serves `checkRevoked`, `appCheckConsume`, `roomAccess: 'firestore'`,
   * `firestoreProfilePath` and `fcm`. ID tokens
   * are verified by Switchboard itself: firebase-admin can't tell an outage from a forgery.
   */
  firebaseApp: { meaning: 'The host’s own firebase-admin app', kind: anApp },
  /** A mirror of Google's key endpoint (a JWK Set). Default: Google's. */
  firebaseKeysUrl: {
    variable: 'FIREBASE_KEYS_URL',
    meaning: 'A mirror of Google’s key endpoint: https, or http on loopback',
    kind: text(faultOfKeysUrl),
  },
  firebaseServiceAccount: {
    variable: 'FIREBASE_SERVICE_ACCOUNT',
    onlyVariable: true,
    meaning:
      'The service account’s JSON, or base64 of it; or let GOOGLE_APPLICATION_CREDENTIALS name ' +
      'its file. Only for what asks Firebase (CHECK_REVOKED, APP_CHECK_CONSUME, ROOM_ACCESS=firestore, FIRESTORE_PROFILE_PATH, FCM)',
    secret: true,
    kind: serviceAccount,
  },
  googleCredentials: {
    variable: 'GOOGLE_APPLICATION_CREDENTIALS',
    onlyVariable: true,
    meaning: 'A file that holds the service account’s JSON',
    kind: credentialsFile,
  },
  /**
   * Accepts the Auth emulator's unsigned tokens, and no others. Only for a project whose id begins
   * with `demo-`, and never with `NODE_ENV=production`: createSwitchboard throws.
   */
  firebaseAuthEmulatorHost: {
    variable: 'FIREBASE_AUTH_EMULATOR_HOST',
    meaning:
      'Accepts the Auth emulator’s unsigned tokens: only with a `demo-…` project, never with NODE_ENV=production',
    kind: text(faultOfEmulatorHost),
  },
  /**
   * Who the host's own middleware has authenticated: an object with a `uid`, or null or undefined
   * for nobody (401). In place of ID tokens. An error, or no answer in 2 s, is 503.
   *
   * @example
   * // A firebase-admin DecodedIdToken as it is, or its members that the settings below need.
   * userOf: (request) => request.session && {
   *   uid: request.session.uid,
   *   email_verified: request.session.emailVerified,
   *   firebase: { sign_in_provider: 'password' },
   * }
   */
  userOf: {
    meaning: 'Who the host’s own middleware has authenticated; in place of ID tokens',
    kind: aMethod<HostsOwnUsers>('(request) => HostUser | Promise<HostUser>'),
  },
  /** Refuses revoked sessions and disabled or deleted accounts; needs `firebaseApp`. Default false. */
  checkRevoked: {
    variable: 'CHECK_REVOKED',
    meaning: '`on` refuses revoked sessions and disabled accounts; needs the service account',
    default: 'off',
    asksFirebase: true,
    kind: onOff,
  },
  /**
   * Whether anonymous accounts count. Default `allow`. With `deny` and `userOf` its answer must hold
   * `firebase.sign_in_provider`, otherwise 503: nobody could tell.
   */
  anonymousUsers: {
    variable: 'ANONYMOUS_USERS',
    meaning: 'Whether anonymous accounts count: `allow` or `deny`',
    default: 'allow',
    kind: oneOf('allow', 'deny'),
  },
  /**
   * `required`: only accounts whose e-mail address is verified (with `userOf`: whose answer holds
   * `email_verified: true`). Default `any`.
   */
  emailVerified: {
    variable: 'EMAIL_VERIFIED',
    meaning: '`required`: only accounts whose e-mail address is verified; otherwise `any`',
    default: 'any',
    kind: oneOf('any', 'required'),
  },
  /**
   * Identity Platform tenants whose users count, and then nobody else's (with `userOf`: by its
   * answer's `firebase.tenant`). Default: users without a tenant.
   */
  firebaseTenantIds: {
    variable: 'FIREBASE_TENANT_IDS',
    meaning:
      'Identity Platform tenants whose users count, and then nobody else’s; separated by commas',
    kind: list(),
  },
} as const satisfies Table;

type Values = ValuesOf<typeof IDENTITY>;
type SayHere = Say<keyof typeof IDENTITY>;

/** The project, held against what depends on it; `isNeeded`: somebody goes by its id. */
export function projectOf(values: Values, isNeeded: boolean, say: SayHere): string | undefined {
  const { firebaseApp } = values;
  const ofApp = projectOfApp(firebaseApp);
  const projectId = values.firebaseProjectId ?? ofApp;
  appFaults({ ofApp, projectId }, say);
  if (projectId === undefined && isNeeded) {
    say.fault(
      firebaseApp === undefined
        ? 'firebaseProjectId is missing (or give firebaseApp, or userOf)'
        : 'firebaseApp does not know its project id: give firebaseProjectId too',
    );
  }
  emulatorFaults(values, projectId, say);
  credentialFaults(values, projectId, say);
  return projectId;
}

/** Tokens of one project would be held against the accounts and documents of the other. */
function appFaults(
  { ofApp, projectId }: Readonly<Record<'ofApp' | 'projectId', string | undefined>>,
  say: SayHere,
): void {
  if (ofApp === undefined) return;
  if (ofApp !== projectId) {
    say.fault(`firebaseApp is of another project than ${say.nameOf('firebaseProjectId')}`);
  } else {
    const fault = faultOfProjectId(ofApp);
    if (fault !== undefined) say.fault(`firebaseApp has a project id that ${fault}`);
  }
}

function projectOfApp(app: FirebaseApp | undefined): string | undefined {
  const { projectId, credential } = app?.options ?? {};
  // A service account credential knows its project where the app was not told.
  const known = projectId ?? (credential as { projectId?: unknown } | undefined)?.projectId;
  return typeof known === 'string' && known !== '' ? known : undefined;
}

function emulatorFaults(values: Values, projectId: string | undefined, say: SayHere): void {
  if (values.firebaseAuthEmulatorHost === undefined) return;
  const name = 'firebaseAuthEmulatorHost';
  if (say.production) {
    say.fault(`${say.nameOf(name)} lets anybody in: not with NODE_ENV=production`);
  }
  if (projectId?.startsWith('demo-') === false) say.needsProjectThat(name, 'begins with demo-');
}

function credentialFaults(values: Values, projectId: string | undefined, say: SayHere): void {
  const { firebaseServiceAccount: account, googleCredentials: file } = values;
  const [accountName, fileName] = [
    say.nameOf('firebaseServiceAccount'),
    say.nameOf('googleCredentials'),
  ];
  if (account !== undefined && file !== undefined) {
    say.fault(`${accountName} and ${fileName} say the same: keep one`);
  }
  for (const [name, of] of [
    [accountName, account?.project_id],
    [fileName, file?.projectId],
  ]) {
    if (of !== undefined && of !== projectId) {
      say.fault(`${name} is of another project than ${say.nameOf('firebaseProjectId')}`);
    }
  }
}

/** Undefined: its fault was told. */
export function identitySettings(
  values: Values,
  projectId: string | undefined,
  say: SayHere,
): IdentitySettings | undefined {
  const { userOf, firebaseApp } = values;
  if (userOf !== undefined) {
    if (values.checkRevoked) {
      say.fault('checkRevoked is about ID tokens, and userOf takes their place');
    }
    return { by: 'host', userOf };
  }
  if (projectId === undefined) return undefined;
  const checkRevoked = values.checkRevoked ? firebaseApp : undefined;
  return values.firebaseAuthEmulatorHost === undefined
    ? { by: 'google', projectId, checkRevoked, keysUrl: values.firebaseKeysUrl }
    : { by: 'emulator', projectId, checkRevoked };
}

export function accountSettings(values: Values): AccountSettings {
  const { anonymousUsers, emailVerified, firebaseTenantIds: tenantIds = [] } = values;
  return { anonymousUsers, emailVerified, tenantIds };
}
