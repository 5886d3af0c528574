// firebase-admin's App for the standalone server, where a setting asks Firebase.
import { keepFirestoreAlive } from '../access/firestore.ts';
import { type FirebaseApp, loadFirebaseAdmin } from '../base/firebase-admin.ts';
import { type Config, ConfigError } from '../settings/config.ts';
import { variablesThatAskFirebase } from '../settings/table.ts';

/** Undefined where nothing needs it. Rejects with a ConfigError where the service account is no good. */
export async function createFirebaseApp(
  config: Config,
): Promise<{ app: FirebaseApp; close(): Promise<void> } | undefined> {
  if (!config.needsFirebase) return undefined;
  const sdk = await loadFirebaseAdmin(
    () => import('firebase-admin/app'),
    variablesThatAskFirebase('or'),
  );
  const { projectId, settings } = config;
  const app = sdk.initializeApp(
    { projectId, credential: credentialOf(config, sdk) },
    'livekit-switchboard',
  );
  const { access, calls } = settings;
  const source = access.rule === 'firestore' ? access.source : calls?.names.firestore?.source;
  if (source !== undefined) await keepFirestoreAlive(app, source.databaseId);
  return { app, close: () => sdk.deleteApp(app) };
}

function credentialOf({ serviceAccount }: Config, sdk: typeof import('firebase-admin/app')) {
  if (serviceAccount === undefined) return sdk.applicationDefault();
  try {
    return sdk.cert({
      projectId: serviceAccount.project_id,
      clientEmail: serviceAccount.client_email,
      privateKey: serviceAccount.private_key,
    });
  } catch {
    // firebase-admin's own message may quote the key.
    throw new ConfigError(['FIREBASE_SERVICE_ACCOUNT has a private_key that cannot be read']);
  }
}
