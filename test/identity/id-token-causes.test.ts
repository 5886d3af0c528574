// What the log and the metrics say of a refused ID token; the verdicts are those of the corpus.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SwitchboardError } from '../../src/base/errors.ts';
import { ID_TOKEN_CAUSES, type IdTokenCause, type TokenFault } from '../../src/base/token-fault.ts';
import {
  createEmulatorVerifier,
  createIdTokenVerifier,
  type IdTokenVerifier,
} from '../../src/identity/id-token.ts';
import { createKeyStore, type KeyStore } from '../../src/identity/key-store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { ISSUER, PROJECT_ID, signIdToken, timesAt } from '../fakes/firebase.ts';
import { type KeyEndpoint, startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { createFakeLog } from '../fakes/log.ts';
import { idTokenCorpus, NOW_MS, PUBLISHED_KEYS } from './id-token-corpus.ts';

vi.useFakeTimers({ toFake: ['Date'], now: NOW_MS });
const NOW = NOW_MS / 1000;
const corpus = idTokenCorpus();

let endpoint: KeyEndpoint;
let keys: KeyStore;
let verifier: IdTokenVerifier;
const clock = createFakeClock(NOW_MS);
beforeAll(async () => {
  endpoint = await startKeyEndpoint([...PUBLISHED_KEYS]);
  keys = createKeyStore({ url: endpoint.url, clock, log: createFakeLog() });
  await keys.start();
  verifier = createIdTokenVerifier({ projectId: PROJECT_ID, keys, clock });
});
afterAll(async () => {
  keys.stop();
  await endpoint.close();
});

async function faultOf(token: string, by = verifier): Promise<TokenFault<IdTokenCause>> {
  try {
    await by.verify(token);
  } catch (error) {
    expect((error as SwitchboardError).message).toBe('Unauthorized: Invalid token.');
    return (error as SwitchboardError).cause as TokenFault<IdTokenCause>;
  }
  throw new Error('the token was accepted');
}

/** Of the corpus, what each cause is the name of. */
const NAMES_OF: Partial<Record<IdTokenCause, RegExp>> = {
  app_check_token: /^an App Check token$/,
  audience: /aud of another|project altogether|for an aud|an aud with|no aud|the bad aud/,
  clock: /61 s ahead|nbf a second ahead/,
  custom_token: /^a custom token$/,
  emulator_token: /^alg none|emulator's unsigned/,
  expired: /^exp (?:now|a)/,
  google_token: /^a Google ID token$/,
  header:
    /^(?:alg None|HS256|RS384|RS512|PS256|ES256|rs256|a list of algs|no alg)|kid$|crit header/,
  issuer: /the iss of|an iss|for an iss|no iss/,
  malformed:
    /nothing|one word|four segments|a dot behind|dots alone|no header|no claims|padding|line break|a space (?:within|before)|base64 in|beyond ASCII|a NUL|claims that are not|claims with more|for claims|header that is|for a header|claims in|byte order/,
  session_cookie: /^a session cookie$/,
  signature:
    /PSS signature|kid of the other key|another's key|forger's own|key address|signed by another|another user in|one letter more|one bit|of zeros|more behind it$|signature of another/,
  subject: /sub\b/,
  times: /no (?:exp|iat|auth_time)|for an (?:exp|iat|auth_time|nbf)|all numbers|a lifetime/,
  too_long: /over 8 KiB/,
  truncated: /^two segments|cut short|no signature/,
  unknown_key: /unknown kid|called __proto__|id of an EC key|1,024 bits/,
};

describe('the cause of a refusal', () => {
  const refused = corpus.filter(({ verdict }) => verdict !== 'accepted');

  it.each(refused)('is named: $name', async ({ name, token }) => {
    const { cause } = await faultOf(token);
    expect(ID_TOKEN_CAUSES).toContain(cause);
    expect(name).toMatch(NAMES_OF[cause] ?? /nothing in the corpus/);
  });

  it.each(refused)('holds nothing of the token and of its user: $name', async ({ token }) => {
    const text = JSON.stringify(await faultOf(token));
    const parts = token.split('.').filter((part) => part.length > 12);
    for (const part of parts) expect(text).not.toContain(part.slice(0, 12));
    expect(text).not.toMatch(/alice|mallory|Alice|lh3\.google|42/);
    expect(text.length).toBeLessThan(500);
  });

  it('tells what was expected and what was found', async () => {
    const other = { aud: 'my-app-staging', iss: 'https://securetoken.google.com/my-app-staging' };
    expect(await faultOf(signIdToken(other))).toEqual({
      cause: 'audience',
      message: `it is for project "my-app-staging", and FIREBASE_PROJECT_ID is "${PROJECT_ID}"`,
      found: '"my-app-staging"',
      isSigned: true,
    });
    expect((await faultOf(signIdToken({ iat: NOW + 3_700 }))).message).toBe(
      'it was made 62 min ahead of this server’s clock',
    );
    expect((await faultOf(signIdToken({ exp: NOW - 90, iat: NOW - 3_690 }))).message).toBe(
      'it expired 90 s ago',
    );
    expect((await faultOf(signIdToken({}, { kid: 'old-key' }))).message).toBe(
      'none of the keys fetched has the id "old-key"',
    );
  });

  it('says what Google’s key stands for, and asks for no key to tell', async () => {
    const asked = endpoint.requests;
    const other = { aud: 'x-1', iss: 'https://securetoken.google.com/x-1' };
    const forged = signIdToken(other).replace(/[^.]+$/, 'A'.repeat(342));
    expect((await faultOf(signIdToken(other))).isSigned).toBe(true);
    expect((await faultOf(forged)).isSigned).toBe(false);
    expect((await faultOf(signIdToken(other, { kid: 'nobody' }))).isSigned).toBe(false);
    expect(endpoint.requests).toBe(asked);
  });

  it('can put nothing into the log but letters, digits and the marks of names', async () => {
    const aud = `x\n{"level":50}\u001b[31m\u202e\u2028 alice ${'y'.repeat(9)}`;
    const iss = 'https://securetoken.google.com/x';
    const { message } = await faultOf(signIdToken({ aud, iss }));
    const plain = 'x???level?:50???31m???alice?yyyyyyyyy';
    expect(aud).toHaveLength(plain.length);
    expect(message).toBe(
      `it is for project "${plain}", and FIREBASE_PROJECT_ID is "${PROJECT_ID}"`,
    );
    const long = await faultOf(signIdToken({ aud: 'z'.repeat(5_000), iss }));
    expect(long.message.length).toBeLessThan(250);
    const mail = await faultOf(signIdToken({ aud: 'alice@example.com', iss }));
    expect(mail.message).toContain('for project a text with an @ in it,');
  });
});

describe('what people send in a token’s place', () => {
  const token = () => signIdToken();
  it.each<[string, string, IdTokenCause, RegExp]>([
    ['a JavaScript app before anybody signed in', 'undefined', 'placeholder', /no value/],
    ['the same', 'null', 'placeholder', /no value/],
    ['Objective-C', '(null)', 'placeholder', /no value/],
    ['a promise that nobody awaited', '[object Promise]', 'placeholder', /await getIdToken/],
    ['a Dart future', "Instance of 'Future<String?>'", 'placeholder', /await getIdToken/],
    ['a Java task', 'com.google.android.gms.tasks.zzw@4f2a', 'placeholder', /await getIdToken/],
    ['an example’s own', '<ID_TOKEN>', 'placeholder', /filled in/],
    ['Postman', '{{idToken}}', 'placeholder', /filled in/],
    ['a Swift optional', `Optional("${token()}")`, 'malformed', /Swift optional/],
    ['Python bytes', `b'${token()}'`, 'malformed', /Python/],
    ['JSON of it', JSON.stringify(token()), 'malformed', /quotes/],
    ['the scheme twice', `Bearer ${token()}`, 'malformed', /Bearer twice/],
    ['two in one header', `${token()}, Bearer ${token()}`, 'two_tokens', /joined by a comma/],
    ['a proxy’s own beside it', `${token()}, Basic eDp5`, 'two_tokens', /joined by a comma/],
    ['percent-encoded', token().replaceAll('.', '%2E'), 'malformed', /percent-encoded/],
    ['a refresh token', `AMf-vB${'x'.repeat(180)}`, 'malformed', /refresh token of Firebase/],
    ['a Google access token', 'ya29.a0AfH6SMBx-yz.aaa', 'malformed', /access token of Google/],
    ['an API key', `AIza${'x'.repeat(35)}`, 'malformed', /API key/],
    ['a uid', 'x'.repeat(28), 'malformed', /like a uid/],
    ['a token out of a phone’s log', token().slice(0, 900), 'truncated', /cut short/],
    ['a JWE of another library', `${token()}.AAAA.AAAA`, 'malformed', /JWE/],
    [
      'LiveKit’s own token',
      signIdToken({ video: { room: 'r' }, iss: 'APIkey' }, { alg: 'HS256' }),
      'livekit_token',
      /LiveKit token/,
    ],
    [
      'a token of another provider',
      signIdToken({ iss: 'https://appleid.apple.com', aud: 'com.example.app' }),
      'issuer',
      /its issuer is "https:\/\/appleid\.apple\.com"/,
    ],
  ])('is told apart: %s', async (_who, value, cause, sentence) => {
    const fault = await faultOf(value);
    expect(fault).toMatchObject({ cause, message: expect.stringMatching(sentence) });
    if (value.length >= 20) expect(fault.message).not.toContain(value.slice(0, 20));
  });
});

describe('at a server of the Auth emulator', () => {
  const emulator = createEmulatorVerifier({ projectId: PROJECT_ID, clock });
  const unsigned = (claims: object = {}) =>
    signIdToken({ ...timesAt(NOW_MS), ...claims }, { alg: 'none', kid: undefined });

  it.each<[string, () => string, IdTokenCause]>([
    ['a real token', () => signIdToken(), 'real_token'],
    ['another project', () => unsigned({ aud: 'demo-x', iss: `${ISSUER}-x` }), 'audience'],
    ['an expired token', () => unsigned({ exp: NOW - 1, iat: NOW - 3_600 }), 'expired'],
    ['a word', () => 'undefined', 'placeholder'],
  ])('%s has its own cause', async (_case, make, cause) => {
    expect(await faultOf(make(), emulator)).toMatchObject({ cause, isSigned: false });
  });
});
