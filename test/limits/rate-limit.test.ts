import { describe, expect, it } from 'vitest';
import { createRateLimit } from '../../src/limits/rate-limit.ts';
import { createFakeClock } from '../fakes/clock.ts';

describe('a limit of three a minute', () => {
  const make = () => {
    const clock = createFakeClock(0);
    return { clock, limit: createRateLimit(3, clock) };
  };

  it('lets three pass, and tells the fourth how long to wait', () => {
    const { clock, limit } = make();
    expect([limit.take('a'), limit.take('a'), limit.take('a')]).toEqual([0, 0, 0]);
    clock.advance(500);
    expect(limit.take('a')).toBe(60);
    clock.advance(59_000);
    expect(limit.take('a')).toBe(1);
  });

  it('begins anew a minute after its first', () => {
    const { clock, limit } = make();
    for (let i = 0; i < 5; i += 1) limit.take('a');
    clock.advance(59_999);
    expect(limit.waitSeconds('a')).toBe(1);
    clock.advance(1);
    expect(limit.waitSeconds('a')).toBe(0);
    expect([limit.take('a'), limit.take('a'), limit.take('a'), limit.take('a')]).toEqual([
      0, 0, 0, 60,
    ]);
  });

  it('counts nothing where it is only asked', () => {
    const { limit } = make();
    for (let i = 0; i < 10; i += 1) expect(limit.waitSeconds('a')).toBe(0);
    expect(limit.take('a')).toBe(0);
  });

  it.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('lasts its minute when the clock is set %s', (_way, ms) => {
    const { clock, limit } = make();
    for (let i = 0; i < 3; i += 1) limit.take('a');
    clock.shiftWall(ms);
    expect([limit.take('a'), limit.waitSeconds('a')]).toEqual([60, 60]);
    clock.advance(59_999);
    expect([limit.take('a'), limit.waitSeconds('a')]).toEqual([1, 1]);
    clock.advance(1);
    expect([limit.waitSeconds('a'), limit.take('a')]).toEqual([0, 0]);
  });

  it('counts each key by itself', () => {
    const { limit } = make();
    for (let i = 0; i < 4; i += 1) limit.take('a');
    expect(limit.take('b')).toBe(0);
  });
});
