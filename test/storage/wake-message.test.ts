import { expect, it } from 'vitest';
import { topicOf } from '../../src/storage/wake.ts';
import { messageOf, readMessage } from '../../src/storage/wake-message.ts';

const from = '5d1f3c1e-0b7e-4b0e-9c39-0f6d1a1c2b3a';

it.each([
  { from, topics: [], dueMs: 0 },
  { from, topics: ['abcdefgh', 'ijklmnop'] },
  { from, topics: [] },
])('what was told is heard: %j', (told) => {
  expect(readMessage(messageOf(told))).toEqual(told);
});

it('names as many people as a notification of Postgres can hold, and else means everybody', () => {
  for (const people of [33, 700, 701, 100_000]) {
    const topics = Array.from({ length: people }, (_, n) => topicOf(`person-${n}`));
    const text = messageOf({ from, topics, dueMs: Number.MAX_SAFE_INTEGER });
    expect(Buffer.byteLength(text)).toBeLessThan(8_000);
    expect(readMessage(text).topics).toEqual(people > 700 ? undefined : topics);
  }
});

it.each(['', 'hello', 'hello big world', 'a  ', '{"table": "users"}', '- -1 *'])(
  'what somebody else says on the same channel is a hint at the most: %j',
  (text) => {
    const { dueMs = 0 } = readMessage(text);
    expect(dueMs).toBeGreaterThanOrEqual(0);
  },
);
