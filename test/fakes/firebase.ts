// What Google's side makes: signing keys, and ID tokens of Firebase's exact shape or any
// malformation of it.
import {
  constants,
  createHmac,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto';

export const PROJECT_ID = 'demo-switchboard';
export const ISSUER = `https://securetoken.google.com/${PROJECT_ID}`;

/** A key pair and the id under which its public half is published. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

type KeyKind = 'RSA-2048' | 'RSA-1024' | 'EC';
const made = new Map<string, SigningKey>();

/** The key pair of this id: made once, because making one takes a tenth of a second. */
export function signingKey(kid = 'google-key-1', kind: KeyKind = 'RSA-2048'): SigningKey {
  const known = made.get(`${kind} ${kid}`);
  if (known !== undefined) return known;
  const pair =
    kind === 'EC'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: kind === 'RSA-1024' ? 1024 : 2048 });
  const key = { kid, ...pair };
  made.set(`${kind} ${kid}`, key);
  return key;
}

/** The public half as Google's JWK endpoint lists it. */
export function jwkOf({ kid, publicKey }: SigningKey): JsonWebKey {
  const alg = publicKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
  return { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

/** The public half in PEM. */
export const pemOf = ({ publicKey }: SigningKey): string =>
  publicKey.export({ type: 'spki', format: 'pem' }) as string;

/** The times of a token issued at `nowMs`: signed in a minute ago, good for one hour. */
export function timesAt(nowMs: number): { iat: number; exp: number; auth_time: number } {
  const iat = Math.floor(nowMs / 1000);
  return { iat, exp: iat + 3600, auth_time: iat - 60 };
}

/** The claims of Google sign-in for user `alice`, issued now; an override of undefined drops a claim. */
export function idTokenClaims(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  const sub = 'sub' in overrides ? overrides.sub : 'alice';
  return {
    name: 'Alice Example',
    picture: 'https://lh3.googleusercontent.com/a/alice=s96-c',
    iss: ISSUER,
    aud: PROJECT_ID,
    user_id: sub,
    sub,
    ...timesAt(Date.now()),
    email: 'alice@example.com',
    email_verified: true,
    firebase: {
      identities: { 'google.com': ['1234567890'], email: ['alice@example.com'] },
      sign_in_provider: 'google.com',
    },
    ...overrides,
  };
}

/** An ID token; `overridesOfHeader.alg` decides how it is signed. */
export function signIdToken(
  overridesOfClaims: Record<string, unknown> = {},
  overridesOfHeader: Record<string, unknown> = {},
  key: SigningKey = signingKey(),
): string {
  const header = { alg: 'RS256', kid: key.kid, typ: 'JWT', ...overridesOfHeader };
  const claims = JSON.stringify(idTokenClaims(overridesOfClaims));
  return signSegments(JSON.stringify(header), claims, { key, alg: String(header.alg) });
}

/** A compact JWS over these very bytes, JSON or not. */
export function signSegments(
  header: string | Buffer,
  claims: string | Buffer,
  { key, alg = 'RS256' }: { key: SigningKey; alg?: string },
): string {
  const input = `${base64url(header)}.${base64url(claims)}`;
  const signature = (SIGNERS[alg] ?? rsa('sha256'))(Buffer.from(input), key);
  return `${input}.${base64url(signature)}`;
}

export const base64url = (bytes: string | Buffer): string =>
  Buffer.from(bytes as string).toString('base64url');

type Signer = (input: Buffer, key: SigningKey) => Buffer;

const rsa =
  (digest: string, padding = constants.RSA_PKCS1_PADDING): Signer =>
  (input, { privateKey }) =>
    sign(digest, input, { key: privateKey, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });

const SIGNERS: Record<string, Signer> = {
  none: () => Buffer.alloc(0),
  // The classic confusion: the public key, which everybody has, as the shared secret.
  HS256: (input, key) => createHmac('sha256', pemOf(key)).update(input).digest(),
  RS384: rsa('sha384'),
  RS512: rsa('sha512'),
  PS256: rsa('sha256', constants.RSA_PKCS1_PSS_PADDING),
  ES256: (input, { privateKey }) =>
    sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
};
