import { describe, expect, it } from 'vitest';
import { createTurns } from '../src/base/turns.ts';

const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

describe('turns', () => {
  it('let a few go in each turn of the event loop, in their order, and others between', async () => {
    const turn = createTurns(2);
    const went: string[] = [];
    for (let nth = 1; nth <= 5; nth += 1) void turn().then(() => went.push(`work ${nth}`));
    for (let nth = 1; nth <= 3; nth += 1) {
      await nextTurn();
      went.push(`other ${nth}`);
    }
    expect(went.filter((one) => one.startsWith('work'))).toEqual(
      [1, 2, 3, 4, 5].map((nth) => `work ${nth}`),
    );
    expect(went.indexOf('other 1')).toBeLessThan(went.indexOf('work 3'));
    expect(went.indexOf('other 2')).toBeLessThan(went.indexOf('work 5'));
  });

  it('begin anew for what comes when all had theirs', async () => {
    const turn = createTurns(1);
    await turn();
    await turn();
    await expect(turn()).resolves.toBeUndefined();
  });
});
