import { expect, it, vi } from 'vitest';
import { systemClock } from '../src/base/clock.ts';

it('the system’s clock has a reading that setting the time of day does not move', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const before = systemClock.monotonic();
  vi.setSystemTime(0);
  const after = systemClock.monotonic();
  vi.useRealTimers();
  expect(after).toBeGreaterThanOrEqual(before);
  expect(after).toBeLessThanOrEqual(performance.now());
});
