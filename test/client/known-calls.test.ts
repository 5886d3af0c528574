// What a client remembers, however long it lives and though nobody tells it the end of calls.
import { expect, it } from 'vitest';
import type { CallView } from '../../src/client/call.ts';
import { createKnownCalls } from '../../src/client/known-calls.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { active, call, ended } from './stage.ts';

const MANY = 300;

function known() {
  const clock = createFakeClock();
  const calls = createKnownCalls(clock, () => 'this-device');
  const learn = (view: (version: number) => CallView) => {
    for (let index = 0; index < MANY; index++) {
      calls.learn({ ...view(index), id: `call-${index}` }, 'answer');
    }
  };
  return { calls, clock, learn };
}

it('the newest hundred calls whose end nobody has told', () => {
  const { calls, learn } = known();
  learn((version) => active(version));
  expect(calls.live().map(({ call: { id } }) => id)).toEqual(
    Array.from({ length: 100 }, (_, index) => `call-${MANY - 100 + index}`),
  );
});

it('the newest hundred that have ended, so that no late answer wakes them', () => {
  const { calls, learn } = known();
  learn(() => ended(2));
  learn(() => active(1));
  const live = calls.live().map(({ call: { id } }) => id);
  expect(live).toHaveLength(100);
  expect(live).not.toContain(`call-${MANY - 1}`);
  expect(live).toContain(`call-${MANY - 101}`);
});

it('every call that rings, until its time is over', () => {
  const { calls, clock, learn } = known();
  learn((version) => call({ version }));
  const stopped: string[] = [];
  calls.listen(({ call: { id }, cause }) => cause === 'ring_over' && stopped.push(id));
  expect(clock.waiting()).toHaveLength(MANY);
  clock.advance(45_000);
  expect(stopped).toHaveLength(MANY);
  calls.learn({ ...active(1), id: 'another' }, 'answer');
  expect(calls.live()).toHaveLength(100);
});
