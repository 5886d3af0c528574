// What APNs takes for a push (https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns).
import { type KeyObject, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http2';

/** Apple's word for what is wrong; undefined: nothing is. */
type Fault = string | undefined;

const MAX_BYTES = { voip: 5120, other: 4096 } as const;
const COLLAPSE_ID_MAX_BYTES = 64;
const TOKEN_LIFE_S = 3_600;
const TOKEN_AHEAD_S = 60;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const PUSH_TYPES = ['voip', 'alert', 'background'];

export interface ApnsTruth {
  readonly publicKey: KeyObject;
  readonly keyId: string;
  readonly teamId: string;
  readonly bundleId: string;
}

export function faultOfHeaders(headers: IncomingHttpHeaders, bundleId: string): Fault {
  const type = headers['apns-push-type'];
  const topic = headers['apns-topic'];
  if (typeof type !== 'string' || !PUSH_TYPES.includes(type)) return 'InvalidPushType';
  if (topic === undefined) return 'MissingTopic';
  if (topic !== bundleId && topic !== `${bundleId}.voip`) return 'TopicDisallowed';
  if ((type === 'voip') !== String(topic).endsWith('.voip')) return 'BadTopic';
  const priority = headers['apns-priority'] ?? '10';
  // What shows nothing may not hurry.
  if (!(type === 'background' ? ['5', '1'] : ['10', '5', '1']).includes(String(priority))) {
    return 'BadPriority';
  }
  if (!/^\d{1,15}$/.test(String(headers['apns-expiration'] ?? '0'))) return 'BadExpirationDate';
  const collapseId = String(headers['apns-collapse-id'] ?? '');
  if (Buffer.byteLength(collapseId) > COLLAPSE_ID_MAX_BYTES) return 'BadCollapseId';
  const id = headers['apns-id'];
  return id === undefined || UUID.test(String(id)) ? undefined : 'BadMessageId';
}

export function faultOfPayload(body: string, pushType: unknown): Fault {
  if (body === '') return 'PayloadEmpty';
  if (Buffer.byteLength(body) > MAX_BYTES[pushType === 'voip' ? 'voip' : 'other']) {
    return 'PayloadTooLarge';
  }
  const aps = objectIn(body)?.aps;
  if (typeof aps !== 'object' || aps === null) return 'PayloadEmpty';
  const { alert, sound, badge, 'content-available': isQuiet } = aps as Record<string, unknown>;
  if (pushType !== 'background') return undefined;
  // Apple takes one that shows something, and may never deliver it.
  const showsNothing = alert === undefined && sound === undefined && badge === undefined;
  return isQuiet === 1 && showsNothing ? undefined : 'InvalidPushType';
}

/** The word, or when the token was made, in s. */
export function lookAtToken(
  authorization: string | undefined,
  { publicKey, keyId, teamId }: ApnsTruth,
  nowMs: number,
): string | number {
  const token = /^bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return 'MissingProviderToken';
  const [head = '', claims = '', signature = '', ...rest] = token.split('.');
  const decode = (part: string) => Buffer.from(part, 'base64url');
  const { alg, kid } = objectIn(decode(head).toString()) ?? {};
  const { iss, iat } = objectIn(decode(claims).toString()) ?? {};
  const isSigned = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    decode(signature),
  );
  const isOurs = alg === 'ES256' && kid === keyId && iss === teamId && rest.length === 0;
  if (!isSigned || !isOurs || !Number.isInteger(iat)) return 'InvalidProviderToken';
  const ageS = nowMs / 1000 - (iat as number);
  if (ageS < -TOKEN_AHEAD_S) return 'InvalidProviderToken';
  return ageS > TOKEN_LIFE_S ? 'ExpiredProviderToken' : (iat as number);
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
