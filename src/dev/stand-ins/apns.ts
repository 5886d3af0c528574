// Stands in for APNs, one of its two servers: the wire of its HTTP/2 interface.
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { type ApnsTruth, faultOfHeaders, faultOfPayload, lookAtToken } from './apns-form.ts';
import {
  type Came,
  type Disorder,
  isDisorder,
  type ProviderServer,
  type Reply,
  startProviderServer,
  type Tls,
} from './provider-server.ts';

/** https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns */
const FAULTS = {
  BadCollapseId: 400,
  BadDeviceToken: 400,
  BadExpirationDate: 400,
  BadMessageId: 400,
  BadPriority: 400,
  BadTopic: 400,
  DeviceTokenNotForTopic: 400,
  DuplicateHeaders: 400,
  IdleTimeout: 400,
  InvalidPushType: 400,
  MissingDeviceToken: 400,
  MissingTopic: 400,
  PayloadEmpty: 400,
  TopicDisallowed: 400,
  BadCertificate: 403,
  BadCertificateEnvironment: 403,
  ExpiredProviderToken: 403,
  Forbidden: 403,
  InvalidProviderToken: 403,
  MissingProviderToken: 403,
  UnrelatedKeyIdInToken: 403,
  BadEnvironmentKeyIdInToken: 403,
  BadEnvironmentKeyInToken: 403,
  BadPath: 404,
  MethodNotAllowed: 405,
  ExpiredToken: 410,
  Unregistered: 410,
  PayloadTooLarge: 413,
  TooManyProviderTokenUpdates: 429,
  TooManyRequests: 429,
  InternalServerError: 500,
  ServiceUnavailable: 503,
  Shutdown: 503,
} as const;

export type ApnsFaultName = keyof typeof FAULTS;
export const APNS_FAULTS = Object.keys(FAULTS) as ApnsFaultName[];

export type ApnsStandInAnswer =
  | 'right'
  | Disorder
  | ApnsFaultName
  | { readonly fault: ApnsFaultName; readonly retryAfter: string };

export interface ApnsPush {
  readonly token: string;
  readonly headers: Came['headers'];
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface ApnsKeyPair {
  /** As Apple hands it out: the text of a .p8 file. */
  readonly key: string;
  readonly keyId: string;
  readonly teamId: string;
  readonly publicKey: KeyObject;
}

export interface ApnsStandIn {
  /** Its connections. */
  readonly server: ProviderServer;
  /** All that came and was in order, the newest last. */
  readonly pushes: readonly ApnsPush[];
  /** Whatever came so far, in order or not. */
  readonly asked: number;
  /** When the tokens that it was asked with were made, each once, in s. */
  readonly tokensMadeAt: readonly number[];
  /** What it does from now on. */
  answerWith(answer: ApnsStandInAnswer): void;
  /** Calls the tokens that were made until now too old. */
  expireTokens(): void;
  /** Says so of this device from now on: `BadDeviceToken` where it belongs to Apple's other server. */
  forget(token: string, fault?: 'Unregistered' | 'ExpiredToken' | 'BadDeviceToken'): void;
  stop(): Promise<void>;
}

const KEPT_MAX = 2_000;
const UPDATE_AFTER_S = 20 * 60;

export function makeApnsKeys(keyId = 'STANDINKEY', teamId = 'STANDINTEA'): ApnsKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { key, keyId, teamId, publicKey };
}

/** `onPush` hears of each push that was taken. */
export async function startApnsStandIn(
  options: ApnsTruth & {
    clock: Clock;
    tls?: Tls;
    onPush?: (push: ApnsPush) => void;
    /** When an answer goes out: by itself at once. */
    later?: (send: () => void) => void;
  },
): Promise<ApnsStandIn> {
  const { clock, tls, onPush, later } = options;
  const pushes: ApnsPush[] = [];
  const tokensMadeAt: number[] = [];
  const forgotten = new Map<string, ApnsFaultName>();
  let answer: ApnsStandInAnswer = 'right';
  let asked = 0;
  let oldestS = 0;

  function faultOf({ headers, body }: Came, token: string | undefined): string | undefined {
    if (headers[':method'] !== 'POST') return 'MethodNotAllowed';
    if (token === undefined) return 'BadPath';
    if (token === '') return 'MissingDeviceToken';
    const made = lookAtToken(headers.authorization, options, clock.now());
    if (typeof made === 'string') return made;
    if (made < oldestS) return 'ExpiredProviderToken';
    if (!tokensMadeAt.includes(made)) {
      const last = tokensMadeAt.at(-1);
      if (last !== undefined && made - last < UPDATE_AFTER_S) return 'TooManyProviderTokenUpdates';
      tokensMadeAt.push(made);
    }
    // All zeros is nobody's.
    if (!/^[0-9a-f]{64,200}$/i.test(token) || /^0+$/.test(token)) return 'BadDeviceToken';
    const pushType = headers['apns-push-type'];
    return (
      forgotten.get(token) ??
      faultOfHeaders(headers, options.bundleId) ??
      faultOfPayload(body, pushType)
    );
  }

  function judge(came: Came): Reply {
    const token = /^\/3\/device\/([^/]*)$/.exec(came.headers[':path'] ?? '')?.[1];
    const found = faultOf(came, token) as ApnsFaultName | undefined;
    if (found !== undefined) return replyOf(found, clock);
    const push = { token: token as string, headers: came.headers, payload: JSON.parse(came.body) };
    if (pushes.push(push) > KEPT_MAX) pushes.shift();
    onPush?.(push);
    return {
      status: 200,
      headers: { 'apns-id': came.headers['apns-id']?.toString() ?? randomUUID() },
    };
  }

  const server = await startProviderServer({
    ...{ tls, later },
    answer(came) {
      asked += 1;
      if (answer === 'right') return judge(came);
      if (isDisorder(answer)) return answer;
      if (typeof answer === 'string') return replyOf(answer, clock);
      return replyOf(answer.fault, clock, answer.retryAfter);
    },
  });
  return {
    server,
    pushes,
    tokensMadeAt,
    get asked() {
      return asked;
    },
    answerWith(next) {
      answer = next;
    },
    expireTokens() {
      oldestS = Math.floor(clock.now() / 1000);
    },
    forget: (token, fault = 'Unregistered') => void forgotten.set(token, fault),
    stop: server.stop,
  };
}

function replyOf(reason: ApnsFaultName, clock: Clock, retryAfter?: string): Reply {
  const status = FAULTS[reason];
  return {
    status,
    headers: {
      'apns-id': randomUUID(),
      ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
    },
    body: { reason, ...(status === 410 && { timestamp: clock.now() }) },
  };
}
