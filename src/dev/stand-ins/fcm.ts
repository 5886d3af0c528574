// Stands in for FCM, whose emulator there is none: the wire of its HTTP v1 interface.
import type { FirebaseApp } from '../../base/firebase-admin.ts';
import { fieldAtFault, isObject } from './fcm-form.ts';
import {
  type Came,
  type Disorder,
  isDisorder,
  type ProviderServer,
  type Reply,
  startProviderServer,
  type Tls,
} from './provider-server.ts';

interface FcmFault {
  readonly status: number;
  readonly google: string;
  /** FCM's own word, in the details. */
  readonly fcm?: string;
  readonly message: string;
}

/** As FCM words them: a code of its own where it has one, else Google's. */
const FAULTS = {
  UNREGISTERED: fault(404, 'NOT_FOUND', 'Requested entity was not found.'),
  SENDER_ID_MISMATCH: fault(403, 'PERMISSION_DENIED', 'SenderId mismatch'),
  INVALID_ARGUMENT: fault(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.'),
  QUOTA_EXCEEDED: fault(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded for messages per minute.'),
  UNAVAILABLE: fault(503, 'UNAVAILABLE', 'The service is currently unavailable.'),
  INTERNAL: fault(500, 'INTERNAL', 'Internal error encountered.'),
  THIRD_PARTY_AUTH_ERROR: fault(401, 'UNAUTHENTICATED', 'Auth error from APNS or Web Push Service'),
  UNSPECIFIED_ERROR: fault(500, 'UNKNOWN', 'Unknown error.'),
  INVALID_TOKEN: {
    ...fault(
      400,
      'INVALID_ARGUMENT',
      'The registration token is not a valid FCM registration token',
    ),
    fcm: 'INVALID_ARGUMENT',
  },
  UNAUTHENTICATED: plain(
    401,
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token.',
  ),
  PERMISSION_DENIED: plain(
    403,
    'PERMISSION_DENIED',
    "Permission 'cloudmessaging.messages.create' denied on resource '//cloudresourcemanager.googleapis.com/projects/demo' (or it may not exist).",
  ),
  SERVICE_DISABLED: plain(
    403,
    'PERMISSION_DENIED',
    'Firebase Cloud Messaging API has not been used in project 1 before or it is disabled. Enable it by visiting the console then retry.',
  ),
  NOT_FOUND: plain(404, 'NOT_FOUND', 'Project not found.'),
  RESOURCE_EXHAUSTED: plain(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted.'),
} as const satisfies Record<string, FcmFault>;

function fault(status: number, google: string, message: string): FcmFault {
  return { status, google, message };
}
function plain(status: number, google: string, message: string): FcmFault & { fcm: '' } {
  return { status, google, message, fcm: '' };
}

export type FcmFaultName = keyof typeof FAULTS;
export const FCM_FAULTS = Object.keys(FAULTS) as FcmFaultName[];

export type FcmStandInAnswer =
  | 'right'
  | Disorder
  | FcmFaultName
  | { readonly fault: FcmFaultName; readonly retryAfter: string };

export interface FcmPush {
  readonly message: Readonly<Record<string, unknown>>;
  /** It was only looked at. */
  readonly isDryRun: boolean;
  readonly headers: Came['headers'];
}

export interface FcmStandIn {
  /** Its connections. */
  readonly server: ProviderServer;
  readonly projectId: string;
  /** All that came and was in order, the newest last. */
  readonly pushes: readonly FcmPush[];
  /** Whatever came so far, in order or not. */
  readonly asked: number;
  /** What it does from now on. */
  answerWith(answer: FcmStandInAnswer): void;
  /** Nobody has this token or fid any more. */
  forget(value: string): void;
  /** Takes no other access token from now on. */
  acceptOnly(accessToken: string): void;
  /** An app that this stand-in lets in, made of nothing; any other with that project will do. */
  readonly app: FirebaseApp;
  stop(): Promise<void>;
}

const ACCESS_TOKEN = 'stand-in-access-token';
const KEPT_MAX = 2_000;

/** `onPush` hears of each push that was taken. */
export async function startFcmStandIn(options: {
  projectId: string;
  tls?: Tls;
  onPush?: (push: FcmPush) => void;
  /** When an answer goes out: by itself at once. */
  later?: (send: () => void) => void;
}): Promise<FcmStandIn> {
  const { projectId, tls, onPush, later } = options;
  const pushes: FcmPush[] = [];
  const forgotten = new Set<string>();
  let accepted = ACCESS_TOKEN;
  let answer: FcmStandInAnswer = 'right';
  let asked = 0;

  function judge({ headers, body }: Came): Reply {
    if (headers.authorization !== `Bearer ${accepted}`) return replyOf('UNAUTHENTICATED');
    if (headers[':path'] !== `/v1/projects/${projectId}/messages:send`) return replyOf('NOT_FOUND');
    const isPost = headers[':method'] === 'POST';
    const given = parsed(body);
    if (!isPost || !headers['content-type']?.startsWith('application/json') || !isObject(given)) {
      return replyOf('INVALID_ARGUMENT');
    }
    const field = fieldAtFault(given);
    if (field === 'message.token' || field === 'message.fid') return replyOf('INVALID_TOKEN');
    if (field !== undefined) return replyOf('INVALID_ARGUMENT', { field });
    const message = given.message as FcmPush['message'];
    if (forgotten.has(String(message.token ?? message.fid))) return replyOf('UNREGISTERED');
    const push = { message, isDryRun: given.validate_only === true, headers };
    if (pushes.push(push) > KEPT_MAX) pushes.shift();
    onPush?.(push);
    return { status: 200, body: { name: `projects/${projectId}/messages/${pushes.length}` } };
  }

  const server = await startProviderServer({
    ...{ tls, later },
    answer(came) {
      asked += 1;
      if (answer === 'right') return judge(came);
      if (isDisorder(answer)) return answer;
      return typeof answer === 'string' ? replyOf(answer) : replyOf(answer.fault, answer);
    },
  });
  return {
    server,
    projectId,
    pushes,
    app: appOf(projectId),
    get asked() {
      return asked;
    },
    answerWith(next) {
      answer = next;
    },
    forget: (value) => void forgotten.add(value),
    acceptOnly(accessToken) {
      accepted = accessToken;
    },
    stop: server.stop,
  };
}

const appOf = (projectId: string): FirebaseApp => ({
  options: {
    projectId,
    credential: {
      getAccessToken: async () => ({ access_token: ACCESS_TOKEN, expires_in: 3600 }),
    },
  },
});

function replyOf(name: FcmFaultName, more: { field?: string; retryAfter?: string } = {}): Reply {
  const { status, google, message, fcm = name }: FcmFault = FAULTS[name];
  const { field, retryAfter } = more;
  const details = [
    ...(fcm === ''
      ? []
      : [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: fcm }]),
    ...(field === undefined
      ? []
      : [
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field, description: `Invalid value at '${field}'` }],
          },
        ]),
  ];
  return {
    status,
    ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }),
    body: { error: { code: status, message, status: google, details } },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
