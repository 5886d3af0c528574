import { describe, expect, it } from 'vitest';
import { type AuthorizeRoom, createSwitchboard } from '../../src/index.ts';

const make = (options: unknown) => () => createSwitchboard(options as never);
const GOOD = { firebaseProjectId: 'demo-p', logger: console };

describe('createSwitchboard', () => {
  it('is synchronous and starts nothing', () => {
    const switchboard = createSwitchboard({ ...GOOD, logger: { ...console, error() {} } });
    expect(Object.keys(switchboard).sort()).toEqual([
      'calls',
      'errorHandler',
      'handler',
      'metrics',
      'plugin',
      'readiness',
      'start',
      'stop',
      'tokenErrorHandler',
      'tokenHandler',
    ]);
    // Express tells error handlers by their four parameters.
    expect(switchboard.errorHandler).toHaveLength(4);
  });

  it('takes a rule in which a uid is compared with a room’s name', () => {
    const rule: AuthorizeRoom = ({ user, roomName }) => user.uid === roomName;
    expect(make({ ...GOOD, authorizeRoom: rule })).not.toThrow();
  });

  it('takes an empty or missing LiveKit key without throwing', () => {
    const logger = { ...console, error() {} };
    expect(make({ ...GOOD, logger, livekitApiKey: undefined, livekitApiSecret: '' })).not.toThrow();
  });

  it('names every option that is wrong in one TypeError', () => {
    const wrong = {
      firebaseProjectId: 7,
      livekitTokenTtlSeconds: '600',
      livekitUrl: 'https://x',
      roomAccess: 'everyone',
      authorizeRoom: true,
      corsOrigins: 'https://a.example',
      trustProxy: -1,
      basePath: 'calls/',
      logger: {},
      livekitApikey: 'typo',
    };
    expect(make(wrong)).toThrow(TypeError);
    expect(make(wrong)).toThrow(
      'createSwitchboard: ' +
        [
          'firebaseProjectId must be a string, not empty',
          'livekitTokenTtlSeconds must be a whole number from 61 to 86400',
          'livekitUrl must be a URL that begins with wss:// or ws://: write wss:// in place of https://',
          'roomAccess must be one of any, calls, firestore, http',
          'authorizeRoom must be a function',
          'corsOrigins must be a list of strings',
          'trustProxy must be a whole number from 0 to 32',
          'basePath must be a path like /api/calls, without a slash at its end',
          'logger must have the methods debug, info, warn and error',
          'livekitApikey is not an option',
          'roomAccess and authorizeRoom exclude each other',
        ].join('; '),
    );
  });

  it.each([
    [{}, ['roomAccess is any: any signed-in user can join any room by name']],
    [{ roomAccess: 'any' }, []],
    [{ roomAccess: 'calls' }, []],
    [{ authorizeRoom: () => true }, []],
    [
      { roomAccess: 'calls', livekitApiKey: 'k', livekitApiSecret: '"short"' },
      [
        expect.stringMatching(/^livekitApiSecret stands in quotes/),
        expect.stringMatching(/^livekitApiSecret is shorter than 32 bytes/),
      ],
    ],
  ])('warns of what is open or odd: %j', (options, expected) => {
    const warned: unknown[] = [];
    const silent = () => {};
    const warn = (_: object, message?: string) => void warned.push(message);
    const logger = { debug: silent, info: silent, warn, error: silent };
    createSwitchboard({ firebaseProjectId: 'demo-p', logger, ...options } as never);
    expect(warned).toEqual(expected);
  });

  it.each([
    [undefined, 'createSwitchboard takes an object of options'],
    [{}, 'firebaseProjectId is missing (or give firebaseApp, or userOf)'],
    [{ firebaseProjectId: undefined }, 'firebaseProjectId is missing'],
    [{ firebaseApp: {} }, 'firebaseApp must be a firebase-admin App'],
    [{ firebaseApp: { options: {} } }, 'firebaseApp does not know its project id'],
    [{ firebaseProjectId: 'demo-p', checkRevoked: true }, 'checkRevoked needs firebaseApp'],
    [{ firebaseProjectId: 'demo-p', appCheckConsume: true }, 'appCheckConsume needs firebaseApp'],
    // As of the web SDK: a project, and nothing to ask with.
    [
      { firebaseApp: { name: 'x', options: { projectId: 'demo-p' } }, checkRevoked: true },
      'firebaseApp must be an App of firebase-admin',
    ],
    [
      { firebaseProjectId: 'demo-p', roomAccess: 'firestore', firestoreRoomPath: 'a/{roomName}' },
      "roomAccess: 'firestore' needs firebaseApp (or firestore)",
    ],
    [
      { firebaseProjectId: 'demo-p', firestore: {} },
      'firestore must be the Firestore of firebase-admin',
    ],
    [
      { firebaseProjectId: 'demo-p', firestore: {}, firestoreDatabase: 'other' },
      'firestoreDatabase and firestore exclude each other',
    ],
    [
      {
        firebaseApp: { options: { projectId: 'demo-x' }, getOrInitService() {} },
        firebaseAuthEmulatorHost: '127.0.0.1:9099',
        checkRevoked: true,
      },
      'checkRevoked needs the variable FIREBASE_AUTH_EMULATOR_HOST beside firebaseAuthEmulatorHost',
    ],
    [
      { firebaseProjectId: 'demo-p', appCheckConsume: true },
      "appCheckConsume needs appCheck: 'monitor'",
    ],
    [{ firebaseProjectId: 'demo-p', firebaseKeysUrl: 'http://keys.example.com/' }, 'must be https'],
    [
      { firebaseProjectId: 'demo-p', corsOrigins: ['*'] },
      'corsOrigins must name origins, and not *',
    ],
    [{ firebaseProjectId: 'demo-p', livekitUrl: 'wss://a:b@c' }, 'must hold no user or password'],
    [
      { firebaseProjectId: 'demo-p', trustProxy: ['nonsense'] },
      'trustProxy must be a number of hops',
    ],
    [
      { firebaseProjectId: 'demo-p', roomAccess: 'firestore' },
      "roomAccess: 'firestore' needs firestoreRoomPath",
    ],
    [{ firebaseProjectId: 'demo-p', roomAccess: 'http' }, "roomAccess: 'http' needs accessUrl"],
    [{ userOf() {}, checkRevoked: true }, 'checkRevoked is about ID tokens'],
    [{ userOf() {}, appCheck: 'enforce' }, 'firebaseProjectId is missing'],
    [{ firebaseProjectId: 'demo-p', livekitTokenTtlSeconds: 0 }, 'livekitTokenTtlSeconds must be'],
    [
      { firebaseProjectId: 'demo-p', livekitTokenTtlSeconds: Number.NaN },
      'livekitTokenTtlSeconds must be',
    ],
  ])('says what is missing: %j', (options, sentence) => {
    expect(make(options)).toThrow(sentence);
  });
});
