// Phones and pages that FCM reaches.
import { withDeadline } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { PUSH_TRY_MS, type PushResult, type PushSender } from '../push.ts';
import { type Complain, createComplain, tryPush } from '../push-try.ts';
import { AccessTokenError } from './access-token.ts';
import { createFcmApi, type FcmAnswer, type FcmOptions } from './api.ts';
import { fcmMessageOf, fcmTargetFor } from './message.ts';

/**
 * Sends as this Firebase app. `hasApns`: iPhones that have a value for it are APNs' to ring.
 *
 * @throws TypeError where the app has no credential, or nobody knows the project.
 */
export function createFcmSender(
  options: FcmOptions & { log: Logger; hasApns?: boolean },
): PushSender {
  const { clock, log, hasApns = false } = options;
  const complain = createComplain({ provider: 'fcm', clock, log });
  const api = createFcmApi(options);
  return {
    provider: 'fcm',
    kinds: ['fcm_token', 'fid'],
    targetFor: (message, device) => fcmTargetFor(message, device, hasApns),
    send: (push, signal) =>
      tryPush(
        async () => {
          try {
            const answer = await api.post({ message: fcmMessageOf(push) }, signal);
            return resultOf(answer, api.projectId, complain);
          } catch (error) {
            if (!(error instanceof AccessTokenError)) throw error;
            complain('access_token', NO_ACCESS_TOKEN);
            return { result: 'failed', reason: 'access_token' };
          }
        },
        { signal, name: 'FCM', complain },
      ),
    async start() {
      // What is amiss, the first push says.
      await withDeadline(clock, PUSH_TRY_MS, api.open).catch(() => {});
    },
    stop: api.close,
  };
}

const NO_ACCESS_TOKEN =
  'Google hands out no access token for this service account, and FCM takes no push without: ' +
  '`livekit-switchboard doctor` says why';

function resultOf(answer: FcmAnswer, projectId: string, complain: Complain): PushResult {
  const { code: reason, retryAfterMs, namesTarget } = answer;
  switch (reason) {
    case 'OK':
      return { result: 'handed' };
    case 'UNREGISTERED':
      return { result: 'gone', reason };
    case 'SENDER_ID_MISMATCH':
      complain(
        reason,
        `a device is registered with another Firebase project than ${projectId}, and is forgotten: ` +
          'the app (google-services.json, GoogleService-Info.plist) and this server must have the same',
      );
      return { result: 'gone', reason };
    case 'INVALID_ARGUMENT':
      if (!namesTarget) break;
      complain(
        'registration_token',
        'FCM takes the value of a device for none of its own, and it is forgotten: the app must ' +
          'register what getToken() answers, as fcm_token (fid: a Firebase installation id)',
      );
      return { result: 'gone', reason };
    case 'THIRD_PARTY_AUTH_ERROR':
    case 'UNAUTHENTICATED':
    case 'PERMISSION_DENIED':
    case 'NOT_FOUND':
      break;
    default:
      complain(reason, `FCM takes no push for now (${reason}): it is tried again`);
      return {
        result: 'failed',
        reason,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      };
  }
  complain(reason, REFUSALS[reason](projectId));
  return { result: 'refused', reason };
}

const REFUSALS = {
  INVALID_ARGUMENT: () => 'FCM finds a push malformed, and would again: it is not sent',
  THIRD_PARTY_AUTH_ERROR: () =>
    'FCM has no key, or none that is good, for Apple or for web push: put it there in the Firebase ' +
    'console, Project settings, Cloud Messaging',
  UNAUTHENTICATED: (project: string) =>
    `FCM does not take the service account's access token for ${project}: \`livekit-switchboard doctor\` says why`,
  PERMISSION_DENIED: (project: string) =>
    `the service account may not send pushes in ${project}: give it the role ` +
    'roles/firebasecloudmessaging.admin, and enable fcm.googleapis.com there ' +
    '(`livekit-switchboard doctor` says which of them)',
  NOT_FOUND: (project: string) =>
    `FCM knows no project ${project}: correct FIREBASE_PROJECT_ID, or the app's projectId`,
} as const;
