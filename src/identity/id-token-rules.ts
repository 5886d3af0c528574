// What the claims of a Firebase ID token must say. The rules are those of
// https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library
// and a few more that the documentation implies; docs/decisions/0003 lists where this is stricter
// than firebase-admin.
import { SwitchboardError } from '../base/errors.ts';
import { UID_MAX_CHARACTERS } from '../base/ids.ts';
import { duration, type IdTokenCause } from '../base/token-fault.ts';
import { type IdTokenFault, idTokenFault } from './id-token-fault.ts';
import { isTime } from './jwt.ts';

type Claims = Readonly<Record<string, unknown>>;

/** How far the clocks of Google and this server may stand apart for `iat` and `auth_time`. */
const CLOCK_TOLERANCE_S = 60;
/** ID tokens live one hour; one that claims more was not made by Firebase. */
const LIFETIME_MAX_S = 3_600 + CLOCK_TOLERANCE_S;

/** To the caller all faults are one. */
export const idTokenInvalid = (cause: IdTokenFault): SwitchboardError =>
  new SwitchboardError('id_token_invalid', 'Unauthorized: Invalid token.', { cause });

export const identityUnavailable = (cause: unknown): SwitchboardError =>
  new SwitchboardError('identity_unavailable', 'Identity check is unavailable. Try again.', {
    cause,
    retryAfterSeconds: 5,
  });

/** The claims that no key could make good: audience, issuer and subject. */
export function isOfProject(claims: Claims, projectId: string): boolean {
  const { aud, iss, sub } = claims;
  return (
    aud === projectId &&
    iss === `https://securetoken.google.com/${projectId}` &&
    typeof sub === 'string' &&
    sub !== '' &&
    sub.length <= UID_MAX_CHARACTERS
  );
}

/**
 * Throws `id_token_invalid` or `id_token_expired`. Claims hold seconds since the epoch, as
 * RFC 7519's NumericDate has it. `exp` has no tolerance. `isSigned`: Google's key stands for what
 * they say.
 */
export function checkTimes(claims: Claims, nowMs: number, isSigned: boolean): void {
  const nowS = nowMs / 1000;
  const invalid = (cause: IdTokenCause, message: string) =>
    idTokenInvalid(idTokenFault(cause, message, isSigned));
  const { exp, iat, auth_time: authTime, nbf } = claims;
  if (!isTime(exp) || !isTime(iat) || !isTime(authTime)) {
    throw invalid('times', 'exp, iat and auth_time are not all numbers, as Firebase writes them');
  }
  const aheadS = Math.max(iat, authTime) - nowS;
  if (aheadS > CLOCK_TOLERANCE_S) {
    throw invalid('clock', `it was made ${duration(aheadS)} ahead of this server’s clock`);
  }
  if (exp - iat > LIFETIME_MAX_S) {
    throw invalid('times', `it lives for ${duration(exp - iat)}, and Firebase’s live for 60 min`);
  }
  // Firebase sets no `nbf`; where there is one it counts (RFC 7519, section 4.1.5).
  if (nbf !== undefined && !isTime(nbf)) throw invalid('times', 'its nbf is not a number');
  if (nbf !== undefined && nbf > nowS) {
    throw invalid(
      'clock',
      `it counts from ${duration(nbf - nowS)} ahead of this server’s clock on`,
    );
  }
  if (exp <= nowS) {
    throw new SwitchboardError('id_token_expired', 'Unauthorized: Invalid token.', {
      cause: idTokenFault('expired', `it expired ${duration(nowS - exp)} ago`, isSigned),
    });
  }
}
