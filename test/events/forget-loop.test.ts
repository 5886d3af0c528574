import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createForgetLoop } from '../../src/events/forget-loop.ts';
import { comes, type EventsStage, HISTORY_DAYS, setEventsStage, turns } from './stage.ts';

const DAY_MS = 86_400_000;

let stage: EventsStage;
beforeEach(async () => {
  stage = await setEventsStage();
});
afterEach(() => stage.close());

const forgets = () => stage.asked.filter((name) => name === 'forget').length;
const advance = async (ms: number) => {
  stage.clock.advance(ms);
  await turns();
};

it('calls go when their days are over, and no sooner', async () => {
  const old = await stage.place('alice', 'bob');
  await stage.end(old);
  await stage.forget.start();
  await advance(60_000);
  expect(await stage.callOf(old)).toBeDefined();
  for (let day = 0; day < HISTORY_DAYS - 1; day += 1) await advance(DAY_MS);
  const young = await stage.place('alice', 'bob');
  await stage.end(young);
  await advance(DAY_MS);
  await advance(DAY_MS);
  await comes(async () => (await stage.callOf(old)) === undefined);
  expect(await stage.callOf(young)).toBeDefined();
});

it('it is looked for once a day where nothing happens', async () => {
  await stage.forget.start();
  await advance(60_000);
  expect(forgets()).toBe(1);
  await advance(DAY_MS - 1);
  expect(forgets()).toBe(1);
  await advance(1);
  expect(forgets()).toBe(2);
});

it('it is looked for once an hour while calls go on, a minute after one', async () => {
  await stage.forget.start();
  await advance(60_000);
  for (let minute = 0; minute < 120; minute += 1) {
    await stage.end(await stage.place('alice', `bob${minute}`));
    await advance(60_000);
  }
  expect(forgets()).toBe(3);
});

it('many go in turns, and requests have a minute between them', async () => {
  let left = 4_100;
  stage.store.forget = async (_ms, limit) => {
    const gone = Math.min(left, limit);
    left -= gone;
    return gone;
  };
  await stage.forget.start();
  await advance(60_000);
  expect(left).toBe(100);
  await advance(60_000);
  expect(left).toBe(0);
  expect(stage.log.lines.map(({ fields }) => fields)).toEqual([{ calls: 4_000 }, { calls: 100 }]);
});

it('a database out of reach is tried again the next day', async () => {
  await stage.forget.start();
  await stage.store.close();
  await advance(60_000);
  expect(stage.log.lines).toMatchObject([{ level: 'warn' }]);
  await stage.store.open();
  await advance(DAY_MS);
  expect(forgets()).toBe(2);
});

describe('devices', () => {
  const asked: [number, number][] = [];
  let silent: number;
  const forget = async (silentMs: number, limit: number) => {
    asked.push([silentMs, limit]);
    const gone = Math.min(silent, limit);
    silent -= gone;
    return gone;
  };
  const start = async () => {
    asked.length = 0;
    const { store, clock, log } = stage;
    const devices = { silentDays: 270, forget };
    const loop = createForgetLoop({ store, clock, log, historyDays: HISTORY_DAYS, devices });
    await loop.start();
    return loop;
  };

  it('without a sign of life go on the same days as old calls', async () => {
    silent = 3;
    const loop = await start();
    await advance(60_000);
    await advance(DAY_MS);
    expect(asked).toEqual([
      [270 * DAY_MS, 200],
      [270 * DAY_MS, 200],
    ]);
    expect(silent).toBe(0);
    expect(stage.log.lines).toMatchObject([
      { fields: { devices: 3 }, message: expect.stringContaining('270 days') },
    ]);
    await loop.stop();
  });

  it('go in turns where there are many', async () => {
    silent = 4_100;
    const loop = await start();
    await advance(60_000);
    expect(silent).toBe(100);
    await advance(60_000);
    expect(silent).toBe(0);
    await loop.stop();
  });

  it('go though calls could not be removed', async () => {
    silent = 1;
    stage.store.forget = async () => {
      throw new Error('a bug');
    };
    const loop = await start();
    await advance(60_000);
    expect([silent, stage.log.lines[0]?.level]).toEqual([0, 'error']);
    await loop.stop();
  });
});

it('the end waits for the batch under way, and then nothing is removed any more', async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  let batches = 0;
  stage.store.forget = () => {
    batches += 1;
    return promise;
  };
  await stage.forget.start();
  await advance(60_000);
  expect(batches).toBe(1);
  let isOver = false;
  const stopped = stage.forget.stop().then(() => {
    isOver = true;
  });
  await turns();
  expect(isOver).toBe(false);
  // There would be more.
  resolve(200);
  await stopped;
  await advance(2 * DAY_MS);
  expect(batches).toBe(1);
});
