// What an operator watches of pushes. No uid, room, context or token is ever a label.
import { Counter, Histogram, type Registry } from 'prom-client';
import { fromZero } from '../base/from-zero.ts';
import { type Call, type Party, partyOf } from '../calls/call.ts';
import { PLATFORMS, type Platform } from './device.ts';
import type { PushMessage, PushResult, PushSender } from './push.ts';
import { wordOf } from './push-reasons.ts';

export interface RingMetrics {
  /** One push was tried at one provider. */
  pushTried(tried: {
    readonly provider: PushSender['provider'];
    readonly type: PushMessage['type'];
    readonly result: PushResult['result'];
    readonly reason?: string;
  }): void;
  /** A provider has taken a ring for one device, so long after it was written down. */
  ringHanded(handed: { readonly platform: Platform; readonly afterMs: number }): void;
  /** A device has said for the first time that it rings. */
  alerted(platform: Platform): void;
  /** A call as it was and as it has been written. */
  observe(before: Call | undefined, after: Call): void;
}

/** `providers`: of those who send. */
export function createRingMetrics(
  registry: Registry,
  providers: readonly PushSender['provider'][],
): RingMetrics {
  const registers = [registry];
  const pushes = new Counter({
    name: 'switchboard_pushes_total',
    help: "Pushes that were tried, by provider, what for, what came of it and the provider's reason.",
    labelNames: ['provider', 'type', 'result', 'reason'],
    registers,
  });
  fromZero(pushes, {
    provider: providers,
    type: ['ring', 'stop'],
    result: ['handed'],
    reason: ['none'],
  });
  const handed = new Counter({
    name: 'switchboard_rings_handed_total',
    help: 'Devices for which a provider has taken a ring, by platform.',
    labelNames: ['platform'],
    registers,
  });
  const alerting = new Counter({
    name: 'switchboard_rings_alerting_total',
    help: 'Devices that have said that they ring, by platform; of those handed, the share that arrives.',
    labelNames: ['platform'],
    registers,
  });
  fromZero(handed, { platform: PLATFORMS });
  fromZero(alerting, { platform: PLATFORMS });
  const seconds = new Histogram({
    name: 'switchboard_ring_push_seconds',
    help: 'From the writing of a ring until a provider has its push.',
    buckets: [0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2, 5, 10, 30],
    registers,
  });
  return {
    pushTried: ({ provider, type, result, reason }) =>
      pushes.inc({
        provider,
        type: type === 'ring' ? 'ring' : 'stop',
        result,
        reason: wordOf(reason, provider),
      }),
    ringHanded({ platform, afterMs }) {
      handed.inc({ platform });
      seconds.observe(Math.max(afterMs, 0) / 1000);
    },
    alerted: (platform) => alerting.inc({ platform }),
    observe: createAnswerMetrics(registry),
  };
}

/** Of each callee, where `switchboard_call_answer_seconds` is of each call. */
function createAnswerMetrics(registry: Registry): RingMetrics['observe'] {
  const answer = new Histogram({
    name: 'switchboard_ring_answer_seconds',
    help: 'From the ring of a person to their accept, by whether a phone of theirs had said that it rings.',
    labelNames: ['alerting'],
    buckets: [1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60],
    registers: [registry],
  });
  return (before, after) => {
    for (const party of after.parties) {
      const rang = before === undefined ? undefined : partyOf(before, party.uid);
      if (rang === undefined || !isAnswered(rang, party)) continue;
      const ms = (party.seatedAt ?? rang.createdAt) - rang.createdAt;
      const isAlerting = rang.alertedAt !== undefined || party.alertedAt !== undefined;
      answer.observe({ alerting: isAlerting ? 'yes' : 'no' }, ms / 1000);
    }
  };
}

const isAnswered = (rang: Party, party: Party): boolean =>
  rang.state === 'ringing' && party.state === 'joining';
