// Good and bad ID tokens, and what becomes of each: the one list that our verifier, jose and
// firebase-admin all judge.
import {
  base64url,
  ISSUER,
  idTokenClaims,
  jwkOf,
  PROJECT_ID,
  type SigningKey,
  signIdToken,
  signingKey,
  signSegments,
} from '../fakes/firebase.ts';

/** The instant at which every verifier judges, in milliseconds. */
export const NOW_MS = Date.UTC(2026, 10, 22, 12, 0, 0);
const NOW = NOW_MS / 1000;

const google = signingKey('google-key-1');
const googleToo = signingKey('google-key-2');
const small = signingKey('small-key', 'RSA-1024');
const elliptic = signingKey('elliptic-key', 'EC');
/** Another key pair under the id of Google's. */
const forger: SigningKey = { ...signingKey('forger'), kid: google.kid };

/** What the key endpoint lists while the corpus is judged. */
export const PUBLISHED_KEYS = [google, googleToo, small, elliptic] as const;

/** Who judges beside us. */
export const ORACLES = ['jose', 'firebase-admin'] as const;
export type Oracle = (typeof ORACLES)[number];

export interface IdTokenCase {
  readonly name: string;
  readonly token: string;
  readonly verdict: 'accepted' | 'id_token_invalid' | 'id_token_expired';
  /** Refused by us alone: who would let it in, and why we do not. */
  readonly stricterThan?: readonly Oracle[];
  readonly because?: string;
  /** Wrong in its shape, `alg`, `aud`, `iss` or `sub`, which no key could make good. */
  readonly beyondAnyKey?: boolean;
}

const accepted = (name: string, token: string): IdTokenCase => ({
  name,
  token,
  verdict: 'accepted',
});
const invalid = (name: string, token: string): IdTokenCase => ({
  name,
  token,
  verdict: 'id_token_invalid',
});
const hopeless = (name: string, token: string): IdTokenCase => ({
  ...invalid(name, token),
  beyondAnyKey: true,
});
const expired = (name: string, token: string): IdTokenCase => ({
  name,
  token,
  verdict: 'id_token_expired',
});
const stricter = (entry: IdTokenCase, than: readonly Oracle[], because: string): IdTokenCase => ({
  ...entry,
  stricterThan: than,
  because,
});

const HEADER = JSON.stringify({ alg: 'RS256', kid: google.kid, typ: 'JWT' });
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** A token with Google's signature over claims that are written as they stand. */
const withClaimsText = (claims: string | Buffer) => signSegments(HEADER, claims, { key: google });
const withHeaderText = (header: string | Buffer) =>
  signSegments(header, JSON.stringify(idTokenClaims()), { key: google });

/** `{…}` with more members written at the end, where JSON.parse lets the last one win. */
const claimsAnd = (members: string, overrides: Record<string, unknown> = {}) =>
  `${JSON.stringify(idTokenClaims(overrides)).slice(0, -1)},${members}}`;

/** The token with one of its three segments put through `change`. */
function altered(token: string, segment: 0 | 1 | 2, change: (segment: string) => string): string {
  const segments = token.split('.');
  segments[segment] = change(segments[segment] as string);
  return segments.join('.');
}

/** The same bytes of signature in other letters: the last letter holds four bits that count for nothing. */
const respelled = (signature: string) => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return signature.slice(0, -1) + letters[letters.indexOf(signature.at(-1) as string) + 1];
};

/** Makes the corpus. The clock of the process must stand at {@link NOW_MS}. */
export function idTokenCorpus(): readonly IdTokenCase[] {
  const token = signIdToken();
  return [
    ...goodTokens(token),
    ...algorithms(token),
    ...keyIds(),
    ...headers(),
    ...projects(),
    ...subjects(),
    ...times(),
    ...otherKinds(),
    ...tampered(token),
    ...shapes(token),
    ...encodings(),
  ];
}

const goodTokens = (token: string) => [
  accepted('a token of Google sign-in', token),
  accepted('the second key', signIdToken({}, {}, googleToo)),
  accepted('an anonymous user', signIdToken({ firebase: { sign_in_provider: 'anonymous' } })),
  accepted('custom claims', signIdToken({ role: 'host', groups: ['a', 'b'] })),
  accepted('names beyond ASCII', signIdToken({ name: 'Zoë 👩‍👩‍👧 王' })),
  accepted('no typ in the header', signIdToken({}, { typ: undefined })),
  accepted('a sub of 128 characters', signIdToken({ sub: 'u'.repeat(128) })),
  accepted('a claim called __proto__', withClaimsText(claimsAnd('"__proto__":{"sub":"mallory"}'))),
];

const algorithms = (token: string) => [
  hopeless('alg none', signIdToken({}, { alg: 'none' })),
  hopeless('alg None with a signature', withHeaderText(HEADER.replace('RS256', 'None'))),
  hopeless('alg none in the header of a signed token', altered(token, 0, unsignedHeader)),
  hopeless('HS256 with the public key as the secret', signIdToken({}, { alg: 'HS256' })),
  hopeless('RS384', signIdToken({}, { alg: 'RS384' })),
  hopeless('RS512', signIdToken({}, { alg: 'RS512' })),
  hopeless('PS256', signIdToken({}, { alg: 'PS256' })),
  hopeless('ES256 with a published key', signIdToken({}, { alg: 'ES256' }, elliptic)),
  hopeless('rs256 in lower case', signIdToken({}, { alg: 'rs256' })),
  hopeless('a list of algs', signIdToken({}, { alg: ['RS256'] })),
  hopeless('no alg', signIdToken({}, { alg: undefined })),
  invalid(
    'a PSS signature under alg RS256',
    signSegments(HEADER, JSON.stringify(idTokenClaims()), { key: google, alg: 'PS256' }),
  ),
  invalid('alg RS256 with the id of an EC key', signIdToken({}, { kid: elliptic.kid })),
  stricter(
    invalid('a published key of 1,024 bits', signIdToken({}, {}, small)),
    ['firebase-admin'],
    'RSA below 2,048 bits can be broken (RFC 7518, section 3.3)',
  ),
];

const unsignedHeader = () => base64url(JSON.stringify({ alg: 'none', typ: 'JWT' }));

const KEY_NAMED = 'Google names the key; firebase-admin tries them all';

const keyIds = () => [
  invalid('an unknown kid', signIdToken({}, { kid: 'nobody' })),
  invalid('the kid of the other key', signIdToken({}, { kid: googleToo.kid })),
  invalid('a kid called __proto__', signIdToken({}, { kid: '__proto__' })),
  hopeless('no kid', signIdToken({}, { kid: undefined })),
  stricter(hopeless('an empty kid', signIdToken({}, { kid: '' })), ['firebase-admin'], KEY_NAMED),
  stricter(
    hopeless('null for a kid', signIdToken({}, { kid: null })),
    ['firebase-admin'],
    KEY_NAMED,
  ),
  hopeless('a number for a kid', signIdToken({}, { kid: 1 })),
  invalid("another's key under a known kid", signIdToken({}, {}, forger)),
  invalid("the forger's own key in the header", signIdToken({}, { jwk: jwkOf(forger) }, forger)),
  invalid('a key address in the header', signIdToken({}, { jku: 'http://127.0.0.1:9/' }, forger)),
];

const headers = () => [
  stricter(
    hopeless('an unknown crit header', signIdToken({}, { crit: ['urn:x'], 'urn:x': 1 })),
    ['firebase-admin'],
    'an extension that is not understood must be refused (RFC 7515, section 4.1.11)',
  ),
  stricter(
    hopeless('an empty crit header', signIdToken({}, { crit: [] })),
    ['firebase-admin'],
    'the list must not be empty (RFC 7515, section 4.1.11)',
  ),
  stricter(
    hopeless('b64 in a crit header', signIdToken({}, { crit: ['b64'], b64: true })),
    ORACLES,
    'Firebase uses no extension, and ours knows none',
  ),
];

const projects = () => [
  hopeless('the aud of another project', signIdToken({ aud: 'another-project' })),
  hopeless('another project altogether', signIdToken(anotherProject)),
  stricter(
    hopeless('a list for an aud', signIdToken({ aud: [PROJECT_ID] })),
    ['jose'],
    "Firebase's aud is a string; a list could name other projects too",
  ),
  hopeless('an aud with a space behind it', signIdToken({ aud: `${PROJECT_ID} ` })),
  hopeless('no aud', signIdToken({ aud: undefined })),
  hopeless('the iss of another project', signIdToken({ iss: anotherProject.iss })),
  hopeless('an iss with a slash behind it', signIdToken({ iss: `${ISSUER}/` })),
  hopeless('an iss over http', signIdToken({ iss: ISSUER.replace('https', 'http') })),
  hopeless('a list for an iss', signIdToken({ iss: [ISSUER] })),
  hopeless('no iss', signIdToken({ iss: undefined })),
];

const anotherProject = {
  aud: 'another-project',
  iss: 'https://securetoken.google.com/another-project',
};

const USER_IS_NEEDED = 'the uid is the answer to who is calling (jose is not told to ask for it)';

const subjects = () => [
  stricter(hopeless('no sub', signIdToken({ sub: undefined })), ['jose'], USER_IS_NEEDED),
  stricter(hopeless('an empty sub', signIdToken({ sub: '' })), ['jose'], USER_IS_NEEDED),
  stricter(
    hopeless('a sub of 129 characters', signIdToken({ sub: 'u'.repeat(129) })),
    ['jose'],
    'no uid of Firebase is longer than 128 characters',
  ),
  stricter(hopeless('a number for a sub', signIdToken({ sub: 42 })), ['jose'], USER_IS_NEEDED),
  stricter(hopeless('null for a sub', signIdToken({ sub: null })), ['jose'], USER_IS_NEEDED),
  stricter(
    hopeless(
      'a blocking function token, which has no sub',
      signIdToken({ sub: undefined, event_type: 'beforeSendSms' }),
    ),
    ORACLES,
    'it is for a blocking function and names no user',
  ),
];

const HOUR = 3600;
const NOT_A_TIME = 'Firebase always sets it, as a number';

const times = () => [
  accepted('one second before exp', signIdToken({ exp: NOW + 1 })),
  expired('exp now', signIdToken({ exp: NOW, iat: NOW - HOUR })),
  expired('exp a second ago', signIdToken({ exp: NOW - 1, iat: NOW - HOUR })),
  expired('exp a year ago', signIdToken({ exp: NOW - 8760 * HOUR, iat: NOW - 8761 * HOUR })),
  invalid('expired, signed by another', signIdToken({ exp: NOW - 1 }, {}, forger)),
  stricter(invalid('no exp', signIdToken({ exp: undefined })), ORACLES, NOT_A_TIME),
  invalid('a string for an exp', signIdToken({ exp: `${NOW + HOUR}` })),
  invalid('null for an exp', signIdToken({ exp: null })),
  stricter(
    invalid('an exp beyond all numbers', withClaimsText(claimsAnd('"exp":1e999'))),
    ORACLES,
    'a token that never ends was not made by Firebase',
  ),
  stricter(
    invalid('a lifetime of ten years', signIdToken({ exp: NOW + 87_600 * HOUR })),
    ORACLES,
    'ID tokens live one hour',
  ),
  accepted('a lifetime of an hour and a minute', signIdToken({ exp: NOW + HOUR + 60 })),
  stricter(
    invalid('a lifetime of a second more', signIdToken({ exp: NOW + HOUR + 61 })),
    ORACLES,
    'ID tokens live one hour',
  ),
  accepted('an iat 60 s ahead', signIdToken({ iat: NOW + 60 })),
  stricter(
    invalid('an iat 61 s ahead', signIdToken({ iat: NOW + 61 })),
    ORACLES,
    'iat must be in the past (60 s are for clocks that stand apart)',
  ),
  stricter(invalid('no iat', signIdToken({ iat: undefined })), ORACLES, NOT_A_TIME),
  stricter(
    invalid('a string for an iat', signIdToken({ iat: `${NOW}` })),
    ['firebase-admin'],
    NOT_A_TIME,
  ),
  accepted('an auth_time of last year', signIdToken({ auth_time: NOW - 8760 * HOUR })),
  accepted('an auth_time 60 s ahead', signIdToken({ auth_time: NOW + 60 })),
  stricter(
    invalid('an auth_time 61 s ahead', signIdToken({ auth_time: NOW + 61 })),
    ORACLES,
    'auth_time must be in the past',
  ),
  stricter(invalid('no auth_time', signIdToken({ auth_time: undefined })), ORACLES, NOT_A_TIME),
  stricter(
    invalid('a string for an auth_time', signIdToken({ auth_time: `${NOW}` })),
    ORACLES,
    NOT_A_TIME,
  ),
  stricter(
    invalid('an auth_time before all numbers', withClaimsText(claimsAnd('"auth_time":-1e999'))),
    ORACLES,
    NOT_A_TIME,
  ),
  accepted('an nbf now', signIdToken({ nbf: NOW })),
  invalid('an nbf a second ahead', signIdToken({ nbf: NOW + 1 })),
  invalid('a string for an nbf', signIdToken({ nbf: `${NOW}` })),
];

const IDENTITY_TOOLKIT =
  'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit';
const SERVICE_ACCOUNT = `firebase-adminsdk@${PROJECT_ID}.iam.gserviceaccount.com`;

const otherKinds = () => [
  hopeless(
    'a session cookie',
    signIdToken({ iss: `https://session.firebase.google.com/${PROJECT_ID}` }),
  ),
  hopeless(
    'a custom token',
    signIdToken(
      { aud: IDENTITY_TOOLKIT, iss: SERVICE_ACCOUNT, sub: SERVICE_ACCOUNT, uid: 'alice' },
      { kid: undefined },
    ),
  ),
  hopeless(
    'a Google ID token',
    signIdToken({ iss: 'https://accounts.google.com', aud: '1234.apps.googleusercontent.com' }),
  ),
  hopeless(
    'an App Check token',
    signIdToken({
      iss: 'https://firebaseappcheck.googleapis.com/1234',
      aud: ['projects/1234', `projects/${PROJECT_ID}`],
    }),
  ),
  hopeless("the emulator's unsigned token", signIdToken({}, { alg: 'none', kid: undefined })),
];

const tampered = (token: string) => [
  invalid(
    'another user in the claims',
    altered(token, 1, () => base64url(JSON.stringify(idTokenClaims({ sub: 'mallory' })))),
  ),
  invalid(
    'one letter more in the header',
    altered(token, 0, () => base64url(HEADER.replace('"JWT"', '"jwt"'))),
  ),
  invalid(
    'one bit of the signature turned',
    altered(token, 2, (s) => (s[0] === 'A' ? 'B' : 'A') + s.slice(1)),
  ),
  invalid(
    'a signature of zeros',
    altered(token, 2, () => base64url(Buffer.alloc(256))),
  ),
  invalid(
    'a signature cut short',
    altered(token, 2, (s) => s.slice(0, -4)),
  ),
  invalid(
    'a signature with more behind it',
    altered(token, 2, (s) => `${s}AAAA`),
  ),
  invalid(
    'the signature of another token',
    altered(token, 2, () => signIdToken({ sub: 'bob' }).split('.')[2] as string),
  ),
  accepted('the same signature in other letters', altered(token, 2, respelled)),
];

const LETTERS_ONLY = 'only the base64url alphabet may stand in a segment (RFC 7515, section 2)';

const shapes = (token: string) => [
  hopeless('nothing', ''),
  hopeless('one word', 'token'),
  hopeless('two segments', token.slice(0, token.lastIndexOf('.'))),
  hopeless('four segments', `${token}.AAAA`),
  hopeless('a dot behind it', `${token}.`),
  hopeless('dots alone', '..'),
  hopeless(
    'no header',
    altered(token, 0, () => ''),
  ),
  hopeless(
    'no claims',
    altered(token, 1, () => ''),
  ),
  hopeless(
    'no signature',
    altered(token, 2, () => ''),
  ),
  stricter(hopeless('padding', `${token}==`), ['jose'], LETTERS_ONLY),
  stricter(hopeless('a line break behind it', `${token}\n`), ['jose'], LETTERS_ONLY),
  stricter(
    hopeless(
      'a space within the signature',
      altered(token, 2, (s) => `${s.slice(0, 9)} ${s.slice(9)}`),
    ),
    ['jose'],
    LETTERS_ONLY,
  ),
  hopeless('a space before it', ` ${token}`),
  hopeless(
    'base64 in place of base64url',
    altered(token, 2, (s) => Buffer.from(s, 'base64url').toString('base64')),
  ),
  hopeless(
    'a letter beyond ASCII',
    altered(token, 2, (s) => `${s.slice(0, -1)}é`),
  ),
  hopeless(
    'a NUL in the signature',
    altered(token, 2, (s) => `${s}\0`),
  ),
  accepted('exactly 8 KiB', ofLength(8192)),
  stricter(
    hopeless('one byte over 8 KiB', ofLength(8193)),
    ORACLES,
    'a real token has about 1 KiB; longer ones are refused before any work',
  ),
];

/** A good token of exactly this many characters. */
function ofLength(characters: number): string {
  for (const typ of ['JWT', 'JWTX', 'JWTXX']) {
    const fixed = signIdToken({ filling: '' }, { typ }).length;
    const filling = Math.floor(((characters - fixed) * 3) / 4);
    for (const more of [0, 1, 2]) {
      const token = signIdToken({ filling: 'x'.repeat(filling + more) }, { typ });
      if (token.length === characters) return token;
    }
  }
  throw new Error(`no token has ${characters} characters`);
}

const NOT_UTF8 = 'JSON is UTF-8 (RFC 7519, section 7.2): two readers could see two names';

const NO_BOM = 'JSON begins without a byte order mark (RFC 8259, section 8.1)';

const encodings = () => [
  accepted('the good aud last of two', withClaimsText(claimsAnd(`"aud":"${PROJECT_ID}"`))),
  hopeless('the bad aud last of two', withClaimsText(claimsAnd('"aud":"another-project"'))),
  hopeless('claims that are not JSON', withClaimsText('{"sub":"alice"')),
  hopeless('claims with more behind them', withClaimsText(`${JSON.stringify(idTokenClaims())}x`)),
  hopeless('a list for claims', withClaimsText(JSON.stringify([idTokenClaims()]))),
  hopeless('a string for claims', withClaimsText('"alice"')),
  hopeless('null for claims', withClaimsText('null')),
  hopeless('a header that is not JSON', withHeaderText('RS256')),
  hopeless('null for a header', withHeaderText('null')),
  hopeless('a list for a header', withHeaderText(`[${HEADER}]`)),
  stricter(
    hopeless(
      'claims in invalid UTF-8',
      withClaimsText(Buffer.from(JSON.stringify(idTokenClaims({ name: 'Zo\xeb' })), 'latin1')),
    ),
    ['firebase-admin'],
    NOT_UTF8,
  ),
  stricter(
    hopeless(
      'a byte order mark before the claims',
      withClaimsText(Buffer.concat([BOM, Buffer.from(JSON.stringify(idTokenClaims()))])),
    ),
    ['jose'],
    NO_BOM,
  ),
  stricter(
    hopeless(
      'a byte order mark before the header',
      withHeaderText(Buffer.concat([BOM, Buffer.from(HEADER)])),
    ),
    ['jose'],
    NO_BOM,
  ),
  hopeless(
    'claims in UTF-16',
    withClaimsText(Buffer.from(JSON.stringify(idTokenClaims()), 'utf16le')),
  ),
];
