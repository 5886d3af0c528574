import { describe, expect, it } from 'vitest';
import { createBoundedMap } from '../src/base/bounded-map.ts';
import { createBoundedNumbers, digestOf } from '../src/base/bounded-numbers.ts';

const ofValues = (max: number) => createBoundedMap<number>(max);

/** As if it held one number by its text. */
function ofNumbers(max: number): ReturnType<typeof ofValues> {
  const numbers = createBoundedNumbers(max);
  return {
    get(key) {
      const found = numbers.get(digestOf(key));
      if (found !== undefined) expect(found[1]).toBe(-found[0]);
      return found?.[0];
    },
    set: (key, value) => numbers.set(digestOf(key), [value, -value]),
    delete: (key) => numbers.delete(digestOf(key)),
    turn: numbers.turn,
  };
}

describe.each([
  ['values', ofValues],
  ['numbers by digests', ofNumbers],
])('a map of at most six %s', (_what, createMap) => {
  const filled = (count: number) => {
    const map = createMap(6);
    for (let i = 0; i < count; i += 1) map.set(`key ${i}`, i);
    return map;
  };
  const keptOf = (map: ReturnType<typeof filled>, count: number) =>
    Array.from({ length: count }, (_, i) => count - 1 - i)
      // The newest first: asking is using.
      .filter((i) => map.get(`key ${i}`) !== undefined)
      .reverse();

  it('keeps what is set, and the newer value of a key', () => {
    const map = filled(3);
    map.set('key 1', 10);
    expect([map.get('key 0'), map.get('key 1'), map.get('key 2')]).toEqual([0, 10, 2]);
    expect(map.get('key 3')).toBeUndefined();
  });

  it('never holds more, and always the last three', () => {
    for (let count = 1; count <= 30; count += 1) {
      const kept = keptOf(filled(count), count);
      expect(kept.length).toBeLessThanOrEqual(6);
      expect(kept.slice(-3)).toEqual(
        Array.from({ length: count }, (_, i) => i).slice(Math.max(0, count - 3)),
      );
    }
  });

  it('has nothing of what is deleted, old or new', () => {
    const map = filled(5);
    for (let i = 0; i < 5; i += 1) map.delete(`key ${i}`);
    map.delete('no key');
    expect(keptOf(map, 5)).toEqual([]);
  });

  it('keeps what is asked for, however much comes', () => {
    const map = createMap(6);
    map.set('asked for', 1);
    for (let i = 0; i < 100; i += 1) {
      map.set(`key ${i}`, 2);
      expect(map.get('asked for')).toBe(1);
    }
  });

  it('a new value of a known key pushes nothing out', () => {
    const map = filled(3);
    for (let i = 0; i < 100; i += 1) map.set('key 2', i);
    expect(keptOf(map, 3)).toEqual([0, 1, 2]);
  });

  it('forgets over two turns what nobody asks for, and that alone', () => {
    const map = filled(2);
    map.turn();
    expect(map.get('key 1')).toBe(1);
    map.turn();
    expect(map.get('key 0')).toBeUndefined();
    expect(map.get('key 1')).toBe(1);
  });
});

it('numbers by digests are found again however many they become, and through what is deleted', () => {
  const numbers = ofNumbers(20_000);
  const expected = new Map<string, number>();
  for (let i = 0; i < 9_000; i += 1) {
    const key = `key ${i}`;
    numbers.set(key, i);
    expected.set(key, i);
    if (i % 3 === 0) {
      numbers.delete(`key ${i / 3}`);
      expected.delete(`key ${i / 3}`);
    }
  }
  for (let i = 0; i < 9_000; i += 1) {
    expect(numbers.get(`key ${i}`)).toBe(expected.get(`key ${i}`));
  }
  numbers.set('key 0', 5);
  expect(numbers.get('key 0')).toBe(5);
});
