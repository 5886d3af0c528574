import fc from 'fast-check';
import { getAuth } from 'firebase-admin/auth';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SwitchboardError } from '../../src/base/errors.ts';
import { createIdTokenVerifier, type IdTokenVerifier } from '../../src/identity/id-token.ts';
import { createKeyStore, type KeyStore } from '../../src/identity/key-store.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { ISSUER, jwkOf, PROJECT_ID, signIdToken, signingKey } from '../fakes/firebase.ts';
import { startFirebaseAdmin } from '../fakes/firebase-admin.ts';
import { type KeyEndpoint, startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { createFakeLog } from '../fakes/log.ts';
import { idTokenCorpus, NOW_MS, ORACLES, type Oracle, PUBLISHED_KEYS } from './id-token-corpus.ts';

fc.configureGlobal({ seed: 20_261_122 });
// Fixed for the corpus, for firebase-admin and for the fake clock; timers stay real.
vi.useFakeTimers({ toFake: ['Date'], now: NOW_MS });
const corpus = idTokenCorpus();

/** The uid, or the code of the refusal. */
async function verdictOf(verifier: IdTokenVerifier, token: string): Promise<string> {
  try {
    const user = await verifier.verify(token);
    return `user ${user.uid}`;
  } catch (error) {
    if (error instanceof SwitchboardError) return error.code;
    throw error;
  }
}

let endpoint: KeyEndpoint;
let clock: FakeClock;
let keys: KeyStore;
let verifier: IdTokenVerifier;

beforeEach(async () => {
  endpoint = await startKeyEndpoint([...PUBLISHED_KEYS]);
  clock = createFakeClock(NOW_MS);
  keys = createKeyStore({ url: endpoint.url, clock, log: createFakeLog() });
  verifier = createIdTokenVerifier({ projectId: PROJECT_ID, keys, clock });
});
afterEach(async () => {
  keys.stop();
  await endpoint.close();
});

describe('an ID token', () => {
  beforeEach(() => keys.start());

  it.each(corpus)('with $name is $verdict', async ({ token, verdict }) => {
    const answer = await verdictOf(verifier, token);
    expect(answer.startsWith('user ') ? 'accepted' : answer).toBe(verdict);
  });

  it('that is refused is not remembered', async () => {
    for (const { token, verdict } of corpus) {
      await verdictOf(verifier, token);
      if (verdict !== 'accepted') expect(verifier.remembered(token)).toBeUndefined();
    }
  });

  it('is refused with any one letter changed', async () => {
    const token = signIdToken();
    const place = fc.nat({ max: token.length - 2 });
    const letter = fc.constantFrom(...'AQgw_-09az.=~ ');
    await fc.assert(
      fc.asyncProperty(place, letter, async (at, other) => {
        fc.pre(token[at] !== other);
        const changed = token.slice(0, at) + other + token.slice(at + 1);
        expect(await verdictOf(verifier, changed)).toBe('id_token_invalid');
      }),
      { numRuns: 300 },
    );
  });

  it('tells who the user is', async () => {
    const firebase = { sign_in_provider: 'password', tenant: 'tenant-1' };
    const user = await verifier.verify(signIdToken({ firebase, role: 'host' }));
    expect(user).toMatchObject({
      uid: 'alice',
      name: 'Alice Example',
      picture: 'https://lh3.googleusercontent.com/a/alice=s96-c',
      email: 'alice@example.com',
      emailVerified: true,
      signInProvider: 'password',
      tenant: 'tenant-1',
      claims: { role: 'host' },
    });
  });

  it('tells nothing of the user that it does not say in so many words', async () => {
    const unsaid = { name: '', picture: 7, email: null, email_verified: 'true', firebase: 'x' };
    const { claims: _, ...user } = await verifier.verify(signIdToken(unsaid));
    expect(user).toEqual({ uid: 'alice', emailVerified: false });
  });
});

describe('beside other verifiers', () => {
  let admin: Awaited<ReturnType<typeof startFirebaseAdmin>>;
  beforeAll(async () => {
    admin = await startFirebaseAdmin(PUBLISHED_KEYS);
  });
  afterAll(() => admin.close());

  const jwks = createLocalJWKSet({ keys: PUBLISHED_KEYS.map((key) => jwkOf(key)) });
  const rules = { algorithms: ['RS256'], issuer: ISSUER, audience: PROJECT_ID };
  const judges: Record<Oracle, (token: string) => Promise<unknown>> = {
    jose: (token) => jwtVerify(token, jwks, { ...rules, currentDate: new Date(NOW_MS) }),
    'firebase-admin': (token) => getAuth(admin.app).verifyIdToken(token),
  };

  /** Who of the others lets the token in. */
  async function acceptedBy(token: string): Promise<Oracle[]> {
    const judged = await Promise.allSettled(ORACLES.map((oracle) => judges[oracle](token)));
    return ORACLES.filter((_, index) => judged[index]?.status === 'fulfilled');
  }

  // Ours accepts nothing that another refuses, and refuses alone only what the corpus says.
  it.each(corpus)('$name: they agree, or ours is stricter for a reason', async (entry) => {
    const { token, verdict, stricterThan = [] } = entry;
    expect(await acceptedBy(token)).toEqual(verdict === 'accepted' ? ORACLES : stricterThan);
  });
});

describe('while the keys are out of reach', () => {
  beforeEach(async () => {
    endpoint.answerWith('refuse');
    await keys.start();
  });

  const hopeless = corpus.filter(({ beyondAnyKey }) => beyondAnyKey);
  it.each(hopeless)('a token with $name is invalid all the same', async ({ token }) => {
    expect(await verdictOf(verifier, token)).toBe('id_token_invalid');
  });

  const rest = corpus.filter(({ beyondAnyKey }) => !beyondAnyKey);
  it.each(rest)('nobody can tell about a token with $name', async ({ token }) => {
    expect(await verdictOf(verifier, token)).toBe('identity_unavailable');
  });

  it('the refusal says when to try again, and why to the log alone', async () => {
    const refused = Promise.resolve(verifier.verify(signIdToken()));
    await expect(refused).rejects.toMatchObject({
      code: 'identity_unavailable',
      message: 'Identity check is unavailable. Try again.',
      retryAfterSeconds: 5,
      cause: expect.any(Error),
    });
  });
});

describe('a token that has been verified', () => {
  beforeEach(() => keys.start());

  it('is remembered without another look at the keys', async () => {
    const find = vi.spyOn(keys, 'find');
    const token = signIdToken();
    expect(verifier.remembered(token)).toBeUndefined();
    const user = await verifier.verify(token);
    expect(verifier.remembered(token)).toEqual(user);
    // Read out of the token once.
    expect(verifier.remembered(token)).toBe(verifier.remembered(token));
    expect(find).toHaveBeenCalledTimes(1);
    expect(endpoint.requests).toBe(1);
  });

  it('is remembered through an outage of the keys', async () => {
    const token = signIdToken();
    await verifier.verify(token);
    endpoint.answerWith('refuse');
    clock.advance(1_800_000);
    expect(verifier.remembered(token)?.uid).toBe('alice');
  });

  it('is forgotten at its exp', async () => {
    const token = signIdToken();
    await verifier.verify(token);
    clock.advance(3_600_000 - 1);
    expect(verifier.remembered(token)?.uid).toBe('alice');
    clock.advance(1);
    expect(verifier.remembered(token)).toBeUndefined();
    expect(await verdictOf(verifier, token)).toBe('id_token_expired');
  });

  it('is not remembered beyond 3 KiB: it is verified each time', async () => {
    const padded = (letters: number) => signIdToken({ pad: 'x'.repeat(letters) });
    const letters = 1_500 + Math.floor(((3_072 - padded(1_500).length) * 3) / 4);
    const [longest, longer] = [padded(letters), padded(letters + 3)];
    expect([longest.length <= 3_072, longer.length <= 3_072]).toEqual([true, false]);
    for (const token of [longest, longer]) {
      for (const _ of [1, 2]) expect(await verdictOf(verifier, token)).toBe('user alice');
    }
    expect(verifier.remembered(longest)?.uid).toBe('alice');
    expect(verifier.remembered(longer)).toBeUndefined();
  });

  it('falls with its key', async () => {
    const token = signIdToken();
    await verifier.verify(token);
    endpoint.publish(signingKey('google-key-2'));
    await verdictOf(verifier, signIdToken({}, { kid: 'asks for a fetch' }));
    expect(verifier.remembered(token)).toBeUndefined();
    expect(await verdictOf(verifier, token)).toBe('id_token_invalid');
  });

  it('falls where another key takes the id of its own', async () => {
    const token = signIdToken();
    await verifier.verify(token);
    endpoint.publish({ ...signingKey('google-key-2'), kid: 'google-key-1' });
    await verdictOf(verifier, signIdToken({}, { kid: 'asks for a fetch' }));
    expect(verifier.remembered(token)).toBeUndefined();
  });

  it('outlives a fetch that brings its key again', async () => {
    const token = signIdToken();
    const user = await verifier.verify(token);
    await verdictOf(verifier, signIdToken({}, { kid: 'asks for a fetch' }));
    expect(endpoint.requests).toBe(2);
    expect(verifier.remembered(token)).toEqual(user);
  });

  it('does not speak for a token that differs in one letter', async () => {
    const token = signIdToken();
    await verifier.verify(token);
    expect(verifier.remembered(token.slice(0, -1))).toBeUndefined();
    expect(verifier.remembered(`${token}x`)).toBeUndefined();
    expect(verifier.remembered('x'.repeat(100_000))).toBeUndefined();
  });
});
