// What came in a token's place, told by its outside: for the log alone.
import type { KeyObject } from 'node:crypto';
import type { TokenFault } from '../base/token-fault.ts';
import { JWT_MAX_BYTES, type Rs256Jwt } from './jwt.ts';

type ShapeCause = 'malformed' | 'placeholder' | 'too_long' | 'truncated' | 'two_tokens';

/** What an app sends that has no token in hand, or has put it into a text in the wrong way. */
const PLACEHOLDERS: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:undefined|null|nil|none|nan|true|false|\(null\))$/i,
    'it is a word that stands for no value (undefined, null, …): the app asked before anybody was signed in',
  ],
  [
    /^\[object |^Instance of |^<?Promise|^Future|Task@|\.tasks\.|^function|=>/,
    'it is a promise, future or object put into a text: await getIdToken(), and send the string that it gives',
  ],
  [/^(?:\$\{?\w|\{\{|%\w+%|<[^e]|your[-_ ])/i, 'it is a placeholder that nobody has filled in'],
  // The SDKs' own, sent where App Check failed in the app: {"error":"UNKNOWN_ERROR"}.
  [
    /^eyJlcnJvciI6/,
    'it is what Firebase’s SDK gives where it could get no App Check token: the app’s own log says why',
  ],
];

/** A good token with something around it. */
const WRAPPED: readonly (readonly [RegExp, string])[] = [
  [/^["'`]/, 'it has quotes around it: send the string, and not JSON of it'],
  [/^bearer\b/i, 'it has the word Bearer twice'],
  [/^Optional\(/, 'it is a Swift optional put into a text: unwrap it'],
  [/^b["']/, 'it is Python’s way to write bytes: decode it'],
  [/^</, 'it has angle brackets around it'],
  [/^(?:token|id_?token|jwt)[=:]/i, 'it has a name in front of it'],
  [/%(?:2[Ee]|3[Dd]|20)/, 'it is percent-encoded'],
];

/** What else people hold in their hands. */
const OTHER_SECRETS: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:AMf-|AEu4I|AOEOul|APJWN8)/,
    'it looks like a refresh token of Firebase: send what getIdToken() gives',
  ],
  [/^1\/\//, 'it looks like a refresh token of Google: send what Firebase’s getIdToken() gives'],
  [/^ya29\./, 'it looks like an access token of Google: send what Firebase’s getIdToken() gives'],
  [
    /^EAA\w{20}/,
    'it looks like an access token of Facebook: send what Firebase’s getIdToken() gives',
  ],
  [/^AIza[\w-]{35}$/, 'it looks like an API key: send what getIdToken() gives'],
  [/^[A-Za-z0-9]{28}$/, 'it looks like a uid: send what getIdToken() gives'],
];

const LOGS_CUT = 'logs of phones cut at about 1,000 characters';
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Undefined where it is written as a signed or unsigned JWT is. */
export function faultOfShape(token: string): TokenFault<ShapeCause> | undefined {
  if (token.length > JWT_MAX_BYTES) {
    return fault(
      'too_long',
      `it has ${token.length} bytes, and at most ${JWT_MAX_BYTES} are read: custom claims have at most 1,000`,
    );
  }
  if (JWT.test(token) && !token.startsWith('ya29.')) return undefined;
  const said = (table: typeof WRAPPED) => table.find(([form]) => form.test(token))?.[1];
  const placeholder = said(PLACEHOLDERS);
  if (placeholder !== undefined) return fault('placeholder', placeholder);
  if (/,\s*(?:bearer\b|basic\b|eyJ)/i.test(token)) {
    return fault(
      'two_tokens',
      'there are two in one header, joined by a comma: a client or a proxy adds one where it should set it',
    );
  }
  const other = said(WRAPPED) ?? said(OTHER_SECRETS);
  if (other !== undefined) return fault('malformed', other);
  return token.startsWith('eyJ') ? faultOfParts(token) : fault('malformed', 'it is no JWT');
}

function faultOfParts(token: string): TokenFault<ShapeCause> {
  const parts = token.split('.').length;
  if (parts < 3) {
    return fault(
      'truncated',
      `it has ${parts} of a JWT’s three parts: it was cut short (${LOGS_CUT})`,
    );
  }
  if (parts === 5) {
    return fault(
      'malformed',
      'it is an encrypted JWT (JWE), as other libraries for signing in make them',
    );
  }
  return fault(
    'malformed',
    parts === 3
      ? 'it has characters in it that no JWT has (a space, a line end, padding)'
      : `it has ${parts} parts, and a JWT has three`,
  );
}

const fault = <Cause extends string>(cause: Cause, message: string): TokenFault<Cause> => ({
  cause,
  message,
  isSigned: false,
});

/** What is wrong with a signature that the key did not make. */
export function faultOfSignature(
  { signature }: Rs256Jwt,
  key: KeyObject,
): TokenFault<'signature' | 'truncated'> {
  const keyBytes = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  return signature.length < keyBytes
    ? fault(
        'truncated',
        `its signature has ${signature.length} bytes of ${keyBytes}: it was cut short (${LOGS_CUT})`,
      )
    : fault(
        'signature',
        'the key that it names did not make its signature: it was forged or changed',
      );
}
