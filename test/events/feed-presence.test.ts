// Who has a feed open is told to the store: as seldom as will do, and in nobody's way.
import { beforeEach, expect, it } from 'vitest';
import type { UserId } from '../../src/base/ids.ts';
import { createFeedPresence, type FeedPresence } from '../../src/events/feed-presence.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';
import { turns } from './stage.ts';

let clock: FakeClock;
let log: FakeLog;
let told: string[][];
let answer: () => Promise<void>;
let presence: FeedPresence;

beforeEach(() => {
  clock = createFakeClock();
  log = createFakeLog();
  told = [];
  answer = async () => {};
  presence = createFeedPresence({
    store: {
      listening(uids) {
        told.push([...uids]);
        return answer();
      },
    },
    clock,
    log,
  });
});

const open = (uid: string) => presence.open(uid as UserId);
async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await turns();
}

it('a feed is told when it opens, and each minute as long as it is open', async () => {
  const close = open('alice');
  expect(told).toEqual([['alice']]);
  await pass(59_999);
  expect(told).toHaveLength(1);
  await pass(1);
  await pass(60_000);
  expect(told).toEqual([['alice'], ['alice'], ['alice']]);
  close();
  await pass(600_000);
  expect(told).toHaveLength(3);
});

it('all that are open are told in one word', async () => {
  for (const uid of ['alice', 'bob', 'carol']) {
    open(uid);
    await turns();
  }
  told.length = 0;
  await pass(60_000);
  expect(told).toEqual([['alice', 'bob', 'carol']]);
});

it('who comes while the store is busy waits for one word with the others', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  answer = () => promise;
  for (const uid of ['alice', 'bob', 'carol', 'bob']) open(uid);
  expect(told).toEqual([['alice']]);
  resolve();
  await turns();
  expect(told).toEqual([['alice'], ['bob', 'carol']]);
});

it('several feeds of one person are one, until the last is closed', async () => {
  const closes = [open('alice'), open('alice')];
  expect(told).toEqual([['alice']]);
  closes[0]?.();
  closes[0]?.();
  await pass(60_000);
  expect(told).toHaveLength(2);
  closes[1]?.();
  await pass(60_000);
  expect(told).toHaveLength(2);
});

it('polls, one after another, are told every half minute', async () => {
  for (let second = 0; second < 75; second += 5) {
    open('alice')();
    await pass(5_000);
  }
  expect(told).toEqual([['alice'], ['alice'], ['alice']]);
});

it('a failure is told once, harms nothing, and the next word is tried in its time', async () => {
  answer = () => Promise.reject(new Error('the disk is away'));
  const close = open('alice');
  await turns();
  await pass(60_000);
  await pass(60_000);
  const warnings = () => log.lines.filter(({ level }) => level === 'warn');
  expect(told).toHaveLength(3);
  expect(warnings()).toMatchObject([{ message: 'it could not be kept who has a feed open' }]);
  expect(JSON.stringify(log.lines)).not.toContain('alice');
  answer = async () => {};
  await pass(60_000);
  answer = () => Promise.reject(new Error('again'));
  await pass(60_000);
  expect(warnings()).toHaveLength(2);
  close();
});

it('where nobody listens no timer is left, and none after the stop', async () => {
  open('alice')();
  expect(clock.waiting()).toEqual([]);
  open('bob');
  expect(clock.waiting()).toEqual([60_000]);
  presence.stop();
  expect(clock.waiting()).toEqual([]);
  await pass(60_000);
  expect(told).toEqual([['alice']]);
});
