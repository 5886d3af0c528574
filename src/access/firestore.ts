// The one place that knows Firestore's SDK, which takes a second and 60 MB until its first answer
// and is there only where firebase-admin is: it is loaded when it is first asked.
import type { App } from 'firebase-admin/app';
import { type FirebaseApp, loadFirebaseAdmin } from '../base/firebase-admin.ts';
import type { ReadField } from './firestore-rule.ts';

const loadSdk = () =>
  loadFirebaseAdmin(() => import('firebase-admin/firestore'), 'room access by Firestore');

/** Reads with the Firestore of this app, as whoever made the app has set it up. */
export function hostFirestore(app: FirebaseApp): ReadField {
  return async (path, field) => {
    const { FieldPath, getFirestore } = await loadSdk();
    const firestore = getFirestore(app as App);
    const fieldPath = new FieldPath(...field);
    // The mask: of a document that may hold a megabyte, only the members travel.
    const [document] = await firestore.getAll(firestore.doc(path), { fieldMask: [fieldPath] });
    return document?.get(fieldPath);
  };
}

/**
 * Makes Firestore notice within 15 s that the network has silently dropped its connection: by
 * default it believes in it for a quarter of an hour, and every look-up hangs. To be called before
 * the first read, and only for an app of our own: settings can be made once.
 */
export async function keepFirestoreAlive(app: FirebaseApp): Promise<void> {
  const { getFirestore } = await loadSdk();
  getFirestore(app as App).settings({
    grpcOptions: {
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 3_000,
      'grpc.max_reconnect_backoff_ms': 5_000,
    },
  });
}
