// Pushes to send, and the senders before their stand-ins.
import { onTestFinished } from 'vitest';
import type { CallId, DeviceId, InstallationId, UserId } from '../../../src/base/ids.ts';
import {
  type ApnsStandIn,
  makeApnsKeys,
  startApnsStandIn,
} from '../../../src/dev/stand-ins/apns.ts';
import { type FcmStandIn, startFcmStandIn } from '../../../src/dev/stand-ins/fcm.ts';
import { createApnsSender } from '../../../src/ringing/apns/sender.ts';
import type { Device, Platform, Target } from '../../../src/ringing/device.ts';
import { createFcmSender } from '../../../src/ringing/fcm/sender.ts';
import type {
  Push,
  PushMessage,
  PushSender,
  RingMessage,
  StopMessage,
} from '../../../src/ringing/push.ts';
import { createFakeClock, type FakeClock } from '../../fakes/clock.ts';
import { createFakeLog, type FakeLog } from '../../fakes/log.ts';

export const PROJECT = 'demo-switchboard';
export const BUNDLE = 'com.example.calls';
export const CALL = '0b8f6f6e-6a3a-4d8e-9a57-2f5a4b1c7d10' as CallId;
export const TICKET = 'swt_a-very-secret-ticket';
export const TOKEN: Target = { kind: 'fcm_token', value: 'c1PhoneOfBob:APA91b-secret-token' };
export const FID: Target = { kind: 'fid', value: 'c1PhoneOfBobSecretFid0' };
export const VOIP: Target = { kind: 'apns_voip', value: 'aa'.repeat(32) };
export const PLAIN: Target = { kind: 'apns', value: 'bb'.repeat(32) };
export const APNS_KEYS = makeApnsKeys('KEY1234567', 'TEAM123456');
/** 2026-08-01, in the afternoon. */
export const NOW = Date.UTC(2026, 7, 1, 14, 2);

export const ring = (more: Partial<RingMessage> = {}): RingMessage => ({
  type: 'ring',
  callId: CALL,
  to: 'bob' as UserId,
  ringMs: 29_500,
  now: NOW,
  ticket: TICKET,
  about: {
    callerName: 'Alice',
    callerUid: 'alice' as UserId,
    kind: 'video',
    isGroup: false,
    context: 'order 7',
  },
  ...more,
});

export const stop = (more: Partial<StopMessage> = {}): StopMessage => ({
  type: 'stop_ring',
  callId: CALL,
  to: 'bob' as UserId,
  cause: 'answered_elsewhere',
  now: NOW,
  ...more,
});

export const missed = (more: Partial<StopMessage> = {}): StopMessage =>
  stop({ cause: 'over', missed: { title: 'Alice', body: 'Missed call' }, ...more });

export const device = (platform: Platform, ...targets: readonly Target[]): Device => ({
  uid: 'bob' as UserId,
  installation: 'installation-1' as InstallationId,
  platform,
  targets,
});
export const TABLET = 'tablet-1' as DeviceId;

/** As the ring loop does: to what the sender picks. */
export function pushFor(sender: PushSender, message: PushMessage, to: Device): Push {
  const target = sender.targetFor(message, to);
  if (target === undefined) throw new Error('this sender has no way to that device');
  return { message, device: to, target };
}

export const send = (
  sender: PushSender,
  message: PushMessage,
  to: Device,
  signal: AbortSignal = new AbortController().signal,
) => sender.send(pushFor(sender, message, to), signal);

interface Stage {
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly sender: PushSender;
}

export async function fcmStage(
  more: Partial<Parameters<typeof createFcmSender>[0]> = {},
): Promise<Stage & { fcm: FcmStandIn }> {
  const fcm = await startFcmStandIn({ projectId: PROJECT });
  const [clock, log] = [createFakeClock(NOW), createFakeLog()];
  const { app } = fcm;
  const sender = createFcmSender({ app, url: fcm.server.url, clock, log, ...more });
  onTestFinished(async () => {
    await sender.stop?.();
    await fcm.stop();
  });
  return { fcm, clock, log, sender };
}

export async function apnsStage(): Promise<
  Stage & { production: ApnsStandIn; sandbox: ApnsStandIn }
> {
  const [clock, log] = [createFakeClock(NOW), createFakeLog()];
  const truth = { ...APNS_KEYS, bundleId: BUNDLE, clock };
  const [production, sandbox] = await Promise.all([
    startApnsStandIn(truth),
    startApnsStandIn(truth),
  ]);
  const hosts = { production: production.server.url, sandbox: sandbox.server.url };
  const sender = createApnsSender({ ...APNS_KEYS, bundleId: BUNDLE, hosts, clock, log });
  onTestFinished(async () => {
    await sender.stop?.();
    await production.stop();
    await sandbox.stop();
  });
  return { production, sandbox, clock, log, sender };
}

/** Nothing of it may stand in a log or an error. */
export const SECRETS = [
  TICKET,
  TOKEN.value,
  FID.value,
  VOIP.value,
  PLAIN.value,
  'Alice',
  'order 7',
];
