import { describe, expect, it } from 'vitest';
import { createLifetimes } from '../../src/compose/lifetimes.ts';

/** A part that tells what becomes of it, and takes its time to end. */
function part(name: string, said: string[], fault?: Error) {
  return {
    start: () => void said.push(`${name} starts`),
    async stop() {
      await Promise.resolve();
      said.push(`${name} stops`);
      if (fault !== undefined) throw fault;
    },
  };
}

describe('lifetimes', () => {
  it('start together and stop in the reverse order, each when the one before has ended', async () => {
    const said: string[] = [];
    const lifetimes = createLifetimes();
    for (const name of ['one', 'two', 'three']) lifetimes.add(part(name, said));
    await lifetimes.start();
    await lifetimes.stop();
    expect(said).toEqual([
      'one starts',
      'two starts',
      'three starts',
      'three stops',
      'two stops',
      'one stops',
    ]);
  });

  it('start and stop once, however often they are asked', async () => {
    const said: string[] = [];
    const lifetimes = createLifetimes();
    lifetimes.add(part('one', said));
    await Promise.all([lifetimes.start(), lifetimes.start()]);
    await Promise.all([lifetimes.stop(), lifetimes.stop()]);
    expect(said).toEqual(['one starts', 'one stops']);
  });

  it('stop all of them where one can’t, and tell it then', async () => {
    const said: string[] = [];
    const lifetimes = createLifetimes();
    lifetimes.add(part('one', said));
    lifetimes.add(part('two', said, new Error('two can’t stop')));
    await expect(lifetimes.stop()).rejects.toThrow('two can’t stop');
    expect(said).toEqual(['two stops', 'one stops']);
  });

  it('start nothing any more once they have been stopped', async () => {
    const said: string[] = [];
    const lifetimes = createLifetimes();
    lifetimes.add(part('one', said));
    await lifetimes.stop();
    await lifetimes.start();
    expect(said).toEqual(['one stops']);
  });

  it('take parts that have neither', async () => {
    const lifetimes = createLifetimes();
    lifetimes.add({});
    await lifetimes.start();
    await lifetimes.stop();
  });
});
