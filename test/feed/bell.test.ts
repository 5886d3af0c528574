// A stream waits by its bell as long as it lives: each wait is over without a trace.
import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { createBell } from '../../src/events/bell.ts';
import { createFakeClock } from '../fakes/clock.ts';

it.each(['a ring', 'its time', 'the end'])(
  'a wait that is over by %s leaves nothing',
  async (by) => {
    const clock = createFakeClock();
    const bell = createBell(clock);
    const ending = new AbortController();
    const waiting = bell.wait(10_000, ending.signal);
    expect(clock.waiting()).toEqual([10_000]);
    expect(getEventListeners(ending.signal, 'abort')).toHaveLength(1);
    if (by === 'a ring') bell.ring();
    else if (by === 'its time') clock.advance(10_000);
    else ending.abort();
    expect(await waiting).toBe(by === 'a ring');
    expect(clock.waiting()).toEqual([]);
    expect(getEventListeners(ending.signal, 'abort')).toEqual([]);
  },
);

it('a ring that nobody waited for ends the next wait at once, and is told once', async () => {
  const clock = createFakeClock();
  const { ring, hush, wait } = createBell(clock);
  const { signal } = new AbortController();
  ring();
  expect(await wait(10_000, signal)).toBe(true);
  hush();
  const waiting = wait(10_000, signal);
  clock.advance(10_000);
  expect(await waiting).toBe(false);
});
