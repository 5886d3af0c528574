// The settings of pushes: all of APNs or none, a key that is one, and somebody to send with.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../src/settings/check-options.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { said, saidOf, saidOfOptions } from './asked.ts';

const pemOf = (curve: string): string =>
  generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
const KEY = pemOf('P-256');
const BODY = KEY.split('\n').slice(1, -2).join('');

const CALLS = {
  LIVEKIT_API_KEY: 'k',
  LIVEKIT_API_SECRET: 'a-secret-of-at-least-32-characters',
  LIVEKIT_URL: 'wss://p.livekit.cloud',
  DATABASE_URL: 'sqlite:./data/calls.db',
  RING_ACCESS: 'any',
};
const CALL_OPTIONS = {
  livekitApiKey: CALLS.LIVEKIT_API_KEY,
  livekitApiSecret: CALLS.LIVEKIT_API_SECRET,
  livekitUrl: CALLS.LIVEKIT_URL,
  database: CALLS.DATABASE_URL,
  ringAccess: 'any',
} as const;
const APNS = {
  APNS_KEY: KEY,
  APNS_KEY_ID: 'ABC123DEFG',
  APNS_TEAM_ID: 'DEF123GHIJ',
  APNS_BUNDLE_ID: 'com.example.chat',
};
const APNS_OPTIONS = {
  apnsKey: KEY,
  apnsKeyId: APNS.APNS_KEY_ID,
  apnsTeamId: APNS.APNS_TEAM_ID,
  apnsBundleId: APNS.APNS_BUNDLE_ID,
};
const APNS_SETTINGS = {
  key: KEY,
  keyId: 'ABC123DEFG',
  teamId: 'DEF123GHIJ',
  bundleId: 'com.example.chat',
};
const ACCOUNT = JSON.stringify({ project_id: 'my-project', client_email: 'e', private_key: 'k' });
/** As far as a look at one goes. */
const APP = Object.defineProperty({ options: { projectId: 'my-project' } }, 'getOrInitService', {
  value: () => undefined,
});
const NO_PUSH = 'no push is configured: only apps that are open ring';

const pushOf = (env: Record<string, string>) =>
  loadConfig({ FIREBASE_PROJECT_ID: 'my-project', ...env }, devNull).settings.calls?.push;
const pushOfOptions = (options: object) =>
  checkOptions({ firebaseProjectId: 'my-project', ...CALL_OPTIONS, ...options }).calls?.push;

describe('without a sender', () => {
  it('calls are warned of, unless that was written down', () => {
    expect(said(CALLS).warnings).toEqual([`${NO_PUSH} (FCM, APNS_KEY)`]);
    expect(said({ ...CALLS, FCM: 'off' }).warnings).toEqual([]);
    expect(saidOfOptions(CALL_OPTIONS).warnings).toEqual([`${NO_PUSH} (fcm, apnsKey)`]);
    expect(saidOfOptions({ ...CALL_OPTIONS, fcm: false }).warnings).toEqual([]);
  });

  it('tokens alone are nothing to be warned of', () => {
    expect(said({})).toEqual({ faults: [], warnings: [] });
  });

  it('there is a payload all the same', () => {
    expect(pushOf(CALLS)).toEqual({ payload: 'full' });
    expect(pushOf({ ...CALLS, PUSH_PAYLOAD: 'minimal' })).toEqual({ payload: 'minimal' });
    expect(pushOfOptions({ pushPayload: 'minimal' })).toEqual({ payload: 'minimal' });
  });
});

describe('FCM', () => {
  it('is asked as the service account, or as the App of the host', () => {
    expect(pushOf({ ...CALLS, FCM: 'on', FIREBASE_SERVICE_ACCOUNT: ACCOUNT })?.fcm).toMatchObject({
      app: { options: { projectId: 'my-project' } },
      projectId: 'my-project',
    });
    expect(pushOfOptions({ fcm: true, firebaseApp: APP })?.fcm?.app).toBe(APP);
    expect(said({ ...CALLS, FCM: 'on', FIREBASE_SERVICE_ACCOUNT: ACCOUNT }).warnings).toEqual([]);
  });

  it('needs somebody to be asked as, and no emulator stands in for it', () => {
    expect(said({ ...CALLS, FCM: 'on' }).faults).toEqual([
      expect.stringMatching(/^FIREBASE_SERVICE_ACCOUNT .* is needed for FCM$/),
    ]);
    expect(said({ ...CALLS, FCM: 'on', CHECK_REVOKED: 'on' }).faults).toEqual([
      expect.stringMatching(/^FIREBASE_SERVICE_ACCOUNT .* is needed for CHECK_REVOKED and FCM$/),
    ]);
    expect(
      said({
        ...CALLS,
        FIREBASE_PROJECT_ID: 'demo-p',
        FCM: 'on',
        FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:9099',
      }).faults,
    ).toEqual(['FCM needs FIREBASE_SERVICE_ACCOUNT (or GOOGLE_APPLICATION_CREDENTIALS)']);
    expect(saidOfOptions({ ...CALL_OPTIONS, fcm: true }).faults).toEqual(['fcm needs firebaseApp']);
  });

  it('needs calls', () => {
    expect(said({ FCM: 'on', FIREBASE_SERVICE_ACCOUNT: ACCOUNT }).faults).toEqual([
      'DATABASE_URL is required with FCM',
    ]);
    expect(saidOfOptions({ fcm: true, firebaseApp: APP }).faults).toEqual(['fcm needs database']);
  });
});

describe('APNs', () => {
  it('comes to the same from variables and from options', () => {
    expect(pushOf({ ...CALLS, ...APNS })?.apns).toEqual(APNS_SETTINGS);
    expect(pushOfOptions(APNS_OPTIONS)?.apns).toEqual(APNS_SETTINGS);
    expect(said({ ...CALLS, ...APNS })).toEqual({ faults: [], warnings: [] });
    expect(saidOfOptions({ ...CALL_OPTIONS, ...APNS_OPTIONS })).toEqual({
      faults: [],
      warnings: [],
    });
  });

  it.each(Object.keys(APNS))('is all of the four: %s is missing', (name) => {
    const rest = Object.fromEntries(Object.entries(APNS).filter(([other]) => other !== name));
    expect(said({ ...CALLS, ...rest }).faults).toEqual([
      `${name} is required with ${Object.keys(rest)[0]}`,
    ]);
  });

  it('names all that is missing at once', () => {
    expect(saidOfOptions({ ...CALL_OPTIONS, apnsTeamId: 'DEF123GHIJ' }).faults).toEqual([
      'apnsTeamId needs apnsKey',
      'apnsTeamId needs apnsKeyId',
      'apnsTeamId needs apnsBundleId',
    ]);
  });

  it('needs calls', () => {
    expect(said(APNS).faults).toEqual(['DATABASE_URL is required with APNS_KEY']);
    expect(saidOfOptions(APNS_OPTIONS).faults).toEqual(['apnsKey needs database']);
  });

  it('has one id of the key, and another of the team', () => {
    expect(said({ ...CALLS, ...APNS, APNS_TEAM_ID: APNS.APNS_KEY_ID }).faults).toEqual([
      'APNS_KEY_ID and APNS_TEAM_ID are the same: one is of the key, one of the team',
    ]);
  });

  it.each([
    ['APNS_KEY_ID', 'abc123defg', /^must be the 10 capitals and digits/],
    ['APNS_TEAM_ID', 'ABC', /^must be the 10 capitals and digits/],
    ['APNS_BUNDLE_ID', 'chat', /^must be the bundle id of the app, like com\.example\.chat$/],
    ['APNS_BUNDLE_ID', 'com.example.chat.voip', /^must be the id of the app alone/],
    ['APNS_BUNDLE_ID', 'https://apps.apple.com/app', /^must be the bundle id/],
  ])('%s is not %s', (variable, value, fault) => {
    expect(saidOf(variable, value).faults).toContainEqual(expect.stringMatching(fault));
  });
});

describe('APNS_KEY', () => {
  /** Of the key alone: the others are there. */
  const keySaid = (key: string) => {
    const [one, other] = [
      said({ ...CALLS, ...APNS, APNS_KEY: key }),
      saidOfOptions({ ...CALL_OPTIONS, ...APNS_OPTIONS, apnsKey: key }),
    ];
    const plain = ({ faults, warnings }: typeof one) =>
      [...faults, ...warnings].map((sentence) => sentence.replace(/^(?:APNS_KEY|apnsKey) /, ''));
    expect(plain(other)).toEqual(plain(one));
    return plain(one);
  };
  const kept = (key: string) => pushOf({ ...CALLS, ...APNS, APNS_KEY: key })?.apns?.key;
  const LOST = 'has lost its line breaks: it is read as it was meant';

  it.each<[string, string, string[]]>([
    ['as Apple hands it over', KEY.trim(), []],
    ['with the line ends of Windows', KEY.replaceAll('\n', '\r\n'), []],
    ['as base64', Buffer.from(KEY).toString('base64'), []],
    [
      'as base64 in lines',
      (
        Buffer.from(KEY)
          .toString('base64')
          .match(/.{1,76}/g) ?? []
      ).join('\n'),
      [],
    ],
    ['with backslashes', KEY.replaceAll('\n', '\\n'), [LOST]],
    ['in one line', KEY.replaceAll('\n', ' '), [LOST]],
    ['without its edges', BODY, [LOST]],
  ])('is read %s', (_, text, warnings) => {
    expect(kept(text)).toBe(KEY);
    expect(keySaid(text).filter((sentence) => !sentence.startsWith('ends in'))).toEqual(warnings);
  });

  it('is read from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'apns-'));
    const file = join(folder, 'AuthKey_ABC123DEFG.p8');
    writeFileSync(file, KEY);
    const { APNS_KEY: _, ...rest } = APNS;
    expect(pushOf({ ...CALLS, ...rest, APNS_KEY_FILE: file })?.apns?.key).toBe(KEY);
    rmSync(folder, { recursive: true });
  });

  it.each<[string, string, RegExp]>([
    ['of another curve', pemOf('P-384'), /is a private key of another kind/],
    [
      'of a service account',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
        type: 'pkcs8',
        format: 'pem',
      }) as string,
      /is a private key of another kind/,
    ],
    [
      'cut',
      `${KEY.slice(0, 90)}\n-----END PRIVATE KEY-----`,
      /^must be the text of a key's \.p8 file/,
    ],
    ['a certificate', KEY.replaceAll('PRIVATE KEY', 'CERTIFICATE'), /this is a certificate/],
    ['encrypted', KEY.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'), /another kind of key/],
    ['a path', '/etc/keys/AuthKey_ABC123DEFG.p8', /a path belongs into APNS_KEY_FILE$/],
    ['a name of a file', 'AuthKey_ABC123DEFG.p8', /a path belongs into APNS_KEY_FILE$/],
    ['its id', 'ABC123DEFG', /belongs into APNS_KEY_ID$/],
    ['a service account', '{"type":"service_account"}', /a service account is for FCM$/],
    ['a placeholder', '<the key>', /placeholder/],
  ])('is not one that is %s', (_, text, fault) => {
    const sentences = keySaid(text);
    expect(sentences).toEqual([expect.stringMatching(fault)]);
    expect(sentences.join()).not.toContain(BODY.slice(0, 12));
    expect(sentences.join()).toMatch(/^[ -~]*$/);
  });

  it('is a text', () => {
    for (const apnsKey of [7, '', {}]) {
      expect(saidOfOptions({ ...CALL_OPTIONS, ...APNS_OPTIONS, apnsKey }).faults).toEqual([
        'apnsKey must be a string, not empty',
      ]);
    }
  });
});

describe('what a host brings along', () => {
  it('is a sender of its own, which is enough', () => {
    const sendPush = () => ({ result: 'handed' }) as const;
    expect(typeof pushOfOptions({ sendPush })?.sendPush).toBe('function');
    expect(saidOfOptions({ ...CALL_OPTIONS, sendPush }).warnings).toEqual([]);
  });

  it('are words for a missed call', () => {
    const missedCallText = () => ({ body: 'Missed' });
    expect(typeof pushOfOptions({ missedCallText })?.missedCallText).toBe('function');
  });

  it.each(['sendPush', 'missedCallText'])('is a function: %s', (option) => {
    expect(saidOfOptions({ ...CALL_OPTIONS, fcm: false, [option]: 'x' }).faults).toEqual([
      `${option} must be a function`,
    ]);
  });

  it('is of no account without calls, as its other functions are', () => {
    const sendPush = () => ({ result: 'handed' }) as const;
    expect(saidOfOptions({ sendPush })).toEqual({ faults: [], warnings: [] });
  });
});
