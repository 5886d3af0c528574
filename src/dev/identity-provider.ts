// A stand-in for Firebase Authentication: ID tokens of its shape, signed with a key of its own
// that lives as long as the process.
import { generateKeyPairSync, type JsonWebKey, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { DemoUser } from './demo-users.ts';

const LIFETIME_S = 3_600;
const KEYS_MAX_AGE_S = 3_600;

export interface IdentityProvider {
  readonly keySet: { readonly keys: readonly JsonWebKey[] };
  readonly keySetHeaders: Readonly<Record<string, string>>;
  /** A fresh ID token of this user, or one that ended a minute ago; undefined for a stranger. */
  idToken(uid: string, options?: { expired?: boolean }): string | undefined;
}

export function createIdentityProvider(options: {
  projectId: string;
  users: readonly DemoUser[];
  clock: Clock;
}): IdentityProvider {
  const { projectId, users, clock } = options;
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomBytes(20).toString('hex');
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };

  return {
    keySet: { keys: [jwk] },
    keySetHeaders: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': `public, max-age=${KEYS_MAX_AGE_S}, must-revalidate`,
    },
    idToken(uid, { expired = false } = {}) {
      const user = users.find((candidate) => candidate.uid === uid);
      if (user === undefined) return undefined;
      const nowS = Math.floor(clock.now() / 1000);
      const issuedAt = expired ? nowS - LIFETIME_S - 60 : nowS;
      const claims = claimsOf(user, projectId, issuedAt);
      const input = `${encoded({ alg: 'RS256', kid, typ: 'JWT' })}.${encoded(claims)}`;
      return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
    },
  };
}

/** The claims and their order as in https://firebase.google.com/docs/rules/rules-and-auth. */
function claimsOf(user: DemoUser, projectId: string, issuedAt: number): object {
  const { email, phone_number: phone } = user.claims;
  return {
    ...user.claims,
    iss: `https://securetoken.google.com/${projectId}`,
    aud: projectId,
    auth_time: issuedAt,
    user_id: user.uid,
    sub: user.uid,
    iat: issuedAt,
    exp: issuedAt + LIFETIME_S,
    firebase: {
      identities: {
        ...(email === undefined ? {} : { email: [email] }),
        ...(phone === undefined ? {} : { phone: [phone] }),
      },
      sign_in_provider: user.signInProvider,
    },
  };
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export interface KeyEndpoint {
  readonly url: string;
  stop(): Promise<void>;
}

/** The keys on a port of their own, so that they can be fetched before the server listens. */
export async function serveKeys(provider: IdentityProvider): Promise<KeyEndpoint> {
  const server = createServer((_request, response) => {
    response.writeHead(200, provider.keySetHeaders).end(JSON.stringify(provider.keySet));
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}
