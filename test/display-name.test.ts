// Whose name is shown on a lock screen, and what of it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DISPLAY_NAME_MAX_CHARACTERS, displayNameOf } from '../src/base/display-name.ts';

describe('a name is shown as it is', () => {
  it.each([
    'Alice Example',
    'Ærøskøbing-Søn O’Neill, Jr.',
    'مها الأحمد',
    'می‌خواهم', // Persian, with a joiner that is spelling
    'क्‍ष', // Devanagari, with one that is spelling too
    '张伟',
    '👩‍👩‍👧‍👦',
    '❤️ Bob ❤️',
    'Anna 2',
    'R2D2',
    '007',
    '@alice',
    'Zoë (zoe@example.com)',
  ])('%j', (name) => {
    expect(displayNameOf(name)).toBe(name);
  });
});

describe('what nobody sees is taken out', () => {
  it.each([
    ['  Alice \t\n Example\u2028 ', 'Alice Example'],
    ['Alice\0\u0007\u009b31m', 'Alice31m'],
    ['\u202EecilA\u202C', 'ecilA'],
    ['\u2066Alice\u2069 \u200E\u200F\u061C', 'Alice'],
    ['Al\u200Bi\u2060c\uFEFFe', 'Alice'],
    ['A\u200Dli\u200Cce\u200D', 'Alice'],
    ['Al\u00ADice', 'Alice'],
    ['Alice\u{E0041}\u{E0042}', 'Alice'],
    ['Alice\ud800', 'Alice'],
    ['Alice \u3164\u115F', 'Alice'],
    ['Alice\u2800Example', 'Alice Example'],
  ])('%j is %j', (name, shown) => {
    expect(displayNameOf(name)).toBe(shown);
  });
});

describe('no name at all', () => {
  it.each([
    '',
    ' \u3000\u2800 ',
    '\u3164\u200B\u202E',
    '\u0301\u0302',
    '+49 170 1234567',
    '0170/123-45.67',
    '(555) 010-9999',
    'tel:+49-170-1234567',
    '+1 555 010 9999 ext. 12',
    '+४९ १७० १२३४५६७',
    '＋４９１７０１２３４５６７',
    '📞 +49 170 1234567',
    '+49\u200B170\u202E1234567',
    'alice@example.com',
    '<alice@example.com>',
    'mailto:alice@example.com',
    'ａｌｉｃｅ＠example．com',
    'alice\u200B@example.com',
  ])('is %j', (name) => {
    expect(displayNameOf(name)).toBeUndefined();
  });
});

describe('a long name', () => {
  it('has 64 characters at most', () => {
    expect(displayNameOf('a'.repeat(65))).toBe('a'.repeat(64));
    expect(displayNameOf(`${'a'.repeat(63)} b`)).toBe('a'.repeat(63));
  });

  it('is cut between characters as people see them', () => {
    expect(displayNameOf(`${'a'.repeat(60)}👩‍👩‍👧‍👦`)).toBe('a'.repeat(60));
    expect(displayNameOf('e\u0301'.repeat(40))).toBe('e\u0301'.repeat(32));
    expect(displayNameOf('🧿'.repeat(5_000))).toBe('🧿'.repeat(64));
  });

  it('is none where its first character does not fit', () => {
    expect(displayNameOf(`a${'\u0301'.repeat(500)}`)).toBeUndefined();
  });
});

it('whatever comes: nothing hidden, never too long, and the same again', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({
      unit: fc.constantFrom('a', ' ', '\u200D', '\u202E', '👩', '\u0301', '1', '\ud83d'),
    }),
  );
  fc.assert(
    fc.property(text, (name) => {
      const shown = displayNameOf(name) ?? 'none';
      expect(shown).not.toMatch(/\p{Cc}|\p{Cs}|[\u200E\u200F\u061C\u202A-\u202E\u2066-\u2069]/u);
      expect([...shown].length).toBeLessThanOrEqual(DISPLAY_NAME_MAX_CHARACTERS);
      expect(displayNameOf(shown)).toBe(shown);
    }),
  );
});
