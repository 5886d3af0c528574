// Reading a signed token of Google's (ID token, App Check token): RS256 and nothing else.
import { isUtf8 } from 'node:buffer';
import { type KeyObject, verify } from 'node:crypto';

/** Longer tokens are refused before any work. Real ones have about 1 KiB. */
export const JWT_MAX_BYTES = 8192;

export interface Rs256Jwt {
  readonly kid: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signingInput: string;
  readonly signature: Buffer;
}

const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;
const UNSECURED = /^([\w-]+)\.([\w-]+)\.$/;

/**
 * Takes a compact JWS apart (RFC 7515, section 7.1), unverified. Undefined for all that no key
 * could make good: another shape, another `alg`, no `kid`, or a `crit` header (section 4.1.11:
 * extensions that are not understood must be refused, and none are).
 */
export function readRs256Jwt(token: string): Rs256Jwt | undefined {
  if (token.length > JWT_MAX_BYTES) return undefined;
  const parts = COMPACT.exec(token);
  if (parts === null) return undefined;
  const [, encodedHeader, encodedClaims, encodedSignature] = parts as unknown as string[];
  const kid = kidIn(objectOf(textOf(encodedHeader as string)));
  if (kid === undefined) return undefined;
  const claims = objectOf(textOf(encodedClaims as string));
  if (claims === undefined) return undefined;
  return {
    kid,
    claims,
    signingInput: token.slice(0, token.lastIndexOf('.')),
    signature: Buffer.from(encodedSignature as string, 'base64url'),
  };
}

function kidIn(header: Record<string, unknown> | undefined): string | undefined {
  if (header?.alg !== 'RS256' || 'crit' in header) return undefined;
  return typeof header.kid === 'string' && header.kid !== '' ? header.kid : undefined;
}

/** The claims of an unsecured JWT (RFC 7519, section 6): `alg` none, an empty signature. */
export function readUnsignedJwt(token: string): Rs256Jwt['claims'] | undefined {
  if (token.length > JWT_MAX_BYTES) return undefined;
  const [, encodedHeader, encodedClaims] = UNSECURED.exec(token) ?? [];
  if (encodedHeader === undefined || encodedClaims === undefined) return undefined;
  const header = objectOf(textOf(encodedHeader));
  if (header?.alg !== 'none' || 'crit' in header) return undefined;
  return objectOf(textOf(encodedClaims));
}

/** A header and claims as they stand, whatever they say: to tell why a token was refused, and for nothing else. */
export interface Peeked {
  readonly header: Readonly<Record<string, unknown>> | undefined;
  readonly claims: Rs256Jwt['claims'] | undefined;
}

export function peekJwt(token: string): Peeked {
  const [header = '', claims = ''] = token.slice(0, JWT_MAX_BYTES).split('.');
  return { header: objectOf(textOf(header)), claims: objectOf(textOf(claims)) };
}

/** Whether `key` made the token's signature. `node:crypto`, because WebCrypto costs two to nine times as much. */
export function isSignedBy(jwt: Rs256Jwt, key: KeyObject): boolean {
  return verify('sha256', Buffer.from(jwt.signingInput, 'latin1'), key, jwt.signature);
}

/** Whether one of the keys in hand made it. Nothing is fetched for a token that is refused already. */
export function isSignedByOneInHand(
  jwt: Rs256Jwt | undefined,
  keys: { inHand(kid: string): KeyObject | undefined },
): boolean {
  const key = jwt && keys.inHand(jwt.kid);
  return jwt !== undefined && key !== undefined && isSignedBy(jwt, key);
}

/** A NumericDate (RFC 7519, section 2): seconds since the epoch. */
export const isTime = (value: unknown): value is number => Number.isFinite(value);

/** Undefined where the bytes are not UTF-8. A byte order mark stays: JSON.parse refuses it (RFC 8259, section 8.1). */
function textOf(base64url: string): string | undefined {
  const bytes = Buffer.from(base64url, 'base64url');
  return isUtf8(bytes) ? bytes.toString() : undefined;
}

function objectOf(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
