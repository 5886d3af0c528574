// Statements that wait for each other.
import { expect, it } from 'vitest';
import { gathered } from '../../src/storage/gathered.ts';

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
