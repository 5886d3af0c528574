// Whether a room's document can be read.
import { openFirestore } from '../access/firestore.ts';
import { type FirestoreQuestions, warmUpRoom } from '../access/firestore-rule.ts';
import type { Clock } from '../base/clock.ts';
import type { FirebaseApp } from '../base/firebase-admin.ts';
import { explain, failed, type Place } from '../base/network-faults.ts';
import { textOf } from '../settings/sources.ts';
import { type Check, ok, skipped } from './check.ts';
import {
  disabledApi,
  missingRole,
  NOT_INSTALLED,
  NOT_SIGNED_IN,
  notInstalled,
  type Setting,
  TIMEOUT_MS,
} from './google-project.ts';
import type { FirestoreAccess } from './room-access.ts';

export interface FirestoreParts {
  readonly clock: Clock;
  readonly readFirestore?: (app: FirebaseApp) => FirestoreQuestions['read'];
}

export function firestoreCheck(
  { roomPath, membersField, source: { databaseId } }: FirestoreAccess,
  setting: Setting & { parts: FirestoreParts },
): Check {
  const { config, env, open, isSignedIn, parts } = setting;
  const { clock } = parts;
  const {
    readFirestore = (app: FirebaseApp) => openFirestore({ app, databaseId }, clock).questions.read,
  } = parts;
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
          `the project ${projectId} has no Firestore database ${databaseId ?? '(default)'}`,
          'make one in the Firebase console, or correct FIREBASE_PROJECT_ID, or name its database in FIRESTORE_DATABASE',
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
