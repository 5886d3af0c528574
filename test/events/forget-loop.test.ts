import { afterEach, beforeEach, expect, it } from 'vitest';
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
