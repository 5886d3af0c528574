import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createJsonLogger } from '../src/log.ts';

/** Stands for standard output. */
function createOut() {
  const written: string[] = [];
  return {
    written,
    get lines() {
      return written.join('').trimEnd().split('\n');
    },
    write: (text: string) => written.push(text),
    flushSync: () => {},
  };
}

describe('the JSON log', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('writes a batch after a tenth of a second', () => {
    const out = createOut();
    const { log } = createJsonLogger('info', out);
    log.info({ uid: 'alice' }, 'answered');
    log.info({ uid: 'bob' }, 'answered');
    vi.advanceTimersByTime(99);
    expect(out.written).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(out.written).toHaveLength(1);
    expect(out.lines.map((line) => JSON.parse(line).uid)).toEqual(['alice', 'bob']);
  });

  it('loses nothing and changes no order, whatever the lines are like', () => {
    const out = createOut();
    const { log, flush } = createJsonLogger('info', out);
    // Longer than a batch, and of letters of one to four bytes, across the ends of batches.
    const names = [
      'a',
      'é'.repeat(3_000),
      '日'.repeat(9_000),
      '📞'.repeat(11_000),
      'z'.repeat(99_000),
    ];
    const sent = Array.from({ length: 200 }, (_, i) => `${i} ${names[i % names.length]}`);
    for (const name of sent) log.info({ name }, 'answered');
    flush();
    expect(out.lines.map((line) => JSON.parse(line).name)).toEqual(sent);
  });

  it('writes a full batch at once', () => {
    const out = createOut();
    const { log } = createJsonLogger('info', out);
    for (let i = 0; i < 2_000; i += 1) log.info({ i }, 'answered');
    expect(out.written.length).toBeGreaterThan(0);
    for (const batch of out.written) expect(Buffer.byteLength(batch)).toBeLessThanOrEqual(65_536);
  });

  it('writes what waits when it is flushed, and nothing twice', () => {
    const out = createOut();
    const { log, flush } = createJsonLogger('info', out);
    log.info({}, 'stopped');
    flush();
    flush();
    vi.advanceTimersByTime(1_000);
    expect(out.written).toHaveLength(1);
  });

  it('tells a level as pino does, and the time', () => {
    vi.setSystemTime('2026-11-22T10:00:00.123Z');
    const out = createOut();
    const { log, flush } = createJsonLogger('warn', out);
    log.info({}, 'not this');
    log.warn({}, 'this');
    flush();
    expect(JSON.parse(out.lines[0] as string)).toEqual({
      level: 40,
      time: '2026-11-22T10:00:00.123Z',
      msg: 'this',
    });
  });
});
