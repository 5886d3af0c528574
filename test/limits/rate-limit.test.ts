import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRateLimit } from '../../src/limits/rate-limit.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { heapInUse } from '../fakes/heap.ts';

const MiB = 1024 * 1024;

fc.configureGlobal({ seed: 20_261_122 });

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

  it('counts what each costs, and the first whatever it costs', () => {
    const { clock, limit } = make();
    expect([limit.take('a', 2), limit.take('a', 2), limit.take('a')]).toEqual([0, 60, 0]);
    expect([limit.take('b', 31), limit.take('b')]).toEqual([0, 60]);
    clock.advance(60_000);
    expect([limit.take('b'), limit.take('b', 31), limit.take('b', 2)]).toEqual([0, 60, 0]);
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

  it('counts as if it never forgot anything, whoever comes when', () => {
    const asked = fc.record({
      afterMs: fc.oneof(fc.constantFrom(0, 1, 59_999, 60_000), fc.nat(70_000)),
      key: fc.constantFrom('a', 'b', 'c'),
      isTaken: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 60 }), (questions) => {
        const { clock, limit } = make();
        const windows = new Map<string, { count: number; endsAt: number }>();
        let nowMs = 0;
        for (const { afterMs, key, isTaken } of questions) {
          clock.advance(afterMs);
          nowMs += afterMs;
          let window = windows.get(key) ?? { count: 0, endsAt: 0 };
          if (nowMs >= window.endsAt) window = { count: 0, endsAt: nowMs + 60_000 };
          const wait = window.count < 3 ? 0 : Math.ceil((window.endsAt - nowMs) / 1000);
          expect(isTaken ? limit.take(key) : limit.waitSeconds(key)).toBe(wait);
          if (isTaken && wait === 0) windows.set(key, { ...window, count: window.count + 1 });
        }
      }),
    );
  });

  it('forgets nobody whose minute is not over, however many come', () => {
    const { clock, limit } = make();
    clock.advance(20_000);
    for (let i = 0; i < 3; i += 1) limit.take('a');
    for (let i = 0; i < 11; i += 1) {
      clock.advance(5_000);
      limit.take(`new ${i}`);
    }
    expect(limit.take('a')).toBe(5);
    // The same again, now that windows have ended before.
    clock.advance(5_000);
    for (let i = 0; i < 3; i += 1) limit.take('a');
    for (let i = 0; i < 11; i += 1) {
      clock.advance(5_000);
      limit.take(`newer ${i}`);
    }
    expect(limit.take('a')).toBe(5);
  });

  it('takes no more memory in the fifth minute than in the second, however long the keys are', () => {
    const { clock, limit } = make();
    const inUse = () => heapInUse() + process.memoryUsage().arrayBuffers;
    const pass = (minute: number) => {
      for (let i = 0; i < 20_000; i += 1) limit.take(`${minute} ${i}`.padEnd(300, 'x'));
      clock.advance(60_000);
    };
    const before = inUse();
    for (const minute of [1, 2]) pass(minute);
    const used = inUse() - before;
    for (const minute of [3, 4, 5]) pass(minute);
    expect(used).toBeLessThan(8 * MiB);
    expect(inUse() - before).toBeLessThan(used + MiB);
  });

  it('forgets one who is to be forgotten, and nobody else', () => {
    const { limit } = make();
    for (const key of ['a', 'a', 'a', 'b', 'b', 'b']) limit.take(key);
    limit.forget('a');
    expect([limit.waitSeconds('a'), limit.waitSeconds('b')]).toEqual([0, 60]);
    limit.forget('nobody');
  });

  it('counts each key by itself', () => {
    const { limit } = make();
    for (let i = 0; i < 4; i += 1) limit.take('a');
    expect(limit.take('b')).toBe(0);
  });
});
