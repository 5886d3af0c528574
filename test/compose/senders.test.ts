// Who sends pushes, by the settings, and to which values.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createRinging } from '../../src/compose/ringing.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { checkOptions } from '../../src/settings/check-options.ts';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import type { CallSettings } from '../../src/settings/settings.ts';
import type { Store } from '../../src/storage/store.ts';
import { createSwitchboard } from '../../src/switchboard.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';

const CALLS = {
  firebaseProjectId: 'demo-p',
  livekitApiKey: 'k',
  livekitApiSecret: 'a-secret-of-at-least-32-characters',
  livekitUrl: 'wss://p.livekit.cloud',
  database: 'sqlite::memory:',
  ringAccess: 'any',
} as const;
const APNS = {
  apnsKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string,
  apnsKeyId: 'ABC123DEFG',
  apnsTeamId: 'DEF123GHIJ',
  apnsBundleId: 'com.example.chat',
};
const appWith = (credential: unknown) =>
  Object.defineProperty({ options: { projectId: 'demo-p', credential } }, 'getOrInitService', {
    value: () => undefined,
  });
const APP = appWith({ getAccessToken: async () => ({ access_token: 't', expires_in: 3_600 }) });
const FCM = { fcm: true, firebaseApp: APP };
const sendPush = () => 'handed' as const;

/** What is made of the settings; nothing of it is started, and nobody is asked. */
function ringingOf(options: SwitchboardOptions) {
  const { calls } = checkOptions({ ...CALLS, ...options });
  const ground = { clock: createFakeClock(), log: createFakeLog(), metrics: createMetrics() };
  const parts = { store: {} as Store, senders: undefined };
  return createRinging(calls as CallSettings, ground, parts);
}

describe('senders', () => {
  it.each<[string, SwitchboardOptions, readonly string[]]>([
    ['nobody', { fcm: false }, []],
    ['FCM', FCM, ['fcm_token', 'fid']],
    ['APNs', APNS, ['apns_voip', 'apns']],
    ['both', { ...FCM, ...APNS }, ['fcm_token', 'fid', 'apns_voip', 'apns']],
    ['the host for all', { sendPush }, ['fcm_token', 'fid', 'apns_voip', 'apns', 'host']],
    ['the host beside APNs', { ...APNS, sendPush }, ['apns_voip', 'apns', 'host']],
  ])('%s', (_, options, kinds) => {
    const { isOn, kindsServed } = ringingOf(options);
    expect([isOn, kindsServed]).toEqual([kinds.length > 0, kinds]);
  });

  it('need an App that can be asked as, which a host is told at once', () => {
    const make = () => createSwitchboard({ ...CALLS, fcm: true, firebaseApp: appWith(undefined) });
    expect(make).toThrow(TypeError);
  });

  it('that were never started stop', async () => {
    await expect(ringingOf({ ...FCM, ...APNS }).stop()).resolves.toBeUndefined();
  });
});
