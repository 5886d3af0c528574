// Statements that wait for each other.
import { expect, it } from 'vitest';
import { gathered, gatheredBy } from '../../src/storage/gathered.ts';

it('runs what comes meanwhile as one, and never two at once', async () => {
  const runs: { items: readonly string[]; end: () => void; fail: (why: Error) => void }[] = [];
  const put = gathered((items: readonly string[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    runs.push({ items, end: resolve, fail: reject });
    return promise;
  });
  const first = put('a');
  await Promise.resolve();
  const others = [put('b'), put('c')];
  await new Promise(setImmediate);
  expect(runs.map(({ items }) => items)).toEqual([['a']]);
  runs[0]?.end();
  await first;
  await new Promise(setImmediate);
  expect(runs.map(({ items }) => items)).toEqual([['a'], ['b', 'c']]);
  const last = put('d');
  runs[1]?.fail(new Error('away'));
  await expect(Promise.allSettled(others)).resolves.toMatchObject([
    { reason: { message: 'away' } },
    { reason: { message: 'away' } },
  ]);
  await new Promise(setImmediate);
  runs[2]?.end();
  await expect(last).resolves.toBeUndefined();
  expect(runs[2]?.items).toEqual(['d']);
});

it('rests after each, and what comes in that time goes together', async () => {
  const runs: string[] = [];
  const rests: (() => void)[] = [];
  const put = gathered(
    async (items: readonly string[]) => {
      runs.push(items.join());
      if (items.includes('a')) throw new Error('away');
    },
    () => new Promise((resolve) => void rests.push(resolve)),
  );
  await expect(put('a')).rejects.toThrow('away');
  const others = [put('b')];
  await new Promise(setImmediate);
  others.push(put('c'));
  await new Promise(setImmediate);
  expect(runs).toEqual(['a']);
  rests[0]?.();
  await Promise.all(others);
  expect(runs).toEqual(['a', 'b,c']);
});

it('by a key, keeps nothing waiting for what hangs under another', async () => {
  const runs: string[] = [];
  const hang = Promise.withResolvers<void>();
  const put = gatheredBy(
    (item: string) => item.slice(0, 1),
    async (items) => {
      runs.push(items.join());
      if (items.includes('a1')) await hang.promise;
    },
  );
  const slow = [put('a1'), put('a2')];
  await Promise.resolve();
  await expect(put('b1')).resolves.toBeUndefined();
  const next = [put('a3'), put('a4')];
  await new Promise(setImmediate);
  expect(runs).toEqual(['a1,a2', 'b1']);
  hang.resolve();
  await Promise.all([...slow, ...next, put('b2')]);
  expect(runs.toSorted()).toEqual(['a1,a2', 'a3,a4', 'b1', 'b2']);
});
