// A host's App that another copy of firebase-admin has made.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openFirestore } from '../../src/access/firestore.ts';
import { userFromClaims } from '../../src/base/user.ts';
import { createAccountLookUp } from '../../src/identity/firebase-account.ts';
import { createTokenConsumer } from '../../src/identity/firebase-replay.ts';
import { type AdminCopy, copyFirebaseAdmin } from '../fakes/admin-copy.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { PROJECT_ID, type SigningKey, signingKey, signSegments } from '../fakes/firebase.ts';
import { type FakeGoogle, sendJson, startFirebaseAdmin } from '../fakes/firebase-admin.ts';

let copy: AdminCopy;
let google: FakeGoogle | undefined;

beforeEach(() => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  copy = copyFirebaseAdmin();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await google?.close();
  google = undefined;
  copy.remove();
});

function appCheckToken(key: SigningKey): string {
  const nowS = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'https://firebaseappcheck.googleapis.com/1234567890',
    sub: '1:1234567890:web:abc',
    aud: [`projects/${PROJECT_ID}`],
    iat: nowS,
    exp: nowS + 3600,
  };
  const header = { alg: 'RS256', kid: key.kid, typ: 'JWT' };
  return signSegments(JSON.stringify(header), JSON.stringify(claims), { key });
}

describe('an App of another copy', () => {
  it.each(['found', 'in a bundle'])(
    'has its accounts looked up, and nothing is left in it: %s',
    async (where) => {
      const { Auth, getAuth } = copy.part('auth');
      google = await startFirebaseAdmin([], copy.part('app'));
      if (where !== 'found') copy.hide();
      google.on('accounts:lookup', (_body, response) =>
        sendJson(response, 200, { users: [{ localId: 'alice', disabled: true }] }),
      );
      const look = createAccountLookUp(google.app);
      expect(await look(userFromClaims('alice', {}))).toEqual({ disabled: true, validSinceMs: 0 });
      expect(google.calls).toEqual(['accounts:lookup']);
      expect(getAuth(google.app)).toBeInstanceOf(Auth);
    },
  );

  it.each(['found', 'in a bundle'])('uses App Check tokens up: %s', async (where) => {
    const key = signingKey('app-check');
    const { AppCheck, getAppCheck } = copy.part('app-check');
    google = await startFirebaseAdmin([key], copy.part('app'));
    if (where !== 'found') copy.hide();
    google.on(':verifyAppCheckToken', (_body, response) =>
      sendJson(response, 200, { alreadyConsumed: true }),
    );
    const consume = createTokenConsumer(google.app);
    expect(await consume(appCheckToken(key))).toBe(true);
    expect(getAppCheck(google.app)).toBeInstanceOf(AppCheck);
  });

  it('has its own Firestore asked, and none of ours is left in it', async () => {
    const { initializeApp, deleteApp } = copy.part('app');
    const app = initializeApp({ projectId: PROJECT_ID }, 'host');
    await openFirestore({ app }, createFakeClock()).open();
    const { Firestore, getFirestore } = copy.part('firestore');
    expect(getFirestore(app)).toBeInstanceOf(Firestore);
    await deleteApp(app);
  });

  it('is a fault at start where its copy cannot be found, and left as it was', async () => {
    const { initializeApp } = copy.part('app');
    const { Firestore, getFirestore } = copy.part('firestore');
    const app = initializeApp({ projectId: PROJECT_ID }, 'host');
    copy.hide();
    const opening = openFirestore({ app }, createFakeClock()).open();
    await expect(opening).rejects.toThrow(
      /another copy of firebase-admin.*firestore: getFirestore/,
    );
    expect(getFirestore(app)).toBeInstanceOf(Firestore);
    // And the host's own Firestore needs no copy to be found.
    await openFirestore({ app, firestore: getFirestore(app) }, createFakeClock()).open();
  });

  it('with a credential that no Firestore takes is a fault at start', async () => {
    const { initializeApp } = copy.part('app');
    const credential = { getAccessToken: async () => ({ access_token: 'x', expires_in: 3600 }) };
    const app = initializeApp({ projectId: PROJECT_ID, credential }, 'host');
    const opening = openFirestore({ app }, createFakeClock()).open();
    await expect(opening).rejects.toThrow(/Firestore takes none of this credential/);
  });
});
