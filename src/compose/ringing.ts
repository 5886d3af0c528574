// Phones without an open stream: who brings pushes to them, and the loop over what is to be brought.
import { createApnsSender } from '../ringing/apns/sender.ts';
import { TARGET_KINDS, type TargetKind } from '../ringing/device.ts';
import { createFcmSender } from '../ringing/fcm/sender.ts';
import { createHostSender } from '../ringing/host-sender.ts';
import { createMessages } from '../ringing/message.ts';
import type { PushSender } from '../ringing/push.ts';
import { createRingLoop } from '../ringing/ring-loop.ts';
import { createRingMetrics, type RingMetrics } from '../ringing/ring-metrics.ts';
import { createTickets, type Tickets } from '../ringing/ticket.ts';
import type { CallSettings, PushSettings } from '../settings/settings.ts';
import type { Store } from '../storage/store.ts';
import type { Lifetime } from './lifetimes.ts';
import type { Ground } from './part.ts';

export interface Ringing extends Required<Lifetime> {
  /** There is somebody who sends. */
  readonly isOn: boolean;
  /** Of which some sender takes values. */
  readonly kindsServed: readonly TargetKind[];
  readonly tickets: Tickets;
  readonly metrics: RingMetrics;
}

/** `senders`: in place of those that the settings name. */
export function createRinging(
  { push, livekit, rules }: CallSettings,
  ground: Ground,
  by: { readonly store: Store; readonly senders: readonly PushSender[] | undefined },
): Ringing {
  const { clock, log } = ground;
  const { store, senders = sendersOf(push, ground) } = by;
  const { keys, previousKeys } = livekit;
  const tickets = createTickets({
    secret: keys.apiSecret,
    previousSecret: previousKeys?.apiSecret,
  });
  const metrics = createRingMetrics(
    ground.metrics.registry,
    senders.map(({ provider }) => provider),
  );
  const messages = createMessages({ ...push, tickets, clock, log });
  const loop = createRingLoop({ store, senders, messages, rules, clock, log, metrics });
  const isOn = senders.length > 0;
  return {
    isOn,
    kindsServed: TARGET_KINDS.filter((kind) => senders.some(({ kinds }) => kinds.includes(kind))),
    tickets,
    metrics,
    async start() {
      if (!isOn) return;
      // Not awaited: a provider that is away is in no server's way.
      for (const sender of senders) void sender.start?.();
      await loop.start();
    },
    async stop() {
      if (isOn) await loop.stop();
      await Promise.all(senders.map((sender) => sender.stop?.()));
    },
  };
}

function sendersOf(
  { fcm, apns, sendPush }: PushSettings,
  { clock, log }: Pick<Ground, 'clock' | 'log'>,
): readonly PushSender[] {
  const parts = { clock, log };
  const own = [
    ...(fcm === undefined
      ? []
      : [createFcmSender({ ...fcm, ...parts, hasApns: apns !== undefined })]),
    ...(apns === undefined ? [] : [createApnsSender({ ...apns, ...parts })]),
  ];
  if (sendPush === undefined) return own;
  const kinds: readonly TargetKind[] = own.length === 0 ? TARGET_KINDS : ['host'];
  return [...own, createHostSender({ sendPush, kinds, ...parts })];
}
