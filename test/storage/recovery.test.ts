// A database that could not be asked is tried until it works, and whoever waits is told.
import { beforeEach, expect, it, vi } from 'vitest';
import { createRecovery } from '../../src/storage/recovery.ts';
import { turns } from '../events/stage.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';

let clock: FakeClock;
let log: FakeLog;
let isAway: boolean;
/** Of what the probe was told. */
let asked: unknown[];
const onRecovered = vi.fn();

beforeEach(() => {
  clock = createFakeClock();
  log = createFakeLog();
  isAway = true;
  asked = [];
  onRecovered.mockReset();
});

const create = () =>
  createRecovery({
    ...{ what: 'It', clock, log, onRecovered },
    async probe(why) {
      asked.push((why as Error).message);
      if (isAway) throw new Error('still away');
    },
  });

const pass = async (ms: number) => {
  clock.advance(ms);
  await turns(3);
};

/** In how many milliseconds each of the next tries comes. */
async function pauses(count: number): Promise<number[]> {
  const all: number[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    const [ms = 0] = clock.waiting();
    all.push(ms);
    await pass(ms);
  }
  return all;
}

it('is tried again and again, told once, and at the end whoever waits looks', async () => {
  const recovery = create();
  recovery.failed(new Error('away'));
  recovery.failed(new Error('away, says another'));
  expect(await pauses(6)).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  expect(recovery.fault()).toBe('It cannot be asked: still away');
  expect(asked.slice(0, 2)).toEqual(['away, says another', 'still away']);
  expect(onRecovered).not.toHaveBeenCalled();
  isAway = false;
  await pass(5_000);
  expect(recovery.fault()).toBeUndefined();
  expect(onRecovered).toHaveBeenCalledTimes(1);
  expect(log.lines.map(({ message }) => message)).toEqual([
    'It cannot be asked',
    'It can be asked again',
  ]);
  expect(clock.waiting()).toEqual([]);
});

it('what fails again at once is tried no sooner for that', async () => {
  const recovery = create();
  recovery.failed(new Error('full'));
  isAway = false;
  expect(await pauses(1)).toEqual([500]);
  for (const ms of [1_000, 2_000, 4_000, 5_000]) {
    recovery.failed(new Error('full'));
    expect(await pauses(1)).toEqual([ms]);
  }
  await pass(5_001);
  recovery.failed(new Error('away'));
  expect(await pauses(1)).toEqual([500]);
});

it('after the end nothing is tried, nor told', async () => {
  const recovery = create();
  recovery.failed(new Error('away'));
  const late = create();
  late.failed(new Error('away'));
  clock.advance(500);
  for (const one of [recovery, late]) one.stop();
  await turns(3);
  recovery.failed(new Error('away'));
  expect(clock.waiting()).toEqual([]);
  isAway = false;
  await pass(60_000);
  expect(onRecovered).not.toHaveBeenCalled();
});
