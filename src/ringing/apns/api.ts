// APNs, asked over HTTP/2: one connection a host. Why not by a library: docs/decisions/0025.
import type { Clock } from '../../base/clock.ts';
import { createHttp2Connection, type Http2Answer } from '../../base/http2-connection.ts';
import { retryAfterMs } from '../../base/retry-after.ts';
import { createProviderTokens } from './key.ts';

export const APNS_HOSTS: ApnsHosts = {
  production: 'https://api.push.apple.com',
  sandbox: 'https://api.sandbox.push.apple.com',
};

export interface ApnsHosts {
  readonly production: string;
  /** Of apps that Xcode has installed. */
  readonly sandbox: string;
}

export interface ApnsKeys {
  /** Free of `faultOfApnsKey`. */
  readonly key: string;
  readonly keyId: string;
  readonly teamId: string;
}

export interface ApnsOptions extends ApnsKeys {
  readonly clock: Clock;
  /** For tests and development: `http://…` or `https://…`, without a path. */
  readonly hosts?: ApnsHosts | undefined;
}

export interface ApnsQuestion {
  readonly host: keyof ApnsHosts;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: object;
}

export interface ApnsAnswer {
  /** `OK`, Apple's reason, or `nonsense`: of a closed set. */
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
}

export interface ApnsApi {
  /** Rejects where there is no answer. */
  post(question: ApnsQuestion, signal: AbortSignal): Promise<ApnsAnswer>;
  open(host: keyof ApnsHosts): Promise<void>;
  close(): void;
}

/** https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns */
const APNS_REASONS: readonly string[] = [
  'BadCollapseId',
  'BadDeviceToken',
  'BadExpirationDate',
  'BadMessageId',
  'BadPriority',
  'BadTopic',
  'DeviceTokenNotForTopic',
  'DuplicateHeaders',
  'IdleTimeout',
  'InvalidPushType',
  'MissingDeviceToken',
  'MissingTopic',
  'PayloadEmpty',
  'TopicDisallowed',
  'BadCertificate',
  'BadCertificateEnvironment',
  'ExpiredProviderToken',
  'Forbidden',
  'InvalidProviderToken',
  'MissingProviderToken',
  'UnrelatedKeyIdInToken',
  'BadEnvironmentKeyIdInToken',
  'BadEnvironmentKeyInToken',
  'BadPath',
  'MethodNotAllowed',
  'ExpiredToken',
  'Unregistered',
  'PayloadTooLarge',
  'TooManyProviderTokenUpdates',
  'TooManyRequests',
  'InternalServerError',
  'ServiceUnavailable',
  'Shutdown',
];

/** @throws TypeError where the key has a fault. */
export function createApnsApi(options: ApnsOptions): ApnsApi {
  const { clock, hosts = APNS_HOSTS } = options;
  const tokens = createProviderTokens(options);
  const connections = {
    production: createHttp2Connection({ origin: hosts.production, clock }),
    sandbox: createHttp2Connection({ origin: hosts.sandbox, clock }),
  };

  return {
    async post({ host, token, headers, payload }, signal) {
      const body = JSON.stringify(payload);
      const once = async (by: string): Promise<ApnsAnswer> => {
        const answer = await connections[host].ask({
          path: `/3/device/${token}`,
          headers: {
            ...headers,
            authorization: `bearer ${by}`,
            'content-type': 'application/json',
          },
          body,
          signal,
        });
        return answerOf(answer, clock);
      };
      const used = tokens.current();
      const answer = await once(used);
      if (answer.reason !== 'ExpiredProviderToken') return answer;
      const other = tokens.insteadOf(used);
      return other === undefined ? answer : await once(other);
    },
    open: (host) => connections[host].open(),
    close() {
      connections.production.close();
      connections.sandbox.close();
    },
  };
}

function answerOf({ status, headers, text }: Http2Answer, clock: Clock): ApnsAnswer {
  // Apple takes a push without a word.
  const isTaken = status === 200 && text === '';
  return {
    reason: isTaken ? 'OK' : (reasonIn(text) ?? reasonOf(status)),
    retryAfterMs: retryAfterMs(headers['retry-after'], clock.now()),
  };
}

/** Of what stands in front of Apple. */
function reasonOf(status: number): string {
  if (status === 429) return 'TooManyRequests';
  return status >= 500 ? 'ServiceUnavailable' : 'nonsense';
}

function reasonIn(text: string): string | undefined {
  try {
    const { reason } = JSON.parse(text);
    return APNS_REASONS.includes(reason) ? reason : undefined;
  } catch {
    return undefined;
  }
}
