// As whom the standalone server asks Firebase: a key, a file, the platform, or emulators.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../src/settings/config.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'credentials-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ASKING = {
  CHECK_REVOKED: { CHECK_REVOKED: 'on' },
  APP_CHECK_CONSUME: { APP_CHECK: 'enforce', APP_CHECK_CONSUME: 'on' },
  FIRESTORE: { ROOM_ACCESS: 'firestore', FIRESTORE_ROOM_PATH: 'chats/{roomName}' },
};

const load = (env: Record<string, string>, biosVendor = 'SeaBIOS') => {
  const file = join(folder, 'bios_vendor');
  writeFileSync(file, `${biosVendor}\n`);
  return loadConfig({ FIREBASE_PROJECT_ID: 'demo-x', ...env }, folder, file);
};

function problems(env: Record<string, string>, biosVendor?: string): readonly string[] {
  try {
    load(env, biosVendor);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('the credentials of the platform', () => {
  const everything = { ...ASKING.CHECK_REVOKED, ...ASKING.APP_CHECK_CONSUME, ...ASKING.FIRESTORE };

  it.each([
    ['Cloud Run', { K_SERVICE: 'calls' }],
    ['Cloud Run', { CLOUD_RUN_JOB: 'calls' }],
    ['Cloud Functions', { K_SERVICE: 'calls', FUNCTION_TARGET: 'calls' }],
    ['App Engine', { GAE_SERVICE: 'default' }],
    ['the metadata server', { GCE_METADATA_HOST: '127.0.0.1:7000' }],
  ])('serve without a key: %s, by %j', (platform, env) => {
    const config = load({ ...everything, ...env });
    expect([config.platform, config.needsFirebase]).toEqual([platform, true]);
  });

  it('serve on a machine whose maker is Google', () => {
    expect(problems(everything, 'Google')).toEqual([]);
    expect(load(everything, 'Google').platform).toBe('Compute Engine or GKE');
  });

  it('are nobody’s elsewhere, and a key is missing at start', () => {
    expect(problems(everything)).toEqual([
      expect.stringMatching(
        /^FIREBASE_SERVICE_ACCOUNT \(or GOOGLE_APPLICATION_CREDENTIALS\) is needed/,
      ),
    ]);
    expect(problems({ ...everything, K_SERVICE: '' })).toHaveLength(1);
  });
});

describe('an emulator stands in for its own part alone:', () => {
  const AUTH = { FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:9099' };
  const FIRESTORE = { FIRESTORE_EMULATOR_HOST: '127.0.0.1:8080' };

  it.each<[string, Record<string, string>, string | undefined]>([
    ['Auth', { ...AUTH, ...ASKING.CHECK_REVOKED }, undefined],
    ['Firestore', { ...FIRESTORE, ...ASKING.FIRESTORE }, undefined],
    ['both', { ...AUTH, ...FIRESTORE, ...ASKING.FIRESTORE, ...ASKING.CHECK_REVOKED }, undefined],
    [
      'Auth',
      { ...AUTH, ...ASKING.FIRESTORE },
      'ROOM_ACCESS=firestore needs FIRESTORE_EMULATOR_HOST, or FIREBASE_SERVICE_ACCOUNT',
    ],
    [
      'Firestore',
      { ...FIRESTORE, ...ASKING.CHECK_REVOKED },
      'CHECK_REVOKED needs FIREBASE_AUTH_EMULATOR_HOST, or FIREBASE_SERVICE_ACCOUNT',
    ],
    [
      'both',
      { ...AUTH, ...FIRESTORE, ...ASKING.APP_CHECK_CONSUME },
      'APP_CHECK_CONSUME needs FIREBASE_SERVICE_ACCOUNT',
    ],
  ])('%s, with %j', (_, env, fault) => {
    expect(problems(env)).toEqual(fault === undefined ? [] : [expect.stringContaining(fault)]);
  });
});

describe('the file of GOOGLE_APPLICATION_CREDENTIALS', () => {
  const of = (content: unknown) => {
    const file = join(folder, 'credentials.json');
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return problems({ ...ASKING.CHECK_REVOKED, GOOGLE_APPLICATION_CREDENTIALS: file });
  };

  it.each([
    { type: 'service_account', project_id: 'demo-x', client_email: 'a@b', private_key: 'k' },
    { project_id: 'demo-x', client_email: 'a@b', private_key: 'k' },
    { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r' },
    { type: 'external_account', audience: 'a', credential_source: {} },
  ])('may be %j', (content) => {
    expect(of(content)).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['the web app’s configuration', { apiKey: 'AIza', projectId: 'demo-x' }, /of a web app \(/],
    ['google-services.json', { project_info: {}, client: [] }, /google-services\.json of an app/],
    ['a client secret', { installed: { client_id: 'x' } }, /the client secret of a sign-in/],
    ['another type', { type: 'gopher' }, /is no service account \(Firebase console/],
    ['half a key', { type: 'service_account', client_email: 'a@b' }, /private_key is missing$/],
    ['null', 'null', /is no service account/],
    ['a list', [], /is no service account/],
    ['no JSON', 'type: service_account', /is no JSON$/],
    ['with a byte order mark', '\uFEFF{}', /must be UTF-8 without a byte order mark/],
    [
      'with doubled backslashes',
      { client_email: 'e', private_key: 'a\\nb' },
      /a backslash has come twice$/,
    ],
  ])('is a fault at start as %s', (_, content, fault) => {
    expect(of(content)).toEqual([expect.stringMatching(fault)]);
  });

  it('is a path alone, for firebase-admin reads it as it is', () => {
    writeFileSync(
      join(folder, 'account.json'),
      JSON.stringify({ client_email: 'e', private_key: 'k' }),
    );
    const named = `"${join(folder, 'account.json')}"`;
    expect(problems({ GOOGLE_APPLICATION_CREDENTIALS: named })).toHaveLength(1);
  });

  it.each([
    '{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\\nrecognizable"}',
    Buffer.from('{"private_key":"recognizable"}').toString('base64'),
    `-----BEGIN PRIVATE KEY-----\nrecognizable\n-----END PRIVATE KEY-----`,
    'recognizable'.repeat(100),
  ])('is never the key itself, and nothing of it is told: %.20s', (text) => {
    const found = problems({ GOOGLE_APPLICATION_CREDENTIALS: text });
    expect(found).toEqual([
      expect.stringMatching(/is no path: .* put the JSON itself into FIREBASE_SERVICE_ACCOUNT$/),
    ]);
    expect(found[0]).not.toContain(text.slice(0, 12));
  });
});

describe('FIRESTORE_DATABASE', () => {
  const env = { ...ASKING.FIRESTORE, FIRESTORE_EMULATOR_HOST: '127.0.0.1:8080' };

  it('names the database', () => {
    const { settings } = load({ ...env, FIRESTORE_DATABASE: 'chats-eu' });
    expect(settings.access).toMatchObject({ source: { databaseId: 'chats-eu' } });
    expect(problems({ ...env, FIRESTORE_DATABASE: '(default)' })).toEqual([]);
  });

  it.each(['default', 'Chats', 'projects/x/databases/y', 'abc', '-abcd'])('is not %s', (name) => {
    expect(problems({ ...env, FIRESTORE_DATABASE: name })).toEqual(
      name === 'default' ? [] : [expect.stringMatching(/must be the id of a Firestore database/)],
    );
  });
});
