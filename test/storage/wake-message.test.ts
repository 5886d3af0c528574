import { describe, expect, it } from 'vitest';
import { allDueIn, topicOf } from '../../src/storage/wake.ts';
import { messageOf, readMessage } from '../../src/storage/wake-message.ts';

const from = '5d1f3c1e-0b7e-4b0e-9c39-0f6d1a1c2b3a';

it.each([
  { from, topics: [], due: { push: 0 } },
  { from, topics: [], due: { deadlines: 45_000, livekit: 0, push: 0, host: 12 } },
  { from, topics: ['abcdefgh', 'ijklmnop'] },
  { from, topics: [] },
])('what was told is heard: %j', (told) => {
  expect(readMessage(messageOf(told))).toEqual(told);
});

it('names as many people as a notification of Postgres can hold, and else means everybody', () => {
  for (const people of [33, 700, 701, 100_000]) {
    const topics = Array.from({ length: people }, (_, n) => topicOf(`person-${n}`));
    const text = messageOf({ from, topics, due: allDueIn(Number.MAX_SAFE_INTEGER) });
    expect(Buffer.byteLength(text)).toBeLessThan(8_000);
    expect(readMessage(text).topics).toEqual(people > 700 ? undefined : topics);
  }
});

it.each(['', 'hello', 'hello big world', 'a  ', '{"table": "users"}', '- -1 *'])(
  'what somebody else says on the same channel is a hint at the most: %j',
  (text) => {
    const { due = {} } = readMessage(text);
    expect(Object.values(due).every((ms) => ms >= 0)).toBe(true);
  },
);

describe('while a new version takes the place of an old one', () => {
  /** As they were before it was told whose time has come: all of them in so many ms. */
  const readAsOld = (text: string) => {
    const [sender, ms, who] = text.split(' ');
    return { sender, ms, who };
  };

  it('the old one hears when the first is due, and for whom something has changed', () => {
    const due = { deadlines: 45_000, push: 20 };
    expect(readAsOld(messageOf({ from, topics: ['abcdefgh'], due }))).toEqual({
      ...{ sender: from, ms: '20', who: 'abcdefgh' },
    });
    expect(readAsOld(messageOf({ from }))).toEqual({ sender: from, ms: '', who: '' });
  });

  it('the new one has all of them look at what the old one tells', () => {
    expect(readMessage(`${from} 7000 abcdefgh`)).toEqual({
      ...{ from, topics: ['abcdefgh'], due: allDueIn(7_000) },
    });
    expect(readMessage(`${from}  abcdefgh`)).toEqual({ from, topics: ['abcdefgh'] });
  });

  it('what only a later one knows of is left out', () => {
    const { due } = readMessage(`${from} 0 * push:5,later:0,toString:1,host:x`);
    expect(due).toEqual({ push: 5 });
  });
});
