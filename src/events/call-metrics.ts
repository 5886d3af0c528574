// What an operator watches of calls. No uid, room or context is ever a label: they have no bound.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { fromZero } from '../base/from-zero.ts';
import { CALL_KINDS, type Call } from '../calls/call.ts';
import type { Effect } from '../calls/event.ts';

export interface CallMetrics {
  /** A call as it was and as it has been written. */
  observe(before: Call | undefined, after: Call): void;
  /** A deadline was taken up so long after its time. */
  settled(settled: { readonly kind: 'verdict' | 'question'; readonly lateMs: number }): void;
  /** A deadline could not be applied, and is tried again. */
  deadlineFailed(): void;
  /** How long deadlines have waited to be looked at is asked for at each scrape. */
  watchDeadlines(behindMs: () => number): void;
  /** What had to be done at LiveKit was tried. */
  tried(tried: { readonly effect: Effect['type']; readonly result: string }): void;
  /** A webhook has come. Both are words of ours, never what was sent. */
  received(received: { readonly event: string; readonly result: string }): void;
  /** How many feeds are open is asked for at each scrape. */
  watchFeeds(count: () => number): void;
}

export function createCallMetrics(registry: Registry): CallMetrics {
  return {
    observe: createLifeMetrics(registry),
    ...createDeadlineMetrics(registry),
    ...createLiveKitMetrics(registry),
    watchFeeds(count) {
      new Gauge({
        name: 'switchboard_feeds_open',
        help: 'Feeds that are held open, streamed or polled.',
        registers: [registry],
        collect() {
          this.set(count());
        },
      });
    },
  };
}

function createLifeMetrics(registry: Registry): CallMetrics['observe'] {
  const registers = [registry];
  const placed = new Counter({
    name: 'switchboard_calls_placed_total',
    help: 'Calls that were placed, by kind.',
    labelNames: ['kind'],
    registers,
  });
  fromZero(placed, { kind: CALL_KINDS });
  const ended = new Counter({
    name: 'switchboard_calls_ended_total',
    help: 'Calls that have ended, by what became of them and why.',
    labelNames: ['outcome', 'reason'],
    registers,
  });
  const answer = new Histogram({
    name: 'switchboard_call_answer_seconds',
    help: 'From the placing of a call to its first accept.',
    buckets: [1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60],
    registers,
  });
  const talk = new Histogram({
    name: 'switchboard_call_talk_seconds',
    help: 'From the second person in the room to the end, of calls that LiveKit has vouched for.',
    buckets: [5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200],
    registers,
  });
  return (before, after) => {
    if (before === undefined) placed.inc({ kind: after.kind });
    if (before?.activeAt === undefined && after.activeAt !== undefined) {
      answer.observe((after.activeAt - after.createdAt) / 1000);
    }
    if (before?.state === 'ended' || after.state !== 'ended') return;
    ended.inc({ outcome: after.outcome ?? 'none', reason: after.reason ?? 'none' });
    if (after.talkAt !== undefined && after.endedAt !== undefined) {
      talk.observe((after.endedAt - after.talkAt) / 1000);
    }
  };
}

function createDeadlineMetrics(
  registry: Registry,
): Pick<CallMetrics, 'settled' | 'deadlineFailed' | 'watchDeadlines'> {
  const registers = [registry];
  const late = new Histogram({
    name: 'switchboard_call_deadline_lateness_seconds',
    help: 'How long after its time a deadline of a call was taken up, by what it was.',
    labelNames: ['kind'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60],
    registers,
  });
  for (const kind of ['verdict', 'question']) late.zero({ kind });
  const failures = new Counter({
    name: 'switchboard_call_deadline_failures_total',
    help: 'Times that a deadline of a call could not be applied.',
    registers,
  });
  return {
    settled: ({ kind, lateMs }) => late.observe({ kind }, Math.max(lateMs, 0) / 1000),
    deadlineFailed: () => failures.inc(),
    watchDeadlines(behindMs) {
      new Gauge({
        name: 'switchboard_call_deadlines_behind_seconds',
        help: 'How long deadlines that have passed wait to be looked after; 0 where none waits.',
        registers,
        collect() {
          this.set(behindMs() / 1000);
        },
      });
    },
  };
}

function createLiveKitMetrics(registry: Registry): Pick<CallMetrics, 'tried' | 'received'> {
  const registers = [registry];
  const effects = new Counter({
    name: 'switchboard_call_effects_total',
    help: 'What had to be done at LiveKit for calls, each try by what came of it.',
    labelNames: ['effect', 'result'],
    registers,
  });
  fromZero(effects, {
    effect: ['create_room', 'delete_room', 'remove_participant'],
    result: ['done', 'failed', 'given_up'],
  });
  const webhooks = new Counter({
    name: 'switchboard_livekit_webhooks_total',
    help: "LiveKit's webhooks that came, by what they say and what became of them.",
    labelNames: ['event', 'result'],
    registers,
  });
  fromZero(webhooks, {
    event: ['joined', 'left', 'finished'],
    result: ['ok', 'ignored', 'failed'],
  });
  fromZero(webhooks, { event: ['other'], result: ['ignored'] });
  fromZero(webhooks, { event: ['none'], result: ['bad_signature', 'malformed'] });
  return {
    tried: ({ effect, result }) => effects.inc({ effect, result }),
    received: ({ event, result }) => webhooks.inc({ event, result }),
  };
}
