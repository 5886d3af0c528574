import { expect, it } from 'vitest';
import type { CallId } from '../../src/base/ids.ts';
import { createRests } from '../../src/events/rests.ts';
import { createFakeClock } from '../fakes/clock.ts';

const CALL = 'a-call' as CallId;

it('a call rests as long as was said, and is not known any more then', () => {
  const clock = createFakeClock();
  const rests = createRests(clock);
  rests.rest(CALL, 1_000);
  clock.advance(999);
  rests.clean();
  expect([rests.has(CALL), rests.size()]).toEqual([true, 1]);
  clock.advance(1);
  rests.clean();
  expect([rests.has(CALL), rests.size()]).toEqual([false, 0]);
});

it('a call that fails again and again rests twice as long each time, and five minutes at most', () => {
  const clock = createFakeClock();
  const rests = createRests(clock);
  const pauses = Array.from({ length: 8 }, () => {
    const ms = rests.restAfterFailure(CALL);
    clock.advance(ms);
    rests.clean();
    return ms / 1_000;
  });
  expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
});

it('what failed once and went well since begins anew, and is forgotten where it never comes again', () => {
  const clock = createFakeClock();
  const rests = createRests(clock);
  rests.restAfterFailure(CALL);
  rests.rest(CALL, 1_000);
  expect(rests.restAfterFailure(CALL)).toBe(5_000);
  clock.advance(5_000 + 300_000);
  rests.clean();
  expect(rests.size()).toBe(0);
});
