// What stands between a service account and what it is asked for, as the checks tell it.
import type { FirebaseApp } from '../base/firebase-admin.ts';
import { failed } from '../base/network-faults.ts';
import type { Config } from '../settings/config.ts';
import type { Environment } from '../settings/sources.ts';
import type { Finding } from './check.ts';

/** Its SDKs take seconds to load on a small machine, and signing in comes first. */
export const TIMEOUT_MS = 10_000;

/** As loadFirebaseAdmin says it. */
export const NOT_INSTALLED = /needs (?:firebase-admin|@google-cloud\/firestore): /;
export const notInstalled = failed('firebase-admin is not installed', 'npm install firebase-admin');

export type Open = () => Promise<{ app: FirebaseApp; close(): Promise<void> }>;

export interface Setting {
  readonly config: Config;
  readonly env: Environment;
  readonly open: Open;
  isSignedIn(): Promise<boolean>;
}

export const NOT_SIGNED_IN = 'not tried, for the service account is not accepted';

export const missingRole = (what: string, role: string, project: string): Finding =>
  failed(
    `the service account may not ${what}`,
    `give it the role ${role}: gcloud projects add-iam-policy-binding ${project} ` +
      `--member=serviceAccount:CLIENT_EMAIL --role=${role}, with client_email of its JSON`,
  );

export const disabledApi = (api: string, project: string): Finding =>
  failed(
    `${api} is not enabled in the project ${project}`,
    `gcloud services enable ${api} --project=${project}`,
  );
