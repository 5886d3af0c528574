// FCM and APNs in a process of their own: their stand-ins, over TLS, each answer after 1 ms. Every
// push that was taken is told to whoever has started it, with the time of its arrival.
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/base/clock.ts';
import { startApnsStandIn } from '../../src/dev/stand-ins/apns.ts';
import { startFcmStandIn } from '../../src/dev/stand-ins/fcm.ts';
import { nowMs, type ProviderEnvironment, type Taken } from './pushing.ts';

const ANSWERS_AFTER_MS = 1;
const TOLD_EVERY_MS = 20;

const environment = process.env as unknown as ProviderEnvironment;
const tls = {
  key: readFileSync(environment.TLS_KEY, 'utf8'),
  cert: readFileSync(environment.TLS_CERTIFICATE, 'utf8'),
};
const later = (send: () => void) => void setTimeout(send, ANSWERS_AFTER_MS);

let taken: Taken[] = [];
const take = (token: unknown, { id, type }: Readonly<Record<string, unknown>>) => {
  taken.push({ callId: String(id), type: String(type), token: String(token), at: nowMs() });
};
setInterval(() => {
  if (taken.length > 0) process.send?.({ taken });
  taken = [];
}, TOLD_EVERY_MS);

const fcm = await startFcmStandIn({
  ...{ projectId: environment.PROJECT_ID, tls, later },
  onPush: ({ message }) => take(message.token, message.data as Record<string, unknown>),
});
const apns = await startApnsStandIn({
  publicKey: createPublicKey(environment.APNS_KEY),
  keyId: environment.APNS_KEY_ID,
  teamId: environment.APNS_TEAM_ID,
  bundleId: environment.APNS_BUNDLE_ID,
  ...{ clock: systemClock, tls, later },
  onPush: ({ token, payload }) => take(token, payload),
});
process.send?.({ fcmUrl: fcm.server.url, apnsUrl: apns.server.url });
process.once('disconnect', () => process.exit());
