// FCM's HTTP v1 interface (https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send),
// by HTTP/2 and one connection: firebase-admin can't be bounded to a ring's time (docs/decisions/0024).
import type { Clock } from '../../base/clock.ts';
import type { FirebaseApp } from '../../base/firebase-admin.ts';
import { createHttp2Connection, type Http2Answer } from '../../base/http2-connection.ts';
import { retryAfterMs } from '../../base/retry-after.ts';
import { VERSION } from '../../base/version.ts';
import { createAccessTokens } from './access-token.ts';

export const FCM_URL = 'https://fcm.googleapis.com';

export interface FcmOptions {
  readonly app: FirebaseApp;
  /** Default: the app's own. */
  readonly projectId?: string | undefined;
  readonly clock: Clock;
  /** For tests and development: `http://…` or `https://…`, without a path. */
  readonly url?: string | undefined;
}

export interface FcmAnswer {
  readonly status: number;
  /** `OK`, FCM's error code, else Google's, else `nonsense`: of a closed set. */
  readonly code: string;
  /** The token or fid is not one at all. */
  readonly namesTarget: boolean;
  readonly retryAfterMs: number | undefined;
  /** Only to be looked at, never to be shown: it may quote what was sent. */
  readonly message: string;
}

export interface FcmApi {
  readonly projectId: string;
  /** Rejects where there is no answer. */
  post(body: { message: object; validate_only?: true }, signal: AbortSignal): Promise<FcmAnswer>;
  /** Fetches an access token and connects. Rejects. */
  open(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** FCM's own first (https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode), then Google's. */
const FCM_CODES: readonly string[] = [
  'UNSPECIFIED_ERROR',
  'INVALID_ARGUMENT',
  'UNREGISTERED',
  'SENDER_ID_MISMATCH',
  'QUOTA_EXCEEDED',
  'UNAVAILABLE',
  'INTERNAL',
  'THIRD_PARTY_AUTH_ERROR',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'RESOURCE_EXHAUSTED',
];

/** @throws TypeError where app or project leave nothing to ask with. */
export function createFcmApi(options: FcmOptions): FcmApi {
  const { app, clock, url = FCM_URL } = options;
  const projectId = options.projectId ?? app.options.projectId;
  if (projectId === undefined) {
    throw new TypeError('the Firebase app has no projectId: give initializeApp one');
  }
  const tokens = createAccessTokens({ app, clock });
  const connection = createHttp2Connection({ origin: url, clock });
  const path = `/v1/projects/${projectId}/messages:send`;

  async function once(body: string, signal: AbortSignal): Promise<FcmAnswer> {
    const headers = {
      ...(await tokens.headers(signal)),
      'content-type': 'application/json',
      'user-agent': `livekit-switchboard/${VERSION}`,
    };
    return answerOf(await connection.ask({ path, headers, body, signal }), clock);
  }

  return {
    projectId,
    async post(message, signal) {
      const body = JSON.stringify(message);
      const answer = await once(body, signal);
      if (answer.code !== 'UNAUTHENTICATED') return answer;
      // Tokens can be revoked before their time.
      tokens.drop();
      return await once(body, signal);
    },
    async open(signal) {
      await Promise.all([tokens.headers(signal), connection.open()]);
    },
    close: connection.close,
  };
}

function answerOf({ status, headers, text }: Http2Answer, clock: Clock): FcmAnswer {
  const body = jsonIn(text);
  const { error } = body;
  const { status: ofGoogle, message, details } = fieldsIn(error);
  const list = (Array.isArray(details) ? details : []).map(fieldsIn);
  const ofFcm = list.find(({ errorCode }) => errorCode !== undefined)?.errorCode;
  const fields = list.flatMap(({ fieldViolations }) =>
    Array.isArray(fieldViolations) ? fieldViolations.map((one) => fieldsIn(one).field) : [],
  );
  return {
    status,
    code: codeOf({ status, isSent: typeof body.name === 'string', codes: [ofFcm, ofGoogle] }),
    namesTarget:
      fields.some((field) => field === 'message.token' || field === 'message.fid') ||
      /registration token|installation id/i.test(String(message)),
    retryAfterMs: retryAfterMs(headers['retry-after'], clock.now()),
    message: String(message ?? ''),
  };
}

function codeOf(of: { status: number; isSent: boolean; codes: readonly unknown[] }): string {
  if (of.status === 200) return of.isSent ? 'OK' : 'nonsense';
  const known = of.codes.find((code) => FCM_CODES.includes(code as string));
  if (known !== undefined) return known as string;
  // Of what stands in front of Google.
  if (of.status === 429) return 'RESOURCE_EXHAUSTED';
  return of.status >= 500 ? 'UNAVAILABLE' : 'nonsense';
}

function jsonIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsIn(JSON.parse(text));
  } catch {
    return {};
  }
}

const fieldsIn = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
