import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createJsonLogger, type LogLevel } from '../src/base/log.ts';
import { createLogBatch } from '../src/base/log-batch.ts';

/** Stands for standard output. */
function createOut() {
  const written: string[] = [];
  const out = {
    written,
    /** How much of what comes is taken; throws for a fault. */
    take: (bytes: Uint8Array): number => bytes.length,
    write(bytes: Uint8Array): number {
      const taken = out.take(bytes);
      // One character a byte, since a part may end inside of one.
      written.push(Buffer.from(bytes.subarray(0, taken)).toString('latin1'));
      return taken;
    },
    get lines() {
      return Buffer.from(written.join(''), 'latin1').toString().trimEnd().split('\n');
    },
  };
  return out;
}

const fault = (code: string) => () => {
  throw Object.assign(new Error(code), { code });
};

function createLog(level: LogLevel, out: ReturnType<typeof createOut>) {
  const pauses: number[] = [];
  const batch = createLogBatch({ out: out.write, pause: (ms) => pauses.push(ms) });
  return { log: createJsonLogger(level, batch), ...batch, pauses };
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
    const { log } = createLog('info', out);
    log.info({ uid: 'alice' }, 'answered');
    log.info({ uid: 'bob' }, 'answered');
    vi.advanceTimersByTime(99);
    expect(out.written).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(out.written).toHaveLength(1);
    expect(out.lines.map((line) => JSON.parse(line).uid)).toEqual(['alice', 'bob']);
  });

  it('says once what an error and its cause say alike, and both where they differ', () => {
    const out = createOut();
    const { log, flush } = createLog('info', out);
    const cause = new Error('refused');
    log.info({ err: new Error('refused', { cause }) }, 'one');
    log.info({ err: new Error('no answer', { cause }) }, 'two');
    flush();
    const said = out.lines.map((line) => JSON.parse(line).err.message);
    expect(said).toEqual(['refused', 'no answer: refused']);
  });

  it('loses nothing and changes no order, whatever the lines are like', () => {
    const out = createOut();
    const { log, flush } = createLog('info', out);
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
    const { log } = createLog('info', out);
    for (let i = 0; i < 2_000; i += 1) log.info({ i }, 'answered');
    expect(out.written.length).toBeGreaterThan(0);
    for (const batch of out.written) expect(Buffer.byteLength(batch)).toBeLessThanOrEqual(65_536);
  });

  it('writes what waits when it is flushed, and nothing twice', () => {
    const out = createOut();
    const { log, flush } = createLog('info', out);
    log.info({}, 'stopped');
    flush();
    flush();
    vi.advanceTimersByTime(1_000);
    expect(out.written).toHaveLength(1);
  });

  it('tells a level as pino does, and the time', () => {
    vi.setSystemTime('2026-11-22T10:00:00.123Z');
    const out = createOut();
    const { log, flush } = createLog('warn', out);
    log.info({}, 'not this');
    log.warn({}, 'this');
    flush();
    expect(JSON.parse(out.lines[0] as string)).toEqual({
      level: 40,
      time: '2026-11-22T10:00:00.123Z',
      msg: 'this',
    });
  });

  it('writes a warning or an error at once, after all that waits', () => {
    const out = createOut();
    const { log } = createLog('info', out);
    log.info({ n: 1 }, 'answered');
    log.warn({ n: 2 }, 'look');
    expect(out.lines.map((line) => JSON.parse(line).n)).toEqual([1, 2]);
    log.info({ n: 3 }, 'answered');
    log.error({ n: 4 }, 'mend');
    expect(out.lines.map((line) => JSON.parse(line).n)).toEqual([1, 2, 3, 4]);
    vi.advanceTimersByTime(1_000);
    expect(out.written).toHaveLength(2);
  });

  it('loses nothing and writes nothing twice where little is taken at a time', () => {
    const out = createOut();
    const { log, flush } = createLog('info', out);
    let turn = 0;
    out.take = (bytes) => {
      turn += 1;
      if (turn % 3 === 0) fault('EAGAIN')();
      return Math.min(bytes.length, (turn * 7_919) % 30_011 || 1);
    };
    const names = Array.from({ length: 3_000 }, (_, i) => `${i} ${'é📞'.repeat(i % 40)}`);
    names[1_500] = `long ${'日'.repeat(60_000)}`;
    for (const [i, name] of names.entries()) {
      if (i % 100 === 99) log.warn({ name }, 'look');
      else log.info({ name }, 'answered');
      if (i % 500 === 0) vi.advanceTimersByTime(35);
    }
    flush();
    vi.advanceTimersByTime(60_000);
    expect(out.lines.map((line) => JSON.parse(line).name)).toEqual(names);
  });

  it.each(['EAGAIN', 'EPIPE', 'ENOSPC', 'EIO', 'EBADF'])(
    'is never a fault of whoever logs, and comes back after %s',
    (code) => {
      const out = createOut();
      const { log } = createLog('info', out);
      out.take = fault(code);
      log.warn({ n: 1 }, 'look');
      log.info({ n: 2 }, 'answered');
      vi.advanceTimersByTime(10_000);
      expect(out.written).toEqual([]);
      out.take = ({ length }) => length;
      vi.advanceTimersByTime(1_000);
      expect(out.lines.map((line) => JSON.parse(line).n)).toEqual([1, 2]);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it('does not go round in circles where nothing is taken', () => {
    const out = createOut();
    const { log } = createLog('info', out);
    out.take = () => 0;
    log.warn({}, 'look');
    out.take = ({ length }) => length;
    vi.advanceTimersByTime(1_000);
    expect(out.lines).toHaveLength(1);
  });

  it('keeps 4 MiB where nothing is taken, and tells how many lines it lost then', () => {
    const out = createOut();
    const { log } = createLog('info', out);
    out.take = fault('ENOSPC');
    const sent = 20_000;
    const name = 'x'.repeat(1_000);
    for (let n = 0; n < sent; n += 1) log.info({ n, name }, 'answered');
    out.take = ({ length }) => length;
    vi.advanceTimersByTime(1_000);
    expect(Buffer.byteLength(out.written.join(''))).toBeLessThan(4.2 * 1024 * 1024);
    const lines = out.lines.map((line) => JSON.parse(line));
    const losses = lines.filter(({ msg }) => msg.startsWith('log lines were lost'));
    expect(losses).toEqual([
      expect.objectContaining({ level: 40, lines: sent - lines.length + 1 }),
    ]);
    const at = lines.indexOf(losses[0]);
    expect(lines.slice(0, at).map(({ n }) => n)).toEqual([...Array(at).keys()]);
    expect(lines.at(-1)).toMatchObject({ n: sent - 1 });
  });

  it('waits at the end for a reader that is slow', () => {
    const out = createOut();
    const { log, end, pauses } = createLog('info', out);
    out.take = (bytes) => {
      if (pauses.length < 20) fault('EAGAIN')();
      return bytes.length;
    };
    log.info({}, 'stopped');
    end();
    expect(out.lines).toHaveLength(1);
    log.info({}, 'afterwards');
    expect(out.lines).toHaveLength(2);
  });

  it('waits two seconds for one that has stalled, and not at all for one that is gone', () => {
    const out = createOut();
    const { log, end, pauses } = createLog('info', out);
    out.take = fault('EAGAIN');
    log.info({}, 'stopped');
    end();
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(2_000);
    out.take = fault('EPIPE');
    end();
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(2_000);
  });

  it('can tell of an error that throws when it is looked at', () => {
    const out = createOut();
    const { log } = createLog('info', out);
    const hostile = Object.defineProperty(new Error('x'), 'stack', { get: fault('never') });
    log.error({ err: hostile }, 'mend');
    expect(JSON.parse(out.lines[0] as string).err).toBe('an error that cannot be read');
  });
});

describe('the loggers of a process', () => {
  it('have one listener between them, and none of them stays', async () => {
    createJsonLogger('warn');
    const before = process.listenerCount('exit');
    const loggers = Array.from({ length: 300 }, () => new WeakRef(createJsonLogger('warn')));
    expect(process.listenerCount('exit')).toBe(before);
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    await expect
      .poll(() => {
        collectGarbage();
        return loggers.filter((logger) => logger.deref() !== undefined).length;
      })
      .toBe(0);
  });
});
