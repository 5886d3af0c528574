// What the development page says of a call that is over.
import { expect, it } from 'vitest';

// Of the page: no TypeScript stands behind it.
const { outcomeOf } = await import('../../src/dev/page/words.js' as string);

it.each([
  [{ outcome: 'answered', talkSeconds: 65 }, 'Talked 1:05'],
  // Nobody has seen two people in the room.
  [{ outcome: 'answered' }, 'Answered'],
])('of %j: %s', (call, words) => {
  expect(outcomeOf({ ...call, me: { role: 'caller' } })).toBe(words);
});
