// The settings of names: who is asked by what name somebody calls.
import { devNull } from 'node:os';
import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../src/settings/check-options.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { said, saidOf, saidOfOptions } from './asked.ts';

const CALLS = {
  LIVEKIT_API_KEY: 'k',
  LIVEKIT_API_SECRET: 'a-secret-of-at-least-32-characters',
  LIVEKIT_URL: 'wss://p.livekit.cloud',
  DATABASE_URL: 'sqlite:./data/calls.db',
  RING_ACCESS: 'any',
  FCM: 'off',
};
const CALL_OPTIONS = {
  livekitApiKey: CALLS.LIVEKIT_API_KEY,
  livekitApiSecret: CALLS.LIVEKIT_API_SECRET,
  livekitUrl: CALLS.LIVEKIT_URL,
  database: CALLS.DATABASE_URL,
  ringAccess: 'any',
  fcm: false,
} as const;
const ACCOUNT = JSON.stringify({ project_id: 'my-project', client_email: 'e', private_key: 'k' });
const FIRESTORE = { doc: () => ({}), collection: () => ({}), getAll: async () => [] };

const namesOf = (env: Record<string, string>) =>
  loadConfig({ FIREBASE_PROJECT_ID: 'my-project', ...CALLS, ...env }, devNull).settings.calls
    ?.names;
const namesOfOptions = (options: object) =>
  checkOptions({ firebaseProjectId: 'my-project', ...CALL_OPTIONS, ...options }).calls?.names;

it('names are those of ID tokens where nothing else is set', () => {
  expect(namesOf({})).toEqual({});
});

describe('FIRESTORE_PROFILE_PATH', () => {
  it('names the document, and its fields have the names of Firebase’s own', () => {
    const env = { FIRESTORE_PROFILE_PATH: 'users/{uid}', FIREBASE_SERVICE_ACCOUNT: ACCOUNT };
    expect(namesOf(env)?.firestore).toMatchObject({
      path: 'users/{uid}',
      nameField: 'displayName',
      pictureField: 'photoURL',
      source: { app: { options: { projectId: 'my-project' } } },
    });
    const fields = { PROFILE_NAME_FIELD: 'profile.name', PROFILE_PICTURE_FIELD: 'avatar' };
    expect(namesOf({ ...env, ...fields, FIRESTORE_DATABASE: 'other' })?.firestore).toMatchObject({
      nameField: 'profile.name',
      pictureField: 'avatar',
      source: { databaseId: 'other' },
    });
  });

  it('is read from a Firestore of the host’s own', () => {
    const options = { firestoreProfilePath: 'users/{uid}', firestore: FIRESTORE };
    expect(namesOfOptions(options)?.firestore?.source.firestore).toBe(FIRESTORE);
  });

  it('needs somebody to ask as, or an emulator', () => {
    const FIRESTORE_PROFILE_PATH = 'users/{uid}';
    expect(said({ ...CALLS, FIRESTORE_PROFILE_PATH }).faults).toEqual([
      expect.stringMatching(/ is needed for FIRESTORE_PROFILE_PATH$/),
    ]);
    expect(saidOfOptions({ ...CALL_OPTIONS, firestoreProfilePath: 'users/{uid}' }).faults).toEqual([
      'firestoreProfilePath needs firebaseApp (or firestore)',
    ]);
    const emulator = { FIREBASE_PROJECT_ID: 'demo-p', FIRESTORE_EMULATOR_HOST: '127.0.0.1:8080' };
    expect(said({ ...CALLS, FIRESTORE_PROFILE_PATH, ...emulator }).faults).toEqual([]);
    expect(
      said({
        ...CALLS,
        FIRESTORE_PROFILE_PATH,
        FIREBASE_PROJECT_ID: 'demo-p',
        FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:9099',
      }).faults,
    ).toEqual([
      'FIRESTORE_PROFILE_PATH needs FIRESTORE_EMULATOR_HOST, or FIREBASE_SERVICE_ACCOUNT (or GOOGLE_APPLICATION_CREDENTIALS)',
    ]);
  });

  it('needs calls', () => {
    const env = { FIRESTORE_PROFILE_PATH: 'users/{uid}', FIREBASE_SERVICE_ACCOUNT: ACCOUNT };
    expect(said(env).faults).toEqual(['DATABASE_URL is required with FIRESTORE_PROFILE_PATH']);
  });

  it.each([
    ['users', /must hold \{uid\} exactly once, as a whole part of the path, like users\/\{uid\}$/],
    ['users/{roomName}', /must hold \{uid\} exactly once/],
    ['users/{uid}/{uid}/x', /must hold \{uid\} exactly once/],
    ['users/u-{uid}', /must hold \{uid\} exactly once/],
    ['users/{uid}/profiles', /must lead to a document/],
    ['/users/{uid}', /must have no empty part/],
    ['__users__/{uid}', /Firestore doesn't allow$/],
  ])('is not %s', (path, fault) => {
    expect(saidOf('FIRESTORE_PROFILE_PATH', path).faults).toEqual([expect.stringMatching(fault)]);
  });

  it.each(['PROFILE_NAME_FIELD', 'PROFILE_PICTURE_FIELD'])('%s is the name of a field', (name) => {
    expect(saidOf(name, 'a..b').faults).toEqual([
      expect.stringMatching(/^must be the name of a field/),
    ]);
  });
});

describe('profileOf', () => {
  it('is a function of the host’s', () => {
    const profileOf = () => ({ name: 'Alice' });
    expect(typeof namesOfOptions({ profileOf })?.profileOf).toBe('function');
    expect(saidOfOptions({ ...CALL_OPTIONS, profileOf: {} }).faults).toEqual([
      'profileOf must be a function',
    ]);
  });
});
