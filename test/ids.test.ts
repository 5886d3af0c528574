import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOfLiveKitName, faultOfPerson } from '../src/base/ids.ts';

fc.configureGlobal({ seed: 20_261_122 });

const TOO_LONG = /^must be at most 256 bytes of UTF-8, and is \d+$/;
const UNWANTED = /^must not hold control characters/;

describe('a name that LiveKit can carry', () => {
  it.each([
    'room-1',
    ' ',
    ' room ',
    'chats/42',
    '__proto__',
    '王小明',
    '👩‍👩‍👧',
    'e\u0301',
    '\u00a0\u200b\u202e\ufeff',
    'x'.repeat(256),
    'é'.repeat(128),
    '王'.repeat(85),
    '🙂'.repeat(64),
  ])('has no fault: %j', (name) => {
    expect(faultOfLiveKitName(name)).toBeUndefined();
  });
});

describe('a name that LiveKit cannot carry', () => {
  it('is the empty one', () => {
    expect(faultOfLiveKitName('')).toBe('must not be empty');
  });

  it.each([
    ['257 letters', 'x'.repeat(257), 257],
    ['129 letters of two bytes', 'é'.repeat(129), 258],
    ['86 letters of three bytes', '王'.repeat(86), 258],
    ['65 emoji of four bytes', '🙂'.repeat(65), 260],
    ['a uid of 128 characters that are more bytes', '王'.repeat(128), 384],
  ])('is one of %s', (_, name, bytes) => {
    expect(faultOfLiveKitName(name)).toBe(`must be at most 256 bytes of UTF-8, and is ${bytes}`);
  });

  it.each([
    '\0',
    '\t',
    '\n',
    '\r',
    '\x1f',
    '\x7f',
    '\x80',
    '\x9f',
    '\u2028',
    '\u2029',
    '\ud83d',
    '\ude42',
    '\ude42\ud83d',
  ])('is one that holds %j, wherever it stands', (unwanted) => {
    for (const name of [unwanted, `${unwanted}room`, `ro${unwanted}om`, `room${unwanted}`]) {
      expect(faultOfLiveKitName(name)).toMatch(UNWANTED);
    }
  });
});

describe('nobody in calls', () => {
  it.each(['erased', 'erased-2', 'erased-17'])('is %s: so are called those who were', (uid) => {
    expect(faultOfPerson(uid)).toMatch(/^must not be erased/);
  });

  it('has a longer uid than Firebase gives, or one that LiveKit cannot carry', () => {
    expect(faultOfPerson('x'.repeat(129))).toBe('must be at most 128 characters, and is 129');
    expect(faultOfPerson('a\nb')).toMatch(UNWANTED);
  });

  it.each(['bob', 'x'.repeat(128), 'Erased', 'erased-', 'erased-2b', 'not erased'])(
    'is not %s, who may be somebody',
    (uid) => {
      expect(faultOfPerson(uid)).toBeUndefined();
    },
  );
});

describe('any text', () => {
  // Points of every plane and lone halves of pairs, which may meet; low ones more often.
  const point = fc.oneof(fc.nat({ max: 0xff }), fc.nat({ max: 0xffff }), fc.nat({ max: 0x10ffff }));
  const anyText = fc
    .array(point, { maxLength: 20 })
    .map((points) => String.fromCodePoint(...points));

  it('has a fault exactly where a character is unwanted', () => {
    const unwanted = (point: number) =>
      point < 0x20 ||
      (point >= 0x7f && point <= 0x9f) ||
      (point >= 0xd800 && point <= 0xdfff) ||
      point === 0x2028 ||
      point === 0x2029;
    fc.assert(
      fc.property(anyText, (text) => {
        fc.pre(text !== '' && Buffer.byteLength(text) <= 256);
        const faulty = [...text].some((character) => unwanted(character.codePointAt(0) as number));
        expect(faultOfLiveKitName(text) !== undefined).toBe(faulty);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is too long exactly where it has more than 256 bytes', () => {
    const letters = fc.array(fc.constantFrom('x', 'é', '王', '🙂'), {
      minLength: 1,
      maxLength: 270,
    });
    fc.assert(
      fc.property(letters, (parts) => {
        const text = parts.join('');
        const tooLong = Buffer.byteLength(text) > 256;
        expect(TOO_LONG.test(faultOfLiveKitName(text) ?? '')).toBe(tooLong);
      }),
      { numRuns: 1_000 },
    );
  });
});
