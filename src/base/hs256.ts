// HS256 (RFC 7518, section 3.2): LiveKit's tokens, those that we sign and those that it signs for us.
// `node:crypto` on a kept key: WebCrypto, on which LiveKit's SDK stands, costs three times as much.
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

/** Longer tokens are refused before any work. LiveKit's have some 300 bytes. */
const VERIFIED_MAX_BYTES = 4096;
const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

export interface Hs256 {
  /** `claims`: JSON text. */
  sign(claims: string): string;
  /** The claims where this secret has signed them. Their times are not looked at. */
  claimsIn(token: string): Readonly<Record<string, unknown>> | undefined;
}

const HEADER = `${base64url(JSON.stringify({ alg: 'HS256', typ: 'JWT' }))}.`;

export function createHs256(secret: string): Hs256 {
  const key = createSecretKey(Buffer.from(secret));
  const signatureOf = (signingInput: string) => createHmac('sha256', key).update(signingInput);
  return {
    sign(claims) {
      const signingInput = HEADER + base64url(claims);
      return `${signingInput}.${signatureOf(signingInput).digest('base64url')}`;
    },
    claimsIn(token) {
      if (token.length > VERIFIED_MAX_BYTES) return undefined;
      const [, header = '', claims = '', signature = ''] = COMPACT.exec(token) ?? [];
      if (signature === '') return undefined;
      const right = signatureOf(`${header}.${claims}`).digest();
      const given = Buffer.from(signature, 'base64url');
      if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
      const { alg, crit } = objectIn(header) ?? {};
      // An extension that is not understood must be refused (RFC 7515, section 4.1.11).
      return alg === 'HS256' && crit === undefined ? objectIn(claims) : undefined;
    },
  };
}

function objectIn(encoded: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
