import { describe, expect, it } from 'vitest';
import { createTurns } from '../src/base/turns.ts';
import { createFakeClock } from './fakes/clock.ts';

const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** Five pieces of work that take so long each, beside others of whom one is done in each turn of the loop. */
async function orderOf({ takesMs }: { takesMs: number }): Promise<string[]> {
  const clock = createFakeClock();
  const turn = createTurns(clock, 1);
  const went: string[] = [];
  for (let nth = 1; nth <= 5; nth += 1) {
    void turn().then(async () => {
      // What is begun in a turn may go on in it for a few steps.
      for (let step = 0; step < 10; step += 1) await undefined;
      clock.advance(takesMs);
      went.push(`work ${nth}`);
    });
  }
  for (let nth = 1; nth <= 6; nth += 1) {
    await nextTurn();
    went.push(`other ${nth}`);
  }
  return went.slice(0, went.indexOf('work 5') + 1);
}

describe('turns', () => {
  it('let as much go in each turn of the event loop as there is time for, and others between', async () => {
    const went = ['work 1', 'work 2', 'other 1', 'work 3', 'work 4', 'other 2', 'work 5'];
    const order = await orderOf({ takesMs: 0.5 });
    expect(order.slice(order.indexOf('work 1'))).toEqual(went);
  });

  it('let one go, however long it takes', async () => {
    const order = await orderOf({ takesMs: 20 });
    expect(order.filter((one) => one.startsWith('other')).length).toBeGreaterThanOrEqual(4);
    expect(order.filter((one) => one.startsWith('work'))).toEqual(
      [1, 2, 3, 4, 5].map((nth) => `work ${nth}`),
    );
  });

  it('begin anew for what comes when all had theirs', async () => {
    const turn = createTurns(createFakeClock(), 1);
    await turn();
    await turn();
    await expect(turn()).resolves.toBeUndefined();
  });
});
