import { beforeEach, describe, expect, it } from 'vitest';
import type { UserId } from '../../src/base/ids.ts';
import type { Call, Party } from '../../src/calls/call.ts';
import { createWebhookWatch, type WebhookWatch } from '../../src/events/webhook-watch.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';

const JOINED_AT = 1_795_000_000_000;
const CALL = {
  state: 'active',
  heard: 'answer',
  parties: [{ uid: 'alice' as UserId } as Party],
} as unknown as Call;
const ALICE = { identity: 'alice', sid: 'PA_1', joinedAtMs: JOINED_AT };
/** So long after it the webhook has come, or never will. */
const OVERDUE = JOINED_AT + 15_001;

let log: FakeLog;
let watch: WebhookWatch;
beforeEach(() => {
  log = createFakeLog();
  watch = createWebhookWatch({ path: '/api/calls/livekit-webhook', log });
});

it('webhooks of somebody who is there for a while have not come: that is told once', () => {
  watch.asked(CALL, [ALICE], OVERDUE);
  watch.asked(CALL, [ALICE], OVERDUE + 60_000);
  expect(log.lines).toMatchObject([
    { level: 'warn', message: expect.stringContaining('/api/calls/livekit-webhook') },
  ]);
});

describe('nothing is told', () => {
  it.each<[string, Call, (typeof ALICE)[], number]>([
    ['yet', CALL, [ALICE], OVERDUE - 1],
    ['of a call that has ended', { ...CALL, state: 'ended' }, [ALICE], OVERDUE],
    ['where another instance had one of it', { ...CALL, heard: 'webhook' }, [ALICE], OVERDUE],
    ['of somebody who is none of the call', CALL, [{ ...ALICE, identity: 'mallory' }], OVERDUE],
    ['where nobody is there', CALL, [], OVERDUE],
  ])('%s', (_when, call, present, takenAt) => {
    watch.asked(call, present, takenAt);
    expect(log.lines).toEqual([]);
  });

  it('where one has come, of whatever room', () => {
    watch.arrived();
    watch.asked(CALL, [ALICE], OVERDUE);
    expect(log.lines).toEqual([]);
  });
});
