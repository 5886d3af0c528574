// A database that scales to zero sleeps while nobody calls: all that looks after calls looks together,
// and seldom.
import { StatementSync } from 'node:sqlite';
import { afterEach, expect, it, vi } from 'vitest';
import { type CallStage, PLAIN, setCallStage } from '../call-stage.ts';
import { turns } from '../events/stage.ts';

/** After a call: a late phone might make its room once more. */
const WATCHED_SECONDS = 15 * 60;

let stage: CallStage;
/** What phones and the host were told. */
let told: string[];
afterEach(async () => {
  vi.restoreAllMocks();
  await stage.close();
});

it('with phones to ring and a host to tell, nothing is asked but once in a quarter of an hour', async () => {
  told = [];
  stage = await setCallStage(PLAIN, {
    sendPush(push) {
      told.push(push.type);
      return 'handed';
    },
    onCallEvent: ({ type }) => void told.push(type),
  });
  await stage.register('bob', 'phone');
  const { call } = await stage.place('alice', ['bob']);
  await tells('ring');
  await stage.as('alice', 'POST', `/${call.id}/leave`);
  await tells('stop_ring');
  await tells('call.ended');
  await seconds(WATCHED_SECONDS);

  const asked = vi.spyOn(StatementSync.prototype, 'all');
  const looks = new Set<number>();
  for (let second = 0; second < 3_600; second += 1) {
    await seconds(1);
    if (asked.mock.calls.length > 0) looks.add(second);
    asked.mockClear();
  }
  const sorted = [...looks];
  const pauses = sorted.slice(1).map((second, nth) => second - (sorted[nth] as number));
  const sleeps = pauses.filter((pause) => pause > 60);
  expect(sleeps.length).toBeGreaterThanOrEqual(3);
  expect(Math.min(...sleeps)).toBeGreaterThan(14 * 60);
});

const tells = (what: string) =>
  vi.waitFor(() => {
    stage.clock.advance(50);
    expect(told).toContain(what);
  });

async function seconds(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) {
    stage.clock.advance(1_000);
    await turns(3);
  }
}
