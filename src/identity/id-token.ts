// Firebase ID token → User. The rules are those of
// https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library
// and a few more that the documentation implies; docs/decisions/0003 lists where this is stricter
// than firebase-admin.
import { hash, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import { SwitchboardError } from '../errors.ts';
import { type User, userFromClaims } from '../user.ts';
import { isSignedBy, JWT_MAX_BYTES, type Rs256Jwt, readRs256Jwt } from './jwt.ts';
import type { KeyLookup, KeyStore } from './key-store.ts';

/** How far the clocks of Google and this server may stand apart for `iat` and `auth_time`. */
const CLOCK_TOLERANCE_S = 60;
/** ID tokens live one hour; one that claims more was not made by Firebase. */
const LIFETIME_MAX_S = 3_600 + CLOCK_TOLERANCE_S;
const UID_MAX_CHARACTERS = 128;
const REMEMBERED_MAX = 20_000;

export interface IdTokenVerifier {
  /** The user of a token that was verified before and still holds; no signature check is made. */
  remembered(token: string): User | undefined;
  /**
   * The user of `token`: at once where its key is in hand, otherwise after a fetch of the keys.
   * Throws (or rejects with) a SwitchboardError: `id_token_invalid`, `id_token_expired`, or
   * `identity_unavailable` where only a key that is out of reach could tell.
   */
  verify(token: string): User | Promise<User>;
}

interface Remembered {
  readonly user: User;
  readonly kid: string;
  readonly key: KeyObject;
  readonly expiresAt: number;
}

export const idTokenInvalid = (): SwitchboardError =>
  new SwitchboardError('id_token_invalid', 'Unauthorized: Invalid token.');
const idTokenExpired = (): SwitchboardError =>
  new SwitchboardError('id_token_expired', 'Unauthorized: Invalid token.');
export const identityUnavailable = (cause: unknown): SwitchboardError =>
  new SwitchboardError('identity_unavailable', 'Identity check is unavailable. Try again.', {
    cause,
    retryAfterSeconds: 5,
  });

export function createIdTokenVerifier(options: {
  projectId: string;
  keys: KeyStore;
  clock: Clock;
}): IdTokenVerifier {
  const { projectId, keys, clock } = options;
  const issuer = `https://securetoken.google.com/${projectId}`;
  // By hash, so that no token lies in memory for longer than its request.
  const verified = new LRUCache<string, Remembered>({ max: REMEMBERED_MAX });

  function decide(token: string, jwt: Rs256Jwt, found: KeyLookup): User {
    if (found.kind === 'unavailable') throw identityUnavailable(found.cause);
    if (found.kind === 'unknown' || !isSignedBy(jwt, found.key)) throw idTokenInvalid();
    const { sub, exp } = jwt.claims as { sub: string; exp: number };
    checkTimes(jwt.claims, clock.now() / 1000);
    const user = userFromClaims(sub, jwt.claims);
    const expiresAt = exp * 1000;
    verified.set(digestOf(token), { user, kid: jwt.kid, key: found.key, expiresAt });
    return user;
  }

  return {
    remembered(token) {
      if (token.length > JWT_MAX_BYTES) return undefined;
      const entry = verified.get(digestOf(token));
      if (entry === undefined) return undefined;
      // A token falls with its key, and is never believed beyond its `exp`.
      return keys.holds(entry.kid, entry.key) && clock.now() < entry.expiresAt
        ? entry.user
        : undefined;
    },
    verify(token) {
      const jwt = readRs256Jwt(token);
      if (jwt === undefined || !isOfProject(jwt.claims, projectId, issuer)) throw idTokenInvalid();
      const found = keys.find(jwt.kid);
      return found instanceof Promise
        ? found.then((late) => decide(token, jwt, late))
        : decide(token, jwt, found);
    },
  };
}

const digestOf = (token: string): string => hash('sha256', token, 'base64url');

/** The claims that no key could make good. */
function isOfProject(claims: Rs256Jwt['claims'], projectId: string, issuer: string): boolean {
  const { aud, iss, sub } = claims;
  return (
    aud === projectId &&
    iss === issuer &&
    typeof sub === 'string' &&
    sub !== '' &&
    sub.length <= UID_MAX_CHARACTERS
  );
}

/** Seconds since the epoch, as RFC 7519's NumericDate has it. `exp` has no tolerance. */
function checkTimes(claims: Rs256Jwt['claims'], nowS: number): void {
  const { exp, iat, auth_time: authTime, nbf } = claims;
  if (!isTime(exp) || !isTime(iat) || !isTime(authTime)) throw idTokenInvalid();
  if (iat > nowS + CLOCK_TOLERANCE_S || authTime > nowS + CLOCK_TOLERANCE_S) throw idTokenInvalid();
  if (exp - iat > LIFETIME_MAX_S) throw idTokenInvalid();
  // Firebase sets no `nbf`; where there is one it counts (RFC 7519, section 4.1.5).
  if (nbf !== undefined && (!isTime(nbf) || nbf > nowS)) throw idTokenInvalid();
  if (exp <= nowS) throw idTokenExpired();
}

const isTime = (value: unknown): value is number => Number.isFinite(value);
