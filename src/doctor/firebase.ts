// What needs a service account: the account itself, the account look-up, Firestore.
import type { FirebaseApp } from '../base/firebase-admin.ts';
import {
  codesOf,
  explain,
  failed,
  networkFault,
  type Place,
  unexpected,
} from '../base/network-faults.ts';
import { userFromClaims } from '../base/user.ts';
import { createFirebaseApp } from '../compose/firebase-app.ts';
import { createAccountLookUp } from '../identity/firebase-account.ts';
import { type Config, ConfigError } from '../settings/config.ts';
import { type Environment, textOf } from '../settings/sources.ts';
import { type Check, type Finding, ok, skipped } from './check.ts';
import { type FcmParts, fcmCheck } from './fcm.ts';
import { type FirestoreParts, firestoreCheck } from './firestore.ts';
import {
  disabledApi,
  missingRole,
  NOT_INSTALLED,
  NOT_SIGNED_IN,
  notInstalled,
  type Open,
  type Setting,
  TIMEOUT_MS,
} from './google-project.ts';
import { platformAccount } from './platform-account.ts';
import type { FirestoreAccess } from './room-access.ts';

const TOKENS: Place = { host: 'oauth2.googleapis.com', variable: undefined };
/** Legal, and nobody's. */
const NOBODY = 'livekit-switchboard-doctor';

type OpenFirebase = (config: Config) => ReturnType<typeof createFirebaseApp>;

export interface FirebaseParts extends FirestoreParts, FcmParts {
  readonly openFirebase?: OpenFirebase;
}

export interface FirebaseChecks {
  readonly serviceAccount: Check;
  readonly accountLookUp: Check;
  readonly fcm: Check;
  firestore(access: FirestoreAccess): Check;
  close(): Promise<void>;
}

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
  const platform = isGiven ? undefined : config.platform;

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
        if (!config.needsFirebase && !isGiven)
          return skipped('none is set, and no setting needs one');
        if (!isGiven && platform === undefined) {
          return skipped('none is set, and the emulators that stand in for Firebase need none');
        }
        await signIn();
        const account =
          platform === undefined
            ? `the one in ${variable}`
            : `${(await platformAccount(env)) ?? 'the account'} of ${platform} (no key is set)`;
        return ok(
          `Google accepts ${account}${config.needsFirebase ? '' : ', which no setting uses'}`,
        );
      },
      explain: (error) =>
        platform === undefined
          ? explainServiceAccount(error, variable)
          : failed(
              `no key is set, and ${platform} hands out no credentials`,
              `give the service a service account, or set ${variable}`,
            ),
    },
    accountLookUp: accountLookUpCheck({ config, env, open, isSignedIn }),
    fcm: fcmCheck({ config, env, open, isSignedIn }, parts),
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
