// The loop over one lane, whatever its work is.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeviceId, UserId } from '../../src/base/ids.ts';
import { StoreUnavailable } from '../../src/calls/store.ts';
import type { Loop } from '../../src/events/due-loop.ts';
import { backOffMs, createLaneLoop, type TryResult } from '../../src/events/lane-loop.ts';
import { type EventsStage, setEventsStage, turns } from './stage.ts';

const LEASE_MS = 5_000;

let stage: EventsStage;
let loop: Loop | undefined;
let tried: string[];
beforeEach(async () => {
  stage = await setEventsStage();
  tried = [];
});
afterEach(async () => {
  await loop?.stop();
  await stage.close();
});

/** Of the lane whose effects each call has: its room is to be made. */
async function start(work: (tries: number) => Promise<TryResult>, atOnce = 10): Promise<void> {
  const { store, clock, log } = stage;
  loop = createLaneLoop<'livekit'>({
    ...{ lane: 'livekit', what: 'rooms', store, clock, log, atOnce, leaseMs: LEASE_MS },
    work: ({ tries }) => work(tries),
    onTried: (_, result) => void tried.push(result),
  });
  await loop.start();
}
const pass = async (ms: number) => {
  for (let left = ms; left > 0; left -= 100) {
    stage.clock.advance(Math.min(left, 100));
    await turns(5);
  }
};
const isLeft = async () => (await stage.store.nextDueMs('livekit')) !== undefined;

it('looks at once for what its own lane has to do, and for nothing else', async () => {
  await start(async () => 'done');
  const call = await stage.place('alice', 'bob');
  await pass(1_000);
  expect(tried).toEqual(['done']);
  stage.asked.length = 0;
  // That arms deadlines and has nothing done in the room.
  const bob = { uid: 'bob' as UserId, device: 'phone' as DeviceId, takeOver: false };
  await stage.apply({ type: 'accept', callId: call.id, ...bob });
  expect(await stage.store.nextDueMs('deadlines')).toBeGreaterThan(0);
  await pass(1_000);
  expect(stage.asked).toEqual(['nextDueMs']);
});

describe('one try', () => {
  it('that is done is not done again', async () => {
    await stage.place('alice', 'bob');
    await start(async () => 'done');
    await pass(20_000);
    expect([tried, await isLeft()]).toEqual([['done'], false]);
  });

  it('that is given up is not done again', async () => {
    await stage.place('alice', 'bob');
    await start(async () => 'given_up');
    await pass(20_000);
    expect([tried, await isLeft()]).toEqual([['given_up'], false]);
  });

  it('that failed is done again when it says so', async () => {
    await stage.place('alice', 'bob');
    const at: number[] = [];
    await start(async (tries) => {
      at.push(stage.clock.monotonic());
      return tries < 3 ? { againInMs: 2_000 * tries } : 'done';
    });
    await pass(20_000);
    expect(tried).toEqual(['failed', 'failed', 'done']);
    const [first = 0, second = 0, third = 0] = at;
    for (const [pause, ms] of [
      [second - first, 2_000],
      [third - second, 4_000],
    ] as const) {
      expect(pause).toBeGreaterThanOrEqual(ms);
      expect(pause, 'not only when its lease is over').toBeLessThan(ms + 300);
    }
  });

  it('that has a bug is told of, stops no other, and is done again, each time later', async () => {
    await stage.place('alice', 'bob');
    await stage.place('carol', 'dave');
    const broken: number[] = [];
    await start(async (tries) => {
      if (broken.length === 0 || tries > 1) {
        broken.push(stage.clock.monotonic());
        throw new Error('a bug');
      }
      return 'done';
    });
    await pass(1_000);
    expect(tried.toSorted()).toEqual(['done', 'failed']);
    await pass(80_000);
    const pauses = broken.slice(1).map((at, nth) => Math.floor((at - (broken[nth] ?? 0)) / 1_000));
    expect(pauses).toEqual([5, 10, 20, 40]);
    expect(stage.log.lines).toMatchObject(
      [5_000, 10_000, 20_000, 40_000, 80_000].map((againInMs) => ({
        ...{ level: 'error', message: 'what is to be done fails', fields: { againInMs } },
      })),
    );
  });

  it('that was done, and has a bug in writing that down, is told of and done again', async () => {
    const { effectDone } = stage.store;
    stage.store.effectDone = async () => {
      stage.store.effectDone = effectDone;
      throw new Error('a bug');
    };
    await stage.place('alice', 'bob');
    await start(async () => 'done');
    await pass(LEASE_MS + 1_000);
    expect([tried, await isLeft()]).toEqual([['done', 'done'], false]);
    expect(stage.log.lines).toMatchObject([
      { level: 'error', message: 'what was done is not written down' },
    ]);
  });

  it('of which the end could not be written down is done again', async () => {
    const { effectDone } = stage.store;
    stage.store.effectDone = async () => {
      stage.store.effectDone = effectDone;
      throw new StoreUnavailable(new Error('away'));
    };
    await stage.place('alice', 'bob');
    await start(async () => 'done');
    await pass(LEASE_MS + 1_000);
    expect([tried, await isLeft()]).toEqual([['done', 'done'], false]);
    expect(stage.log.lines).toMatchObject([{ level: 'debug' }]);
  });
});

it('what takes longer than its lease is not begun a second time beside itself', async () => {
  await stage.place('alice', 'bob');
  const open: (() => void)[] = [];
  await start(async (tries) => {
    await new Promise<void>((resolve) => open.push(resolve));
    return tries === 1 ? { againInMs: 1_000 } : 'done';
  });
  await pass(3 * LEASE_MS);
  expect(open).toHaveLength(1);
  open.shift()?.();
  await pass(2_000);
  expect(open).toHaveLength(1);
  open.shift()?.();
  await pass(LEASE_MS + 1_000);
  expect([tried, await isLeft()]).toEqual([['failed', 'done'], false]);
});

it('no more are done side by side than may be, and all are done', async () => {
  for (let nth = 0; nth < 7; nth += 1) await stage.place(`alice${nth}`, `bob${nth}`);
  let underWay = 0;
  let most = 0;
  const open: (() => void)[] = [];
  await start(async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise<void>((resolve) => open.push(resolve));
    underWay -= 1;
    return 'done';
  }, 3);
  await pass(500);
  expect([most, open.length]).toEqual([3, 3]);
  stage.asked.length = 0;
  await pass(2_000);
  expect(stage.asked, 'while there is no room for one more').not.toContain('leaseEffects');
  while (open.length > 0) {
    open.shift()?.();
    await pass(200);
  }
  expect([most, tried.length, await isLeft()]).toEqual([3, 7, false]);
});

it('what is more than may be done at once is taken up as soon as there is room', async () => {
  for (let nth = 0; nth < 50; nth += 1) await stage.place(`alice${nth}`, `bob${nth}`);
  await start(async () => 'done', 10);
  await pass(500);
  expect(tried).toHaveLength(50);
});

it('pauses grow to a limit, however often it failed', () => {
  const limits = { first: 500, last: 8_000 };
  const pauses = [1, 2, 3, 4, 5, 6, 2_000].map((tries) => backOffMs(tries, limits));
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
});
