// Reading a signed token of Google's (ID token, App Check token): RS256 and nothing else.
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
// A byte order mark is no JSON (RFC 8259, section 8.1): kept, so that JSON.parse refuses it.
const UNSECURED = /^([\w-]+)\.([\w-]+)\.$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

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
  const header = objectOf(encodedHeader as string);
  if (header?.alg !== 'RS256' || 'crit' in header) return undefined;
  if (typeof header.kid !== 'string' || header.kid === '') return undefined;
  const claims = objectOf(encodedClaims as string);
  if (claims === undefined) return undefined;
  return {
    kid: header.kid,
    claims,
    signingInput: token.slice(0, token.lastIndexOf('.')),
    signature: Buffer.from(encodedSignature as string, 'base64url'),
  };
}

/** The claims of an unsecured JWT (RFC 7519, section 6): `alg` none, an empty signature. */
export function readUnsignedJwt(token: string): Rs256Jwt['claims'] | undefined {
  if (token.length > JWT_MAX_BYTES) return undefined;
  const [, encodedHeader, encodedClaims] = UNSECURED.exec(token) ?? [];
  if (encodedHeader === undefined || encodedClaims === undefined) return undefined;
  const header = objectOf(encodedHeader);
  if (header?.alg !== 'none' || 'crit' in header) return undefined;
  return objectOf(encodedClaims);
}

/** Whether `key` made the token's signature. `node:crypto`, because WebCrypto costs twice as much. */
export function isSignedBy(jwt: Rs256Jwt, key: KeyObject): boolean {
  return verify('sha256', Buffer.from(jwt.signingInput), key, jwt.signature);
}

function objectOf(base64url: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(base64url, 'base64url')));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
