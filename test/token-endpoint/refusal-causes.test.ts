// Why a token was refused: one sentence for the caller, the cause for the log, the metrics and,
// where everybody meets it, one warning.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { PROJECT_ID, signIdToken, signingKey, signSegments, timesAt } from '../fakes/firebase.ts';
import { type KeyEndpoint, startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { MOUNTS } from '../mounts.ts';
import { sendRaw } from '../raw.ts';
import { type Answer, type Stage, setStage } from '../stage.ts';

const mount = MOUNTS[1] as (typeof MOUNTS)[1];
let stage: Stage;
const open = async (options: SwitchboardOptions = {}) => {
  stage = await setStage(mount, { trustProxy: 1, ...options });
  // The keys are in hand from here on.
  await stage.switchboard.start();
  return stage;
};
afterEach(() => stage.close());

const OTHER = { aud: 'other-app', iss: 'https://securetoken.google.com/other-app' };
const from = (address: string) => ({ 'x-forwarded-for': address });
/** Three networks, and the third a second time. */
const ADDRESSES = ['192.0.2.1', '198.51.100.7', '2001:db8:1::9', '2001:db8:1:5::9', '192.0.2.1'];

async function askFromAll(token: () => string | undefined): Promise<void> {
  for (const address of ADDRESSES) {
    const sent = token();
    await stage.ask({ ...(sent && { token: sent }), headers: from(address) });
  }
}
const warnings = () =>
  stage.log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
const lastLine = () => stage.log.lines.filter(({ level }) => level === 'info').at(-1);
const outside = ({ status, body }: Answer) => [status, body.error, body.code];

describe('a refused ID token', () => {
  beforeEach(() => open());

  it.each([
    ['of another project', () => stage.idToken(OTHER), 'audience'],
    ['that is a word', () => 'undefined', 'placeholder'],
    ['of the emulator', () => signIdToken({}, { alg: 'none', kid: undefined }), 'emulator_token'],
    ['of a key that nobody knows', () => signIdToken({}, { kid: 'x' }), 'unknown_key'],
  ])('%s is one sentence outside, and a cause inside', async (_case, token, cause) => {
    expect(outside(await stage.ask({ token: token() }))).toEqual([
      403,
      'Unauthorized: Invalid token.',
      'id_token_invalid',
    ]);
    expect(lastLine()).toMatchObject({
      message: 'refused',
      fields: { code: 'id_token_invalid', err: { cause, message: expect.any(String) } },
    });
    expect(await stage.switchboard.metrics()).toMatch(
      `switchboard_id_token_refusals_total{cause="${cause}"} 1`,
    );
  });

  it('that has expired says since when', async () => {
    const token = stage.idToken();
    stage.clock.advance(3_600_000 + 45 * 60_000);
    expect((await stage.ask({ token })).body.code).toBe('id_token_expired');
    expect(lastLine()?.fields).toMatchObject({ err: { cause: 'expired' } });
    expect(lastLine()?.fields).toMatchObject({
      err: { message: expect.stringMatching(/^it expired 4[56] min ago$/) },
    });
  });

  it('is counted by its cause where two headers came', async () => {
    const path = new URL(stage.tokenUrl).pathname;
    await sendRaw(
      stage.tokenUrl,
      `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer a\r\nauthorization: Bearer b\r\n` +
        'connection: close\r\n\r\n',
    );
    expect(lastLine()?.fields).toMatchObject({ err: { cause: 'two_tokens' } });
  });
});

describe('a request without an ID token', () => {
  beforeEach(() => open());

  it.each<[Record<string, string>, string]>([
    [{}, 'no Authorization header came'],
    [
      { 'x-access-token': 'eyJ0' },
      'no Authorization header came, and one called x-access-token did',
    ],
    [{ authorization: 'eyJ0' }, 'a token came without the word Bearer in front of it'],
    [
      { authorization: 'Basic eyJ0' },
      'the Authorization header does not begin with the word Bearer',
    ],
    [{ authorization: 'Bearer: eyJ0' }, 'Bearer came with something else than a space behind it'],
    [{ authorization: 'Bearer ' }, 'the word Bearer came without a token behind it'],
  ])('has what came in the log, and never its value: %j', async (headers, message) => {
    const { body } = await stage.ask({ token: null, headers });
    expect(body.code).toBe('id_token_missing');
    expect(lastLine()?.fields).toMatchObject({ err: { message } });
    expect(JSON.stringify(stage.log.lines)).not.toContain('eyJ0');
  });
});

describe('the first token of another project', () => {
  it('is a warning at once, and that once, also where no key was fetched yet', async () => {
    stage = await setStage(mount);
    for (let i = 0; i < 9; i += 1) await stage.ask({ token: stage.idToken(OTHER) });
    expect(warnings()).toEqual([
      'an ID token of another project or issuer was refused, and none has been good since the ' +
        `start: it is for project "other-app", and FIREBASE_PROJECT_ID is "${PROJECT_ID}". If your ` +
        'app has sent it, let the app and this server use one project; anybody can send a token of ' +
        'a project of their own',
    ]);
  });

  it('is a warning too where the issuer is another, which says that nothing is verified', async () => {
    await open();
    const iss = 'https://accounts.example\n@x';
    await stage.ask({ token: signIdToken({ iss }, {}, signingKey('forger')) });
    await stage.ask({ token: stage.idToken({ iss: 'https://accounts.example/' }) });
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toMatch(/^an ID token of another project or issuer was refused/);
    expect(warnings()[0]).toMatch(/None of this is verified: anybody can send such a token$/);
  });

  it('is none where one token was good', async () => {
    await open();
    await stage.ask();
    await stage.ask({ token: stage.idToken(OTHER) });
    expect(warnings()).toEqual([]);
  });
});

describe('one cause that everybody meets', () => {
  /** Beside the word on the first token of another project. */
  const inARow = () =>
    warnings().filter((message) => !message.startsWith('an ID token of another'));

  it('is one warning: another project', async () => {
    await open();
    await askFromAll(() => stage.idToken(OTHER));
    await askFromAll(() => stage.idToken(OTHER));
    expect(inARow()).toEqual([
      'no ID token has been good since the start, and the last 5 or more, from several networks, ' +
        `were refused for one reason. Of the last: it is for project "other-app", and ` +
        `FIREBASE_PROJECT_ID is "${PROJECT_ID}". Let the app and this server use one project. Take ` +
        'over no name that you do not know: anybody can send tokens of a project of their own',
    ]);
    stage.clock.advance(3_600_000);
    await askFromAll(() => stage.idToken(OTHER));
    expect(inARow()).toHaveLength(2);
  });

  it('says of what Google has not signed that nothing is verified', async () => {
    await open();
    await askFromAll(() => signIdToken({}, { alg: 'none', kid: undefined }));
    expect(inARow()).toEqual([
      expect.stringMatching(/it is unsigned.*None of this is verified: anybody can send/),
    ]);
  });

  it('is no warning where it comes from one client, whatever addresses he has', async () => {
    await open();
    for (let i = 0; i < 40; i += 1) {
      const headers = from(i % 2 === 0 ? `2001:db8:9:${i}::1` : '192.0.2.9');
      await stage.ask({ token: stage.idToken(OTHER), headers });
    }
    expect(inARow()).toEqual([]);
  });

  it('is no warning where one token was good', async () => {
    await open();
    expect((await stage.ask()).status).toBe(200);
    await askFromAll(() => stage.idToken(OTHER));
    await askFromAll(() => 'undefined');
    expect(inARow()).toEqual([]);
  });

  it('is no warning where it is not one', async () => {
    await open();
    let i = 0;
    const others = ['app-1', 'app-2'];
    await askFromAll(() => {
      i += 1;
      const aud = others[i % 2] as string;
      return stage.idToken({ aud, iss: `https://securetoken.google.com/${aud}` });
    });
    expect(inARow()).toEqual([]);
  });

  it('is not hidden by junk that anybody can send', async () => {
    await open();
    for (const address of ADDRESSES) {
      await stage.ask({ token: stage.idToken(OTHER), headers: from(address) });
      await stage.ask({ token: 'junk', headers: from('203.0.113.1') });
    }
    expect(inARow()).toEqual([expect.stringContaining('"other-app"')]);
  });

  it('is a warning at the first token where this server’s clock is slow', async () => {
    await open();
    const ahead = stage.clock.now() + 600_000;
    const token = () => signIdToken(timesAt(ahead));
    for (let i = 0; i < 3; i += 1) await stage.ask({ token: token() });
    expect(inARow()).toEqual([
      'this server’s clock is slow, and new tokens are refused for it: switch time ' +
        'synchronization (NTP) on. Of an ID token that Google has signed: it was made 10 min ' +
        'ahead of this server’s clock',
    ]);
  });

  it('is no warning of the clock where Google has not signed', async () => {
    await open();
    const forger = { ...signingKey('forger'), kid: signingKey().kid };
    for (let i = 0; i < 9; i += 1) {
      await stage.ask({ token: signIdToken({ iat: 9e9, exp: 9e9 + 9 }, {}, forger) });
    }
    expect(inARow()).toEqual([]);
  });

  it('is a warning where all have expired, also after good ones', async () => {
    await open();
    expect((await stage.ask()).status).toBe(200);
    const old = stage.idToken({ sub: 'bob' });
    stage.clock.shiftWall(7_200_000);
    await askFromAll(() => old);
    expect(inARow()).toEqual([
      expect.stringMatching(/^no new ID token was good lately.*clock is fast.*getIdToken\(\)/),
    ]);
  });
});

describe('a refused App Check token', () => {
  const APP_ID = '1:1234567890:android:abc';
  const key = signingKey('app-check-key');
  let appKeys: KeyEndpoint;
  beforeAll(async () => {
    appKeys = await startKeyEndpoint([key]);
  });
  afterAll(() => appKeys.close());

  function appToken(claims: object = {}, header: object = {}, by = key): string {
    const nowS = Math.floor(stage.clock.now() / 1000);
    const all = {
      iss: 'https://firebaseappcheck.googleapis.com/1234567890',
      sub: APP_ID,
      aud: ['projects/1234567890', `projects/${PROJECT_ID}`],
      iat: nowS,
      exp: nowS + 3600,
      ...claims,
    };
    const head = { alg: 'RS256', kid: key.kid, typ: 'JWT', ...header };
    return signSegments(JSON.stringify(head), JSON.stringify(all), { key: by, alg: head.alg });
  }
  const openWithApps = (appCheck: 'enforce' | 'monitor') =>
    open({ appCheck, appCheckKeysUrl: appKeys.url, appCheckAppIds: [APP_ID] });

  it.each<[string, () => string | undefined, string, RegExp]>([
    ['none', () => undefined, 'missing', /sends none/],
    ['a debug token', () => crypto.randomUUID(), 'debug_token', /register it/],
    [
      'another app',
      () => appToken({ sub: '1:1234567890:ios:abc' }),
      'app_id',
      /of app "1:1234567890:ios:abc", and APP_CHECK_APP_IDS has 1: \["1:1234567890:android:abc"\]/,
    ],
    [
      'another project',
      () => appToken({ aud: ['projects/9', 'projects/other-app'] }),
      'audience',
      /for \["projects\/9", "projects\/other-app"\], and FIREBASE_PROJECT_ID says/,
    ],
    ['an expired one', () => appToken({ exp: 1_600_000_000 }), 'expired', /expired \d+ days ago/],
    ['a forged one', () => appToken({}, {}, signingKey('other')), 'signature', /forged/],
    ['an unknown key', () => appToken({}, { kid: 'k2' }), 'unknown_key', /id "k2"/],
    ['an ID token', () => stage.idToken(), 'id_token', /is an ID token/],
    ['a word', () => 'null', 'placeholder', /no value/],
    [
      'the SDK’s dummy',
      () => Buffer.from('{"error":"UNKNOWN_ERROR"}').toString('base64'),
      'placeholder',
      /the app’s own log/,
    ],
    ['nonsense', () => 'nonsense', 'malformed', /no JWT/],
  ])('has its cause in the log and the metrics: %s', async (_case, make, cause, sentence) => {
    await openWithApps('enforce');
    const token = make();
    const answer = await stage.ask({
      headers: token === undefined ? {} : { 'x-firebase-appcheck': token },
    });
    expect(outside(answer)).toEqual([
      403,
      'Forbidden: This app is not recognized.',
      'app_check_failed',
    ]);
    expect(lastLine()?.fields).toMatchObject({
      err: { cause, message: expect.stringMatching(sentence) },
    });
    const text = await stage.switchboard.metrics();
    expect(text).toMatch(`switchboard_app_check_refusals_total{cause="${cause}"} 1`);
    if (token !== undefined) expect(JSON.stringify(lastLine())).not.toContain(`"${token}`);
  });

  it('is counted by its cause, and warned of, before anything is enforced', async () => {
    await openWithApps('monitor');
    for (const address of ADDRESSES) {
      const headers = { ...from(address), 'x-firebase-appcheck': appToken({ sub: '1:1:web:z' }) };
      expect((await stage.ask({ headers })).status).toBe(200);
    }
    expect(await stage.switchboard.metrics()).toMatch(
      'switchboard_app_check_refusals_total{cause="app_id"} 5',
    );
    expect(warnings()).toEqual([expect.stringMatching(/^no App Check token.*"1:1:web:z"/)]);
  });
});
