import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import {
  type ApnsStandInAnswer,
  makeApnsKeys,
  startApnsStandIn,
} from '../../src/dev/stand-ins/apns.ts';
import { type FcmStandInAnswer, startFcmStandIn } from '../../src/dev/stand-ins/fcm.ts';
import type { DoctorParts } from '../../src/doctor/doctor.ts';
import { PROJECT_ID } from '../fakes/firebase.ts';
import { freePort } from '../fakes/free-port.ts';
import { SECRETS } from './secrets.ts';
import { cleanups, rowOf, rowsOf, setUp } from './stage.ts';

const BUNDLE = 'com.example.calls';
const KEYS = makeApnsKeys('KEY1234567', 'TEAM123456');
const APNS = {
  APNS_KEY: KEYS.key,
  APNS_KEY_ID: KEYS.keyId,
  APNS_TEAM_ID: KEYS.teamId,
  APNS_BUNDLE_ID: BUNDLE,
};
const CALLS = { DATABASE_URL: 'sqlite::memory:' };

async function fcmStage(answer: FcmStandInAnswer = 'right') {
  const { env } = await setUp();
  const fcm = await startFcmStandIn({ projectId: PROJECT_ID });
  cleanups.push(fcm.stop);
  fcm.answerWith(answer);
  const openFirebase = (async () => ({
    app: fcm.app,
    close: async () => {},
  })) as unknown as DoctorParts['openFirebase'];
  const parts = { openFirebase, fcmUrl: fcm.server.url } as Partial<DoctorParts>;
  const { FIREBASE_SERVICE_ACCOUNT } = SECRETS;
  return { fcm, env: { ...env, ...CALLS, FIREBASE_SERVICE_ACCOUNT, FCM: 'on' }, parts };
}

async function apnsStage(answers: { production?: ApnsStandInAnswer; sandbox?: ApnsStandInAnswer }) {
  const { env } = await setUp();
  const truth = { ...KEYS, bundleId: BUNDLE, clock: systemClock };
  const production = await startApnsStandIn(truth);
  const sandbox = await startApnsStandIn(truth);
  cleanups.push(production.stop, sandbox.stop);
  production.answerWith(answers.production ?? 'right');
  sandbox.answerWith(answers.sandbox ?? 'right');
  const apnsHosts = { production: production.server.url, sandbox: sandbox.server.url };
  return { production, sandbox, env: { ...env, ...CALLS, ...APNS }, parts: { apnsHosts } };
}

describe('FCM', () => {
  it('is not spoken of without calls, and skipped where it is off', async () => {
    const { env } = await setUp();
    expect((await rowsOf(env)).map(({ name }) => name)).not.toContain('FCM');
    expect(await rowOf('FCM', { ...env, ...CALLS })).toMatchObject({
      result: 'skipped',
      detail: expect.stringMatching(/FCM is off/),
    });
  });

  it('takes a dry run to nobody, which is the proof', async () => {
    const { fcm, env, parts } = await fcmStage();
    expect(await rowOf('FCM', env, parts)).toMatchObject({
      result: 'ok',
      detail: expect.stringMatching(/a dry run, sent to nobody/),
    });
    expect(fcm.asked).toBe(1);
    expect(fcm.pushes).toEqual([]);
  });

  it.each([
    ['SERVICE_DISABLED', /not enabled/, /gcloud services enable fcm\.googleapis\.com/],
    ['PERMISSION_DENIED', /may not send pushes/, /roles\/firebasecloudmessaging\.admin/],
    ['SENDER_ID_MISMATCH', /knows no project/, /FIREBASE_PROJECT_ID/],
    ['NOT_FOUND', /knows no project/, /FIREBASE_PROJECT_ID/],
    ['UNAUTHENTICATED', /access token/, /new key/],
    ['QUOTA_EXCEEDED', /as much as FCM lets it/, /quota/],
    ['UNAVAILABLE', /for now \(503 UNAVAILABLE\)/, /again/],
    ['bad-gateway', /for now \(502/, /again/],
    ['page', /is not FCM \(200\)/, /without a proxy/],
    ['cut', /cuts the connection/, /let this machine out/],
  ] as const)('that answers %s has its sentence and its fix', async (answer, detail, fix) => {
    const { env, parts } = await fcmStage(answer);
    expect(await rowOf('FCM', env, parts)).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(detail),
      fix: expect.stringMatching(fix),
    });
  });

  it('that is out of reach fails', async () => {
    const { env, parts } = await fcmStage();
    const fcmUrl = `http://127.0.0.1:${await freePort()}`;
    expect(await rowOf('FCM', env, { ...parts, fcmUrl })).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(/connection refused/),
    });
  });
});

describe('APNs', () => {
  it('is skipped where there is no key', async () => {
    const { env } = await setUp();
    expect(await rowOf('APNs', { ...env, ...CALLS })).toMatchObject({ result: 'skipped' });
  });

  it('takes the key with a push to nobody, on both of its servers', async () => {
    const { production, sandbox, env, parts } = await apnsStage({});
    expect(await rowOf('APNs', env, parts)).toMatchObject({
      result: 'ok',
      detail: expect.stringMatching(/takes the key, sent to nobody/),
    });
    expect([production.asked, sandbox.asked]).toEqual([1, 1]);
    expect(production.pushes).toEqual([]);
  });

  it.each([
    ['InvalidProviderToken', /does not take the key/, /APNS_KEY_ID.*APNS_TEAM_ID/],
    ['UnrelatedKeyIdInToken', /does not take the key/, /APNS_TEAM_ID/],
    ['Forbidden', /does not take the key/, /APNS_KEY/],
    ['ExpiredProviderToken', /time/, /NTP/],
    ['TopicDisallowed', /APNS_BUNDLE_ID/, /bundle id/],
    ['DeviceTokenNotForTopic', /APNS_BUNDLE_ID/, /bundle id/],
    ['ServiceUnavailable', /for now/, /again/],
    ['page', /is not APNs/, /without a proxy/],
    ['cut', /cuts the connection/, /let this machine out/],
  ] as const)('that answers %s has its sentence and its fix', async (answer, detail, fix) => {
    const { env, parts } = await apnsStage({ production: answer });
    expect(await rowOf('APNs', env, parts)).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(detail),
      fix: expect.stringMatching(fix),
    });
  });

  it('with a key for production alone works, and says so', async () => {
    const { env, parts } = await apnsStage({ sandbox: 'BadEnvironmentKeyIdInToken' });
    expect(await rowOf('APNs', env, parts)).toMatchObject({
      result: 'ok',
      detail: expect.stringMatching(/^warning: .* production alone/),
    });
  });

  it('with a key for the sandbox alone fails', async () => {
    const { env, parts } = await apnsStage({ production: 'BadEnvironmentKeyIdInToken' });
    expect(await rowOf('APNs', env, parts)).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(/sandbox alone/),
    });
  });

  it('with the key of another one says what to compare', async () => {
    const { env, parts } = await apnsStage({});
    const APNS_KEY = makeApnsKeys().key;
    expect(await rowOf('APNs', { ...env, APNS_KEY }, parts)).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(/InvalidProviderToken/),
    });
  });
});
