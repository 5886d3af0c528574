// What an operator sees of calls, and that nobody can be told from it.
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { CallId, RoomName, UserId } from '../../src/base/ids.ts';
import type { Call } from '../../src/calls/call.ts';
import { createCallMetrics } from '../../src/events/call-metrics.ts';

const RINGING: Call = {
  id: '0f7c3d0a-3a7e-4f0c-9a55-0d2f3f6f1c11' as CallId,
  room: 'call_abcdefghijklmnopqrstuv' as RoomName,
  caller: 'alice' as UserId,
  kind: 'video',
  context: 'chat-7',
  requestHash: 'hash',
  isGroup: false,
  state: 'ringing',
  createdAt: 1_000_000,
  heard: 'nothing',
  parties: [],
  timers: new Map(),
};
const ACTIVE: Call = { ...RINGING, state: 'active', activeAt: 1_003_000 };
const ENDED: Call = {
  ...ACTIVE,
  state: 'ended',
  outcome: 'answered',
  reason: 'hangup',
  talkAt: 1_004_000,
  endedAt: 1_094_000,
};

async function measured(...steps: readonly [Call | undefined, Call][]): Promise<string> {
  const registry = new Registry();
  const { observe } = createCallMetrics(registry);
  for (const [before, after] of steps) observe(before, after);
  return registry.metrics();
}

it('counts a call once where it is placed, answered and ended', async () => {
  const text = await measured(
    [undefined, RINGING],
    [RINGING, ACTIVE],
    [ACTIVE, ACTIVE],
    [ACTIVE, ENDED],
    [ENDED, ENDED],
  );
  expect(text).toContain('switchboard_calls_placed_total{kind="video"} 1');
  expect(text).toContain('switchboard_calls_ended_total{outcome="answered",reason="hangup"} 1');
  expect(text).toContain('switchboard_call_answer_seconds_sum 3\n');
  expect(text).toContain('switchboard_call_answer_seconds_count 1\n');
  expect(text).toContain('switchboard_call_talk_seconds_sum 90\n');
  expect(text).toContain('switchboard_call_talk_seconds_count 1\n');
});

it('knows no talk of which LiveKit has told nothing', async () => {
  const { talkAt: _, ...unproven } = ENDED;
  const text = await measured([ACTIVE, unproven]);
  expect(text).toContain('switchboard_call_talk_seconds_count 0\n');
  expect(text).toContain('switchboard_calls_ended_total{outcome="answered",reason="hangup"} 1');
});

it('tells how late deadlines were taken up, and how many feeds are open', async () => {
  const registry = new Registry();
  const metrics = createCallMetrics(registry);
  let open = 3;
  metrics.watchFeeds(() => open);
  metrics.settled({ kind: 'verdict', lateMs: 1_500 });
  metrics.settled({ kind: 'question', lateMs: -2 });
  expect(await registry.metrics()).toContain('switchboard_feeds_open 3\n');
  open = 0;
  const text = await registry.metrics();
  expect(text).toContain('switchboard_feeds_open 0\n');
  expect(text).toContain('switchboard_call_deadline_lateness_seconds_sum{kind="verdict"} 1.5\n');
  expect(text).toContain('switchboard_call_deadline_lateness_seconds_sum{kind="question"} 0\n');
});

it('tells how long deadlines wait to be looked after, and how many could not be applied', async () => {
  const registry = new Registry();
  const metrics = createCallMetrics(registry);
  let behindMs = 0;
  metrics.watchDeadlines(() => behindMs);
  metrics.deadlineFailed();
  behindMs = 2_500;
  const text = await registry.metrics();
  expect(text).toContain('switchboard_call_deadline_failures_total 1\n');
  expect(text).toContain('switchboard_call_deadlines_behind_seconds 2.5\n');
});

it('has no uid, room, context or id in a label', async () => {
  const text = await measured([undefined, RINGING], [RINGING, ACTIVE], [ACTIVE, ENDED]);
  for (const secret of [ENDED.caller, ENDED.room, ENDED.context as string, ENDED.id]) {
    expect(text).not.toContain(secret);
  }
});
