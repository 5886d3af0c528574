// What an operator sees of pushes, and that nobody can be told from it.
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { UserId } from '../../src/base/ids.ts';
import type { Call, Party } from '../../src/calls/call.ts';
import { wordOf } from '../../src/ringing/push-reasons.ts';
import { createRingMetrics, type RingMetrics } from '../../src/ringing/ring-metrics.ts';

async function measured(measure: (metrics: RingMetrics) => void): Promise<string> {
  const registry = new Registry();
  measure(createRingMetrics(registry, ['fcm']));
  return registry.metrics();
}

const party = (more: Partial<Party>): Party => ({
  ...{ uid: 'bob' as UserId, role: 'callee', state: 'ringing', isHidden: false },
  ...{ createdAt: 1_000_000, version: 1, cause: 'ringing' },
  ...more,
});
const call = (...parties: Party[]) => ({ parties }) as unknown as Call;
const RINGING = party({});
const ANSWERED = party({ state: 'joining', seatedAt: 1_007_000 });

it('counts each try of a push', async () => {
  const text = await measured(({ pushTried }) => {
    pushTried({ provider: 'fcm', type: 'ring', result: 'handed' });
    pushTried({ provider: 'fcm', type: 'ring', result: 'gone', reason: 'UNREGISTERED' });
    pushTried({ provider: 'apns', type: 'stop_ring', result: 'failed', reason: 'TooManyRequests' });
  });
  for (const line of [
    '{provider="fcm",type="ring",result="handed",reason="none"} 1',
    '{provider="fcm",type="ring",result="gone",reason="UNREGISTERED"} 1',
    '{provider="apns",type="stop",result="failed",reason="TooManyRequests"} 1',
  ]) {
    expect(text).toContain(`switchboard_pushes_total${line}`);
  }
});

it('tells how long a ring took to its provider, and which share of rings arrives', async () => {
  const text = await measured(({ ringHanded, alerted }) => {
    ringHanded({ platform: 'ios', afterMs: 80 });
    ringHanded({ platform: 'ios', afterMs: -3 });
    alerted('ios');
  });
  expect(text).toContain('switchboard_rings_handed_total{platform="ios"} 2');
  expect(text).toContain('switchboard_rings_alerting_total{platform="ios"} 1');
  expect(text).toContain('switchboard_ring_push_seconds_sum 0.08\n');
  expect(text).toContain('switchboard_ring_push_seconds_count 2\n');
});

describe('from ring to answer', () => {
  const lines = async (before: Party | undefined, after: Party) => {
    const text = await measured(({ observe }) =>
      observe(before === undefined ? undefined : call(before), call(after)),
    );
    return text.split('\n').filter((line) => /^switchboard_ring_answer_seconds_sum/.test(line));
  };

  it('is measured of each who answers', async () => {
    expect(await lines(RINGING, ANSWERED)).toEqual([
      'switchboard_ring_answer_seconds_sum{alerting="no"} 7',
    ]);
  });

  it('is told apart by whether a phone has said that it rings', async () => {
    const alerting = { ...RINGING, alertedAt: 1_001_000 };
    expect(await lines(alerting, { ...ANSWERED, alertedAt: 1_001_000 })).toEqual([
      'switchboard_ring_answer_seconds_sum{alerting="yes"} 7',
    ]);
  });

  it.each([
    ['nobody has rung', undefined, ANSWERED],
    ['he rings on', RINGING, RINGING],
    ['he declines', RINGING, party({ state: 'declined' })],
    ['he comes back', party({ state: 'left' }), ANSWERED],
    ['he is there already', ANSWERED, party({ state: 'joined', seatedAt: 1_007_000 })],
  ] as const)('is not measured where %s', async (_, before, after) => {
    expect(await lines(before, after)).toEqual([]);
  });
});

describe('a reason', () => {
  it.each([
    [undefined, 'fcm', 'none'],
    ['timeout', 'host', 'timeout'],
    ['QUOTA_EXCEEDED', 'fcm', 'QUOTA_EXCEEDED'],
    ['BadDeviceToken', 'apns', 'BadDeviceToken'],
    ['BadEnvironmentKeyInToken', 'apns', 'BadEnvironmentKeyInToken'],
    ['held', 'apns', 'held'],
    ['crowded', 'fcm', 'crowded'],
    ['status_503', 'apns', 'status_503'],
    ['status_9999', 'apns', 'other'],
    ['ECONNREFUSED', 'fcm', 'network'],
    ['CERT_HAS_EXPIRED', 'apns', 'network'],
    ['a sentence of the provider', 'fcm', 'other'],
    ['over_quota', 'host', 'over_quota'],
    ['http.429', 'host', 'http.429'],
    ['d'.repeat(64), 'host', 'other'],
    ['cXk3Qz9fT2x1a2VuMTIzNA', 'host', 'other'],
    ['+49 170 1234567', 'host', 'other'],
  ] as const)('%j of %s is %s', (reason, provider, word) => {
    expect(wordOf(reason, provider)).toBe(word);
  });
});
