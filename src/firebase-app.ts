// firebase-admin's App for the standalone server, where a setting asks Firebase.
import { type Config, ConfigError } from './config/config.ts';
import { type FirebaseApp, loadFirebaseAdmin } from './firebase-admin.ts';

/** Undefined where nothing needs it. Rejects with a ConfigError where the service account is no good. */
export async function createFirebaseApp(
  config: Config,
): Promise<{ app: FirebaseApp; close(): Promise<void> } | undefined> {
  if (!config.needsFirebase) return undefined;
  const { applicationDefault, cert, deleteApp, initializeApp } = await loadFirebaseAdmin(
    () => import('firebase-admin/app'),
    'CHECK_REVOKED, APP_CHECK_CONSUME or ROOM_ACCESS=firestore',
  );
  const { serviceAccount, options } = config;
  try {
    const app = initializeApp(
      {
        projectId: options.firebaseProjectId as string,
        credential:
          serviceAccount === undefined
            ? applicationDefault()
            : cert({
                projectId: serviceAccount.project_id,
                clientEmail: serviceAccount.client_email,
                privateKey: serviceAccount.private_key,
              }),
      },
      'livekit-switchboard',
    );
    return { app, close: () => deleteApp(app) };
  } catch {
    // firebase-admin's own message may quote the key.
    throw new ConfigError(['FIREBASE_SERVICE_ACCOUNT has a private_key that cannot be read']);
  }
}
