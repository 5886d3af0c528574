// Which accounts count: kinds, revoked sessions, and the emulator's unsigned tokens.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { base64url, idTokenClaims, timesAt } from '../fakes/firebase.ts';
import { type FakeGoogle, sendJson, startFirebaseAdmin } from '../fakes/firebase-admin.ts';
import { MOUNTS } from '../mounts.ts';
import { type Answer, type Stage, setStage } from '../stage.ts';

const mount = MOUNTS[1] as (typeof MOUNTS)[1];
let stage: Stage | undefined;
let google: FakeGoogle | undefined;
const open = async (options?: SwitchboardOptions): Promise<Stage> => {
  stage = await setStage(mount, options);
  return stage;
};
afterEach(async () => {
  vi.unstubAllEnvs();
  await stage?.close();
  await google?.close();
  stage = google = undefined;
});
const row = ({ status, body }: Answer) => [status, body.error, body.code];
const signedInBy = (sign_in_provider: string, more: object = {}) => ({
  firebase: { sign_in_provider, identities: {}, ...more },
});

describe('kinds of account', () => {
  it('all count, unless something else is said', async () => {
    const { ask, idToken } = await open();
    expect((await ask({ token: idToken(signedInBy('anonymous')) })).status).toBe(200);
    expect((await ask({ token: idToken({ email_verified: false }) })).status).toBe(200);
  });

  it('do not count where they are anonymous and that is denied', async () => {
    const { ask, idToken } = await open({ anonymousUsers: 'deny' });
    expect(row(await ask({ token: idToken(signedInBy('anonymous')) }))).toEqual([
      403,
      'Forbidden: Anonymous accounts may not make calls. Sign in first.',
      'account_not_allowed',
    ]);
    expect((await ask({ token: idToken(signedInBy('password')) })).status).toBe(200);
  });

  it('are refused by name, in the log', async () => {
    const { ask, idToken, log } = await open({ anonymousUsers: 'deny' });
    await ask({ token: idToken(signedInBy('anonymous')) });
    const refused = log.lines.filter(({ message }) => message === 'refused');
    expect(refused).toMatchObject([{ fields: { uid: 'alice', code: 'account_not_allowed' } }]);
  });

  it('do not count where a verified e-mail address is required and missing', async () => {
    const { ask, idToken } = await open({ emailVerified: 'required' });
    const sentence = 'Forbidden: Verify your e-mail address first.';
    for (const email_verified of [false, undefined, 'true']) {
      const answer = await ask({ token: idToken({ email_verified }) });
      expect(row(answer)).toEqual([403, sentence, 'account_not_allowed']);
    }
    expect((await ask()).status).toBe(200);
  });

  it('of a tenant count only where it is listed, and the log names the variable', async () => {
    const { ask, idToken, log } = await open();
    const token = idToken(signedInBy('password', { tenant: 'acme' }));
    const sentence = 'Forbidden: Accounts of this tenant may not make calls.';
    expect(row(await ask({ token }))).toEqual([403, sentence, 'account_not_allowed']);
    expect(log.lines.some(({ message }) => message.includes('FIREBASE_TENANT_IDS'))).toBe(true);
  });

  it('without a listed tenant do not count where tenants are listed', async () => {
    const { ask, idToken } = await open({ firebaseTenantIds: ['acme'] });
    const of = (tenant: string) => idToken(signedInBy('password', { tenant }));
    expect((await ask({ token: of('acme') })).status).toBe(200);
    expect((await ask({ token: of('other') })).body.code).toBe('account_not_allowed');
    expect((await ask()).body.code).toBe('account_not_allowed');
  });
});

describe('kinds of account by the word of a host', () => {
  /** Asks with this for the answer of userOf. */
  const openFor = async (options: SwitchboardOptions) => {
    let user: object = {};
    const opened = await open({
      firebaseProjectId: undefined,
      userOf: () => ({ uid: 'alice', ...user }),
      ...options,
    });
    const askAs = (members: object) => {
      user = members;
      return opened.ask({ token: null });
    };
    const warnings = () => opened.log.lines.filter(({ level }) => level === 'warn');
    return { ...opened, askAs, warnings };
  };
  const PASSWORD = { firebase: { sign_in_provider: 'password' } };

  it('need no more than a uid where all count', async () => {
    const { askAs, warnings } = await openFor({});
    expect((await askAs({})).status).toBe(200);
    expect(warnings()).toEqual([]);
  });

  it.each<[string, object]>([
    ['a uid alone', {}],
    ['no Firebase', { firebase: undefined }],
    ['an empty Firebase', { firebase: {} }],
    ['an empty provider', { firebase: { sign_in_provider: '' } }],
    ['a provider that is no string', { firebase: { sign_in_provider: true } }],
    ['a provider in camelCase', { firebase: { signInProvider: 'password' } }],
    ['a provider in the wrong place', { sign_in_provider: 'password' }],
    ['a Firebase that is a string', { firebase: 'password' }],
  ])(
    'let nobody in where anonymous ones are denied and the host answers %s',
    async (_, members) => {
      const { askAs, log } = await openFor({ anonymousUsers: 'deny' });
      const refused = await askAs(members);
      expect(row(refused)).toEqual([
        503,
        'Identity check is unavailable. Try again.',
        'identity_unavailable',
      ]);
      expect(refused.headers.get('retry-after')).toBe('5');
      const errors = log.lines.filter(({ level }) => level === 'error');
      const causes = errors.map(({ fields }) => (fields as { err?: unknown }).err);
      expect(causes).toEqual([expect.any(TypeError)]);
      expect(String(causes[0])).toMatch(
        /userOf.*DecodedIdToken, or { uid, firebase: { sign_in_provider } }/,
      );
    },
  );

  it('are told by the provider, where anonymous ones are denied', async () => {
    const { askAs } = await openFor({ anonymousUsers: 'deny' });
    expect((await askAs(PASSWORD)).status).toBe(200);
    expect((await askAs({ firebase: { sign_in_provider: 'custom' } })).status).toBe(200);
    const anonymous = await askAs({ firebase: { sign_in_provider: 'anonymous' } });
    expect(anonymous.body.code).toBe('account_not_allowed');
  });

  it('let nobody in without email_verified where it is required, and the log names the fix', async () => {
    const { askAs, warnings } = await openFor({ emailVerified: 'required' });
    const sentence = 'Forbidden: Verify your e-mail address first.';
    const unsaid = [{}, PASSWORD, { emailVerified: true }, { email_verified: undefined }];
    for (const members of unsaid) {
      expect(row(await askAs(members))).toEqual([403, sentence, 'account_not_allowed']);
    }
    expect(warnings().map(({ message }) => message)).toEqual([
      "userOf did not answer email_verified: let it answer firebase-admin's DecodedIdToken, " +
        'or { uid, email_verified }',
    ]);
    expect((await askAs({ email_verified: true })).status).toBe(200);
  });

  it('leave no such line about accounts whose address is not verified, or that have none', async () => {
    const { askAs, warnings } = await openFor({ emailVerified: 'required' });
    const said = [
      { email_verified: false },
      { email_verified: 'true' },
      ...['phone', 'anonymous', 'custom'].map((sign_in_provider) => ({
        firebase: { sign_in_provider },
      })),
    ];
    for (const members of said) {
      expect((await askAs(members)).body.code).toBe('account_not_allowed');
    }
    expect(warnings()).toEqual([]);
  });

  it('let nobody in without a tenant where tenants are listed, and the log names the fix', async () => {
    const { askAs, warnings } = await openFor({ firebaseTenantIds: ['acme'] });
    const sentence = 'Forbidden: Accounts of this tenant may not make calls.';
    for (const members of [{}, { tenant: 'acme' }, {}, PASSWORD]) {
      expect(row(await askAs(members))).toEqual([403, sentence, 'account_not_allowed']);
    }
    expect(warnings().map(({ message }) => message)).toEqual([
      "userOf did not answer firebase.tenant: let it answer firebase-admin's DecodedIdToken, " +
        'or { uid, firebase: { tenant } }',
    ]);
    expect((await askAs({ firebase: { tenant: 'acme' } })).status).toBe(200);
  });

  it('are not in question with ID tokens, which say all there is', async () => {
    const { ask, idToken, log } = await open({
      anonymousUsers: 'deny',
      emailVerified: 'required',
      firebaseTenantIds: ['acme'],
    });
    const of = (claims: object) => idToken({ email_verified: undefined, ...claims });
    const acme = { tenant: 'acme' };
    const tokens = [of({ firebase: undefined }), of(signedInBy('google.com', acme))];
    for (const token of tokens) {
      expect((await ask({ token })).body.code).toBe('account_not_allowed');
    }
    const unknown = await ask({ token: of({ firebase: acme }) });
    expect(unknown.body.code).toBe('identity_unavailable');
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});

describe('a revoked session', () => {
  const NEVER = { users: [{ localId: 'alice', validSince: '0' }] };
  const openWith = async (): Promise<Stage & { google: FakeGoogle }> => {
    google = await startFirebaseAdmin();
    google.on('accounts:lookup', (_body, response) => sendJson(response, 200, NEVER));
    const opened = await open({ checkRevoked: true, firebaseApp: google.app });
    return { ...opened, google };
  };
  const REVOKED = [403, 'Unauthorized: Invalid token.', 'id_token_revoked'];

  it('is asked about once a minute and user, by one look-up at a time', async () => {
    const { ask, clock, google } = await openWith();
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask()));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(google.calls).toHaveLength(1);
    clock.advance(59_000);
    await ask();
    expect(google.calls).toHaveLength(1);
    clock.advance(1_000);
    await ask();
    expect(google.calls).toHaveLength(2);
  });

  it.each([
    ['a disabled account', { users: [{ localId: 'alice', disabled: true, validSince: '0' }] }],
    ['a deleted account', { users: [] }],
  ])('is refused: %s', async (_case, found) => {
    const { ask, google } = await openWith();
    google.on('accounts:lookup', (_body, response) => sendJson(response, 200, found));
    expect(row(await ask())).toEqual(REVOKED);
  });

  it('is one that began before the revocation; a new one is good at once', async () => {
    const { ask, idToken, clock, google } = await openWith();
    const nowS = Math.floor(clock.now() / 1000);
    const found = { users: [{ localId: 'alice', validSince: String(nowS) }] };
    google.on('accounts:lookup', (_body, response) => sendJson(response, 200, found));
    const before = idToken({ auth_time: nowS - 1 });
    expect(row(await ask({ token: before }))).toEqual(REVOKED);
    expect((await ask({ token: idToken({ auth_time: nowS }) })).status).toBe(200);
    expect(row(await ask({ token: before }))).toEqual(REVOKED);
    expect(google.calls).toHaveLength(1);
  });

  it('of a tenant is looked up there, and nowhere else', async () => {
    google = await startFirebaseAdmin();
    google.on('/tenants/acme/accounts:lookup', (_body, response) => sendJson(response, 200, NEVER));
    const { ask, idToken } = await open({
      checkRevoked: true,
      firebaseApp: google.app,
      firebaseTenantIds: ['acme', 'other'],
    });
    const of = (tenant: string) => idToken(signedInBy('password', { tenant }));
    expect((await ask({ token: of('acme') })).status).toBe(200);
    expect((await ask({ token: of('other') })).body.code).toBe('identity_unavailable');
  });

  it('is none where nothing was ever revoked', async () => {
    const { ask, google } = await openWith();
    const found = { users: [{ localId: 'alice' }] };
    google.on('accounts:lookup', (_body, response) => sendJson(response, 200, found));
    expect((await ask()).status).toBe(200);
  });

  it('counts as a failure of the address', async () => {
    google = await startFirebaseAdmin();
    google.on('accounts:lookup', (_body, response) => sendJson(response, 200, { users: [] }));
    const { ask } = await open({
      checkRevoked: true,
      firebaseApp: google.app,
      authFailuresPerMinute: 1,
    });
    expect((await ask()).body.code).toBe('id_token_revoked');
    expect((await ask({ token: 'x' })).body.code).toBe('rate_limited');
  });

  it.each<[string, Parameters<FakeGoogle['on']>[1]]>([
    [
      'refuses',
      (_body, response) => sendJson(response, 403, { error: { message: 'PERMISSION_DENIED' } }),
    ],
    ['talks nonsense', (_body, response) => void response.writeHead(200).end('<html>')],
  ])('cannot be told where Firebase %s: 503, and nothing is kept', async (_case, answer) => {
    const { ask, google } = await openWith();
    google.on('accounts:lookup', answer);
    const refused = await ask();
    expect(row(refused)).toEqual([
      503,
      'Identity check is unavailable. Try again.',
      'identity_unavailable',
    ]);
    google.on('accounts:lookup', (_body, response) => sendJson(response, 200, NEVER));
    expect((await ask()).status).toBe(200);
  });

  it.each<[string, Parameters<FakeGoogle['on']>[1]]>([
    ['does not answer', () => {}],
    // firebase-admin tries again and again.
    ['breaks off', (_body, response) => void response.destroy()],
  ])('cannot be told where Firebase %s for 2 s', async (_case, answer) => {
    const { ask, clock, google } = await openWith();
    const asked = Promise.withResolvers<void>();
    google.on('accounts:lookup', (body, response) => {
      answer(body, response);
      asked.resolve();
    });
    const hanging = ask();
    await asked.promise;
    clock.advance(2_000);
    expect((await hanging).body.code).toBe('identity_unavailable');
  });
});

describe('the Auth emulator', () => {
  const unsigned = (
    claims: Record<string, unknown>,
    header: object = { alg: 'none', typ: 'JWT' },
  ) => `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(idTokenClaims(claims)))}.`;
  const EMULATOR = { firebaseAuthEmulatorHost: '127.0.0.1:9099' };

  it('has its unsigned tokens taken, by all rules but the signature', async () => {
    const { ask, clock, switchboard } = await open(EMULATOR);
    const times = timesAt(clock.now());
    expect((await ask({ token: unsigned(times) })).status).toBe(200);
    expect(switchboard.readiness().ready).toBe(true);
    const bad = [
      unsigned({ ...times, aud: 'demo-other' }),
      unsigned({ ...times, exp: undefined }),
      unsigned(times, { alg: 'RS256', typ: 'JWT' }),
      unsigned(times, { alg: 'none', crit: ['x'] }),
      `${unsigned(times)}c2ln`,
      unsigned(times).slice(0, -1),
      'nonsense',
    ];
    for (const token of bad) expect((await ask({ token })).body.code).toBe('id_token_invalid');
    clock.advance(3_600_000);
    expect((await ask({ token: unsigned(times) })).body.code).toBe('id_token_expired');
  });

  it('has no other tokens taken beside', async () => {
    const { ask } = await open(EMULATOR);
    expect((await ask()).body.code).toBe('id_token_invalid');
  });

  it('is nothing where it is not configured', async () => {
    const { ask, clock } = await open();
    expect((await ask({ token: unsigned(timesAt(clock.now())) })).body.code).toBe(
      'id_token_invalid',
    );
  });

  it('is refused in production, and for a project that may be real', async () => {
    await expect(open({ ...EMULATOR, firebaseProjectId: 'my-project' })).rejects.toThrow(/demo-/);
    vi.stubEnv('NODE_ENV', 'production');
    await expect(open(EMULATOR)).rejects.toThrow(/NODE_ENV=production/);
  });
});
