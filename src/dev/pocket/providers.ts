// Who brings pushes to phones in development: the senders of a real server, and at the other end of
// the wire what stands in for FCM and APNs. With a key of one's own for Apple, Apple itself.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { createApnsSender } from '../../ringing/apns/sender.ts';
import { createFcmSender } from '../../ringing/fcm/sender.ts';
import type { PushSender } from '../../ringing/push.ts';
import type { PushSettings } from '../../settings/settings.ts';
import { DEMO_PROJECT_ID } from '../dev-config.ts';
import { makeApnsKeys, startApnsStandIn } from '../stand-ins/apns.ts';
import { startFcmStandIn } from '../stand-ins/fcm.ts';
import { ofApns, ofFcm, type TakenPush } from './push-list.ts';

const BUNDLE_ID = 'com.example.switchboard';

export interface Providers {
  readonly senders: readonly PushSender[];
  stop(): Promise<void>;
}

/** `own`: what the environment says of Apple. `take` hears of each push that a stand-in took. */
export async function startProviders(parts: {
  readonly own: PushSettings['apns'];
  readonly take: (push: TakenPush) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<Providers> {
  const { own, take, clock, log } = parts;
  const fcm = await startFcmStandIn({
    projectId: DEMO_PROJECT_ID,
    onPush: (push) => take(ofFcm(push)),
  });
  const fcmSender = createFcmSender({
    app: fcm.app,
    url: fcm.server.url,
    hasApns: true,
    clock,
    log,
  });
  if (own !== undefined) {
    const senders = [fcmSender, createApnsSender({ ...own, clock, log })];
    return { senders, stop: fcm.stop };
  }
  const keys = { ...makeApnsKeys(), bundleId: BUNDLE_ID };
  const apns = await startApnsStandIn({ ...keys, clock, onPush: (push) => take(ofApns(push)) });
  const { url } = apns.server;
  const hosts = { production: url, sandbox: url };
  return {
    senders: [fcmSender, createApnsSender({ ...keys, hosts, clock, log })],
    async stop() {
      await Promise.all([fcm.stop(), apns.stop()]);
    },
  };
}
