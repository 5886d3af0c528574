// App Check: off, counted, or enforced; judged on one corpus with firebase-admin.
import { getAppCheck } from 'firebase-admin/app-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { PROJECT_ID, signingKey, signSegments } from '../fakes/firebase.ts';
import { type FakeGoogle, sendJson, startFirebaseAdmin } from '../fakes/firebase-admin.ts';
import { type KeyEndpoint, startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { MOUNTS } from '../mounts.ts';
import { type Answer, type Stage, setStage } from '../stage.ts';

const APP_ID = '1:1234567890:android:abc';
const key = signingKey('app-check-key');
const mount = MOUNTS[1] as (typeof MOUNTS)[1];

function appToken(claims: object = {}, header: object = {}, by = key): string {
  const nowS = Math.floor(Date.now() / 1000);
  const all = {
    iss: 'https://firebaseappcheck.googleapis.com/1234567890',
    sub: APP_ID,
    aud: [`projects/1234567890`, `projects/${PROJECT_ID}`],
    iat: nowS,
    exp: nowS + 3600,
    jti: 'x',
    ...claims,
  };
  const head = { alg: 'RS256', kid: by.kid, typ: 'JWT', ...header };
  return signSegments(JSON.stringify(head), JSON.stringify(all), { key: by, alg: head.alg });
}

let keys: KeyEndpoint;
let stage: Stage | undefined;
beforeAll(async () => {
  keys = await startKeyEndpoint([key]);
});
afterEach(async () => {
  await stage?.close();
  keys.answerWith('keys');
});
afterAll(() => keys.close());

const open = async (options: SwitchboardOptions): Promise<Stage> => {
  stage = await setStage(mount, { appCheckKeysUrl: keys.url, ...options });
  return stage;
};
const withApp = (token: string) => ({ headers: { 'x-firebase-appcheck': token } });
const row = ({ status, body }: Answer) => [status, body.error, body.code];
const FAILED = [403, 'Forbidden: This app is not recognized.', 'app_check_failed'];

describe('App Check, enforced', () => {
  it('lets in what comes from an app of the project', async () => {
    const { ask } = await open({ appCheck: 'enforce' });
    expect((await ask(withApp(appToken()))).status).toBe(200);
    expect(row(await ask())).toEqual(FAILED);
    expect(row(await ask(withApp('nonsense')))).toEqual(FAILED);
  });

  it('lets in the listed apps alone', async () => {
    const { ask } = await open({ appCheck: 'enforce', appCheckAppIds: [APP_ID] });
    expect((await ask(withApp(appToken()))).status).toBe(200);
    expect(row(await ask(withApp(appToken({ sub: '1:1:web:other' }))))).toEqual(FAILED);
  });

  it('believes no token beyond its life', async () => {
    const { ask, clock, idToken } = await open({ appCheck: 'enforce' });
    const token = appToken();
    expect((await ask(withApp(token))).status).toBe(200);
    clock.advance(3_601_000);
    expect(row(await ask({ token: idToken(), ...withApp(token) }))).toEqual(FAILED);
  });

  it('believes no token from its last second on, whether or not it came before', async () => {
    const { ask, clock, idToken } = await open({ appCheck: 'enforce' });
    clock.advance(1_000 - (clock.now() % 1_000));
    const expS = clock.now() / 1_000 + 10;
    const [before, fresh] = [appToken({ exp: expS }), appToken({ exp: expS, jti: 'y' })];
    clock.advance(9_999);
    expect((await ask({ token: idToken(), ...withApp(before) })).status).toBe(200);
    clock.advance(1);
    for (const token of [before, fresh]) {
      expect(row(await ask({ token: idToken(), ...withApp(token) }))).toEqual(FAILED);
    }
  });

  it('comes after authentication and before the rate of the user', async () => {
    const { ask } = await open({ appCheck: 'enforce', tokenRatePerMinute: 1 });
    expect((await ask({ token: null })).body.code).toBe('id_token_missing');
    expect((await ask()).body.code).toBe('app_check_failed');
    expect((await ask(withApp(appToken()))).status).toBe(200);
  });

  it('cannot tell while its keys are out of reach', async () => {
    keys.answerWith('refuse');
    const { ask } = await open({ appCheck: 'enforce' });
    const answer = await ask(withApp(appToken()));
    expect(row(answer)).toEqual([
      503,
      'Identity check is unavailable. Try again.',
      'identity_unavailable',
    ]);
    expect(row(await ask(withApp('nonsense')))).toEqual(FAILED);
  });
});

describe('App Check, monitored', () => {
  it('counts and lets everything through, also while its keys hang', async () => {
    const { ask, switchboard } = await open({ appCheck: 'monitor' });
    await ask(withApp(appToken()));
    expect((await ask()).status).toBe(200);
    expect((await ask(withApp('nonsense'))).status).toBe(200);
    const text = await switchboard.metrics();
    for (const result of ['ok', 'missing', 'invalid']) {
      expect(text).toMatch(`switchboard_app_checks_total{result="${result}"} 1`);
    }
    await stage?.close();
    keys.answerWith('hang');
    const hanging = await open({ appCheck: 'monitor' });
    expect((await hanging.ask(withApp(appToken()))).status).toBe(200);
  });
});

describe('App Check, off', () => {
  it('does not look', async () => {
    const { ask } = await open({});
    expect((await ask(withApp('nonsense'))).status).toBe(200);
  });
});

describe('App Check tokens that are used up', () => {
  let google: FakeGoogle;
  beforeAll(async () => {
    google = await startFirebaseAdmin([key]);
  });
  afterAll(() => google.close());
  const consuming = () =>
    open({ appCheck: 'enforce', appCheckConsume: true, firebaseApp: google.app });

  it('are good once', async () => {
    const { ask } = await consuming();
    google.on(':verifyAppCheckToken', (_body, response) => sendJson(response, 200, {}));
    expect((await ask(withApp(appToken()))).status).toBe(200);
    google.on(':verifyAppCheckToken', (_body, response) =>
      sendJson(response, 200, { alreadyConsumed: true }),
    );
    expect(row(await ask(withApp(appToken())))).toEqual(FAILED);
  });

  it('are asked about only where they are good by themselves', async () => {
    const { ask } = await consuming();
    google.on(':verifyAppCheckToken', (_body, response) => sendJson(response, 200, {}));
    const calls = google.calls.length;
    for (const token of ['nonsense', appToken({ sub: '' }), appToken({ exp: 1 })]) {
      expect(row(await ask(withApp(token)))).toEqual(FAILED);
    }
    expect(google.calls).toHaveLength(calls);
  });

  it('cannot be told from others where Google fails or hangs', async () => {
    const { ask, clock } = await consuming();
    google.on(':verifyAppCheckToken', (_body, response) => sendJson(response, 400, { error: {} }));
    expect((await ask(withApp(appToken()))).body.code).toBe('identity_unavailable');
    const asked = Promise.withResolvers<void>();
    google.on(':verifyAppCheckToken', () => asked.resolve());
    const hanging = ask(withApp(appToken()));
    await asked.promise;
    clock.advance(2_000);
    expect((await hanging).body.code).toBe('identity_unavailable');
  });
});

describe('the corpus', () => {
  let google: FakeGoogle;
  beforeAll(async () => {
    google = await startFirebaseAdmin([key]);
  });
  afterAll(() => google.close());

  const nowS = Math.floor(Date.now() / 1000);
  /** Token, and why ours refuses what firebase-admin takes, where it does. */
  const corpus: Record<string, [token: string, stricter?: string]> = {
    good: [appToken()],
    'another project': [appToken({ aud: ['projects/other'] })],
    'an audience that is no list': [appToken({ aud: `projects/${PROJECT_ID}` })],
    'no audience': [appToken({ aud: undefined })],
    'another issuer': [appToken({ iss: 'https://securetoken.google.com/x' })],
    'an issuer with more in front': [
      appToken({ iss: 'https://x.example/https://firebaseappcheck.googleapis.com/1' }),
    ],
    'no issuer': [appToken({ iss: undefined })],
    'no subject': [appToken({ sub: undefined })],
    'an empty subject': [appToken({ sub: '' })],
    expired: [appToken({ exp: nowS - 10 })],
    'no expiry': [appToken({ exp: undefined }), 'a token without an end is none of Google’s'],
    'not yet': [appToken({ nbf: nowS + 600 })],
    'alg none': [appToken({}, { alg: 'none' })],
    'alg HS256': [appToken({}, { alg: 'HS256' })],
    'alg RS384': [appToken({}, { alg: 'RS384' })],
    'an unknown key': [appToken({}, { kid: 'unknown' })],
    'no key id': [appToken({}, { kid: undefined }), 'jwks-rsa takes the only key there is'],
    'a signature of another': [appToken({}, {}, { ...signingKey('other'), kid: key.kid })],
    'an unknown crit': [appToken({}, { crit: ['x'], x: 1 }), 'RFC 7515, section 4.1.11'],
    'a tampered claim': [
      appToken().replace(/\.[^.]+\./, `.${Buffer.from('{"sub":"x"}').toString('base64url')}.`),
    ],
    'two segments': [appToken().split('.').slice(0, 2).join('.')],
    nonsense: ['nonsense'],
  };

  it.each(Object.entries(corpus))(
    '%s: ours is never laxer than firebase-admin',
    async (_name, [token, stricter]) => {
      const { ask } = await open({ appCheck: 'enforce' });
      const ours = (await ask(withApp(token))).status === 200;
      const theirs = await getAppCheck(google.app)
        .verifyToken(token)
        .then(
          () => true,
          () => false,
        );
      expect([ours, theirs]).toEqual(stricter === undefined ? [theirs, theirs] : [false, true]);
    },
  );
});
