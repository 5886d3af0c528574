// Whether FCM would take a ring: one that is looked at and not sent, to nobody.
import type { Clock } from '../base/clock.ts';
import { explain, failed, type Place } from '../base/network-faults.ts';
import { AccessTokenError } from '../ringing/fcm/access-token.ts';
import { createFcmApi, FCM_URL, type FcmAnswer } from '../ringing/fcm/api.ts';
import { type Check, type Finding, ok, skipped } from './check.ts';
import {
  disabledApi,
  missingRole,
  NOT_INSTALLED,
  NOT_SIGNED_IN,
  notInstalled,
  type Setting,
  TIMEOUT_MS,
} from './google-project.ts';

/** No app has ever got such a token. */
const NOBODY = 'livekit-switchboard-doctor';
const API = 'fcm.googleapis.com';
const ROLE = 'roles/firebasecloudmessaging.admin';

export interface FcmParts {
  readonly clock: Clock;
  readonly fcmUrl?: string;
}

export function fcmCheck({ config, open, isSignedIn }: Setting, parts: FcmParts): Check {
  const { projectId, settings } = config;
  const { clock, fcmUrl: url = FCM_URL } = parts;
  const place: Place = { host: new URL(url).host, variable: undefined };
  return {
    name: 'FCM',
    timeoutMs: TIMEOUT_MS,
    async run(signal) {
      if (settings.calls?.push.fcm === undefined) {
        return skipped('FCM is off: Android and the web ring only where they are open');
      }
      if (!(await isSignedIn())) return skipped(NOT_SIGNED_IN);
      const { app } = await open();
      const api = createFcmApi({ app, projectId, clock, url });
      try {
        const message = { token: NOBODY, data: { v: '1' } };
        return findingOf(await api.post({ message, validate_only: true }, signal), {
          projectId,
          place,
        });
      } finally {
        api.close();
      }
    },
    explain(error) {
      if (error instanceof AccessTokenError) return skipped(NOT_SIGNED_IN);
      return NOT_INSTALLED.test(String((error as Error).message))
        ? notInstalled
        : explain(error, place);
    },
  };
}

/** That nobody has this token is the good answer: who asks was looked at first. */
function findingOf(
  { code, status, message }: FcmAnswer,
  { projectId, place: { host } }: { projectId: string; place: Place },
): Finding {
  switch (code) {
    case 'OK':
    case 'INVALID_ARGUMENT':
    case 'UNREGISTERED':
      return ok(`${host} takes pushes for ${projectId}: a dry run, sent to nobody`);
    case 'PERMISSION_DENIED':
      return /has not been used|is disabled/.test(message)
        ? disabledApi(API, projectId)
        : missingRole('send pushes', ROLE, projectId);
    case 'SENDER_ID_MISMATCH':
    case 'NOT_FOUND':
      return failed(
        `FCM knows no project ${projectId}, or the service account is of another one`,
        'correct FIREBASE_PROJECT_ID, or take the service account of that project',
      );
    case 'UNAUTHENTICATED':
    case 'THIRD_PARTY_AUTH_ERROR':
      return failed(
        "FCM does not take the service account's access token",
        'make a new key (Firebase console, Project settings, Service accounts), of the same project',
      );
    case 'QUOTA_EXCEEDED':
    case 'RESOURCE_EXHAUSTED':
      return failed(
        `${projectId} has sent as much as FCM lets it (${code})`,
        'wait a minute; ask Google for a higher quota where that comes again',
      );
    case 'nonsense':
      return failed(
        `what answers at ${host} is not FCM (${status})`,
        `let this machine out to ${host} without a proxy that answers in its place`,
      );
    default:
      return failed(
        `${host} takes no push for now (${status} ${code})`,
        "try again; Google's own state is at status.firebase.google.com",
      );
  }
}
