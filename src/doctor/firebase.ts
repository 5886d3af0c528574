// What needs a service account: the account itself, the account look-up, Firestore.
import { openFirestore } from '../access/firestore.ts';
import { type FirestoreQuestions, warmUpRoom } from '../access/firestore-rule.ts';
import type { Clock } from '../base/clock.ts';
import type { FirebaseApp } from '../base/firebase-admin.ts';
import { userFromClaims } from '../base/user.ts';
import { createFirebaseApp } from '../compose/firebase-app.ts';
import { createAccountLookUp } from '../identity/firebase-account.ts';
import { type Config, ConfigError } from '../settings/config.ts';
import { type Environment, textOf } from '../settings/sources.ts';
import { type Check, type Finding, failed, ok, skipped } from './check.ts';
import { codesOf, explain, networkFault, type Place, unexpected } from './network-faults.ts';
import type { FirestoreAccess } from './room-access.ts';

const TOKENS: Place = { host: 'oauth2.googleapis.com', variable: undefined };
/** Its SDKs take seconds to load on a small machine, and signing in comes first. */
const TIMEOUT_MS = 10_000;
/** Legal, and nobody's. */
const NOBODY = 'livekit-switchboard-doctor';

/** As loadFirebaseAdmin says it. */
const NOT_INSTALLED = /needs firebase-admin: /;
const notInstalled = failed('firebase-admin is not installed', 'npm install firebase-admin');

type OpenFirebase = (config: Config) => ReturnType<typeof createFirebaseApp>;

export interface FirebaseParts {
  readonly clock: Clock;
  readonly openFirebase?: OpenFirebase;
  readonly readFirestore?: (app: FirebaseApp) => FirestoreQuestions['read'];
}

export interface FirebaseChecks {
  readonly serviceAccount: Check;
  readonly accountLookUp: Check;
  firestore(access: FirestoreAccess): Check;
  close(): Promise<void>;
}

type Open = () => Promise<{ app: FirebaseApp; close(): Promise<void> }>;

export function createFirebaseChecks(
  config: Config,
  env: Environment,
  parts: FirebaseParts,
): FirebaseChecks {
  const { openFirebase = createFirebaseApp } = parts;
  const file = textOf(env.GOOGLE_APPLICATION_CREDENTIALS);
  const variable =
    file === undefined ? 'FIREBASE_SERVICE_ACCOUNT' : 'GOOGLE_APPLICATION_CREDENTIALS';
  const isGiven = config.serviceAccount !== undefined || file !== undefined;

  let opened: ReturnType<Open> | undefined;
  const open: Open = () => {
    opened ??= openFirebase({ ...config, needsFirebase: true }) as ReturnType<Open>;
    return opened;
  };
  let believed: Promise<unknown> | undefined;
  /** Rejects where Google doesn't take the service account; asked once for all checks. */
  const signIn = (): Promise<unknown> => {
    believed ??= open().then(({ app }) => accessToken(app));
    return believed;
  };
  const isSignedIn = (): Promise<boolean> =>
    signIn().then(
      () => true,
      () => false,
    );

  return {
    serviceAccount: {
      name: 'Service account',
      timeoutMs: TIMEOUT_MS,
      async run() {
        if (!isGiven) return skipped(`none is set, and no setting needs one`);
        await signIn();
        return ok(
          config.needsFirebase
            ? `Google accepts the one in ${variable}`
            : `Google accepts the one in ${variable}, which no setting uses`,
        );
      },
      explain: (error) => explainServiceAccount(error, variable),
    },
    accountLookUp: accountLookUpCheck({ config, env, open, isSignedIn }),
    firestore: (access) => firestoreCheck(access, { config, env, open, isSignedIn, parts }),
    async close() {
      const { close } = (await opened?.catch(() => undefined)) ?? {};
      await close?.();
    },
  };
}

async function accessToken(app: FirebaseApp): Promise<void> {
  const credential = app.options.credential as { getAccessToken(): Promise<unknown> } | undefined;
  await credential?.getAccessToken();
}

function explainServiceAccount(error: unknown, variable: string): Finding {
  const { message } = error as Error;
  const again = `make a new key (Firebase console, Project settings, Service accounts) and put its whole JSON into ${variable}`;
  if (error instanceof ConfigError) {
    return failed(
      variable === 'FIREBASE_SERVICE_ACCOUNT'
        ? 'its private_key cannot be read'
        : `${variable} cannot be used`,
      `give the JSON unchanged, or base64 of it (base64 -w0 key.json), or ${again}`,
    );
  }
  if (NOT_INSTALLED.test(message)) {
    return notInstalled;
  }
  if (/^invalid_grant/.test(message)) {
    return /short-lived|reasonable timeframe/.test(message)
      ? failed("Google refuses this machine's time", "set this machine's clock by NTP")
      : failed('Google does not accept it: the key or the whole account was deleted', again);
  }
  const [code] = codesOf(error);
  if (code?.startsWith('ERR_OSSL')) return failed('its private_key cannot be read', again);
  return networkFault(error, TOKENS) ?? unexpectedOf(error, 'Google', again);
}

function unexpectedOf(error: unknown, asked: string, fix: string): Finding {
  return { ...unexpected(error, asked), result: 'failed', fix };
}

interface Setting {
  readonly config: Config;
  readonly env: Environment;
  readonly open: Open;
  isSignedIn(): Promise<boolean>;
}

const NOT_SIGNED_IN = 'not tried, for the service account is not accepted';

function accountLookUpCheck({ config, open, isSignedIn }: Setting): Check {
  const { identity } = config.settings;
  const isAsked = identity.by !== 'host' && identity.checkRevoked !== undefined;
  const { firebaseAuthEmulatorHost: emulator } = config.options;
  const { projectId } = config;
  const place: Place =
    emulator === undefined
      ? { host: 'identitytoolkit.googleapis.com', variable: undefined }
      : { host: emulator, variable: 'FIREBASE_AUTH_EMULATOR_HOST' };
  return {
    name: 'Account look-up',
    timeoutMs: TIMEOUT_MS,
    async run() {
      if (!isAsked) return skipped('CHECK_REVOKED is off');
      if (emulator === undefined && !(await isSignedIn())) return skipped(NOT_SIGNED_IN);
      const { app } = await open();
      // Nobody has this uid: that Firebase says so is the good answer.
      await createAccountLookUp(app)(userFromClaims(NOBODY, {}));
      return ok(`accounts of ${projectId} can be looked up`);
    },
    explain(error) {
      const [code] = codesOf(error);
      // Read here, and never shown.
      const { message, httpResponse } = error as Error & { httpResponse?: { data?: unknown } };
      const answer = `${message} ${JSON.stringify(httpResponse?.data)}`;
      if (/identity ?toolkit.*(?:has not been used|is disabled)/is.test(answer)) {
        return disabledApi('identitytoolkit.googleapis.com', projectId);
      }
      if (answer.includes('roles/serviceusage.serviceUsageConsumer')) {
        const role = 'roles/serviceusage.serviceUsageConsumer';
        return missingRole('use the project', role, projectId);
      }
      if (code === 'auth/configuration-not-found' || code === 'auth/project-not-found') {
        return failed(
          `the project ${projectId} has no Firebase Authentication`,
          'correct FIREBASE_PROJECT_ID, or switch Authentication on in the Firebase console',
        );
      }
      if (code === 'auth/insufficient-permission' || answer.includes('PERMISSION_DENIED')) {
        return missingRole('look up accounts', 'roles/firebaseauth.viewer', projectId);
      }
      return explain(error, place);
    },
  };
}

function firestoreCheck(
  { roomPath, membersField }: FirestoreAccess,
  setting: Setting & { parts: FirebaseParts },
): Check {
  const { config, env, open, isSignedIn, parts } = setting;
  const { clock } = parts;
  const { readFirestore = (app: FirebaseApp) => openFirestore({ app }, clock).questions.read } =
    parts;
  const { projectId } = config;
  const emulator = textOf(env.FIRESTORE_EMULATOR_HOST);
  const place: Place =
    emulator === undefined
      ? { host: 'firestore.googleapis.com', variable: undefined }
      : { host: emulator, variable: 'FIRESTORE_EMULATOR_HOST' };
  return {
    name: 'Room access',
    timeoutMs: TIMEOUT_MS,
    async run() {
      if (emulator === undefined && !(await isSignedIn())) return skipped(NOT_SIGNED_IN);
      const { app } = await open();
      await readFirestore(app)(warmUpRoom(roomPath, membersField));
      return ok(`a document at ${roomPath} can be read from ${place.host}`);
    },
    explain(error) {
      // gRPC's status codes (https://grpc.io/docs/guides/status-codes/).
      const { code, message } = error as { code?: unknown; message?: unknown };
      if (code === 7 && /has not been used|is disabled/.test(String(message))) {
        return disabledApi('firestore.googleapis.com', projectId);
      }
      if (code === 7) {
        return missingRole('read Firestore', 'roles/datastore.viewer', projectId);
      }
      if (code === 5) {
        return failed(
          `the project ${projectId} has no Firestore database (default)`,
          'make one in the Firebase console, or correct FIREBASE_PROJECT_ID',
        );
      }
      if (code === 14) {
        return failed(`${place.host} is out of reach`, `let this machine out to ${place.host}`);
      }
      if (NOT_INSTALLED.test(String(message))) {
        return notInstalled;
      }
      return explain(error, place);
    },
  };
}

const missingRole = (what: string, role: string, project: string): Finding =>
  failed(
    `the service account may not ${what}`,
    `give it the role ${role}: gcloud projects add-iam-policy-binding ${project} ` +
      `--member=serviceAccount:CLIENT_EMAIL --role=${role}, with client_email of its JSON`,
  );

const disabledApi = (api: string, project: string): Finding =>
  failed(
    `${api} is not enabled in the project ${project}`,
    `gcloud services enable ${api} --project=${project}`,
  );
