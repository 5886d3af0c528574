// Why a token was refused: for the log and the metrics, never for the caller.

/** What can be wrong with any token of Google's. */
const COMMON_CAUSES = [
  'audience',
  'clock',
  'expired',
  'header',
  'issuer',
  'malformed',
  'placeholder',
  'signature',
  'times',
  'too_long',
  'truncated',
  'two_tokens',
  'unknown_key',
] as const;

/** The closed list of what can be wrong with an ID token; a label of the metrics. */
export const ID_TOKEN_CAUSES = [
  ...COMMON_CAUSES,
  'app_check_token',
  'custom_token',
  'emulator_token',
  'google_token',
  'livekit_token',
  'real_token',
  'revoked',
  'session_cookie',
  'subject',
] as const;
export type IdTokenCause = (typeof ID_TOKEN_CAUSES)[number];

/** The same of an App Check token. */
export const APP_CHECK_CAUSES = [
  ...COMMON_CAUSES,
  'app_id',
  'consumed',
  'debug_token',
  'id_token',
  'missing',
] as const;
export type AppCheckCause = (typeof APP_CHECK_CAUSES)[number];

export interface TokenFault<Cause extends string = string> {
  readonly cause: Cause;
  /**
   * A clause about the token that names the fix: "it is of project …". Of what the token says it
   * holds the audience, issuer, key id, app id and times, each through {@link quoted}.
   */
  readonly message: string;
  /** Google's key has made its signature, so that what it says is true. */
  readonly isSigned: boolean;
  /** What was found, where the same cause may have several: another project's name. */
  readonly found?: string;
}

const QUOTED_MAX_CHARACTERS = 80;

/**
 * What somebody else wrote, so that it can stand in a line of the log: bounded, of letters, digits
 * and the marks of names and addresses alone, and never an e-mail address.
 */
export function quoted(value: unknown): string {
  if (Array.isArray(value)) {
    const [first, second] = value;
    const more = value.length > 2 ? ' and more' : '';
    return `[${[first, second].slice(0, value.length).map(quotedScalar).join(', ')}${more}]`;
  }
  return quotedScalar(value);
}

function quotedScalar(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value !== 'string') return value === null ? 'null' : `a value of type ${typeof value}`;
  if (value.includes('@')) return 'a text with an @ in it';
  const plain = value.slice(0, QUOTED_MAX_CHARACTERS).replace(/[^\w.:/-]/g, '?');
  return value.length > QUOTED_MAX_CHARACTERS ? `"${plain}" and more` : `"${plain}"`;
}

/** How long, as a person says it. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3_600)} h`
    : `${Math.round(seconds / 86_400)} days`;
}
