import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { type Program, runToTheEnd } from '../src/base/ending.ts';
import { createFakeClock } from './fakes/clock.ts';
import { createFakeLog } from './fakes/log.ts';

const SECOND = 1_000;

/** A program in a process that is none, so that its end ends no test. */
function setUp(program: Partial<Program> = {}) {
  const clock = createFakeClock();
  const log = createFakeLog();
  const codes: number[] = [];
  const self = Object.assign(new EventEmitter(), { exit: (code: number) => void codes.push(code) });
  const { promise: stopped, resolve: haveStopped, reject } = Promise.withResolvers<void>();
  let stops = 0;
  const parts = { log, clock, process: self, withinMs: 10 * SECOND };
  const running = runToTheEnd(
    {
      start: async () => {},
      stop: () => {
        stops += 1;
        return stopped;
      },
      ...program,
    },
    parts,
  );
  const said = () => log.lines.map(({ message }) => message);
  const listeners = () => self.eventNames().length;
  return {
    ...{ clock, log, codes, self, running, haveStopped, said, listeners },
    failToStop: reject,
    stops: () => stops,
  };
}

describe('a program ends', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'])('well on %s', async (signal) => {
    const { self, codes, haveStopped, said, log, listeners } = setUp();
    self.emit(signal, signal);
    expect(codes).toEqual([]);
    haveStopped();
    await vi.waitFor(() => expect(codes).toEqual([0]));
    expect(said()).toEqual(['stopping', 'stopped']);
    expect(log.lines[0]?.fields).toEqual({ signal });
    expect(listeners()).toBe(0);
  });

  it('with 0 when nothing is left to do', async () => {
    const { self, codes, haveStopped, said } = setUp();
    self.emit('beforeExit');
    self.emit('beforeExit');
    haveStopped();
    await vi.waitFor(() => expect(codes).toEqual([0]));
    expect(said()).toEqual(['stopping', 'stopped']);
  });

  it('with 1 after an error that nobody caught, and stops well', async () => {
    const { self, codes, haveStopped, said, log } = setUp();
    const err = new Error('a bug');
    self.emit('uncaughtException', err);
    haveStopped();
    await vi.waitFor(() => expect(codes).toEqual([1]));
    expect(said()).toEqual(['stopping after an error that nobody caught', 'stopped']);
    expect(log.lines[0]).toMatchObject({ level: 'error', fields: { err } });
  });
});

describe('signals', () => {
  it.each([
    ['the same', 'SIGINT', 'SIGINT'],
    ['another', 'SIGHUP', 'SIGTERM'],
  ])('within two seconds are one, %s', async (_which, first, second) => {
    const { self, clock, codes, stops, haveStopped } = setUp();
    self.emit(first, first);
    self.emit(second, second);
    clock.advance(1.9 * SECOND);
    self.emit(second, second);
    expect({ codes, stops: stops() }).toEqual({ codes: [], stops: 1 });
    haveStopped();
    await vi.waitFor(() => expect(codes).toEqual([0]));
  });

  it('that come later force the end at once, with 1 and a line', async () => {
    const { self, clock, codes, haveStopped, said, log } = setUp();
    self.emit('SIGINT', 'SIGINT');
    clock.advance(2 * SECOND);
    self.emit('SIGTERM', 'SIGTERM');
    expect(codes).toEqual([1]);
    expect(log.lines.at(-1)).toEqual({
      level: 'error',
      fields: { signal: 'SIGTERM' },
      message: 'ended by force: a second signal came',
    });
    haveStopped();
    await Promise.resolve();
    expect(said()).toHaveLength(2);
    expect(codes).toEqual([1]);
  });

  it('after an error are a first one', async () => {
    const { self, clock, codes } = setUp();
    self.emit('uncaughtException', new Error('a bug'));
    clock.advance(3 * SECOND);
    self.emit('SIGTERM', 'SIGTERM');
    expect(codes).toEqual([]);
    clock.advance(3 * SECOND);
    self.emit('SIGTERM', 'SIGTERM');
    expect(codes).toEqual([1]);
  });
});

describe('the end is forced, with 1 and a line', () => {
  it('when stopping takes too long', async () => {
    const { self, clock, codes, said } = setUp();
    self.emit('SIGTERM', 'SIGTERM');
    clock.advance(9.9 * SECOND);
    expect(codes).toEqual([]);
    clock.advance(0.1 * SECOND);
    expect(codes).toEqual([1]);
    expect(said()).toEqual(['stopping', 'ended by force: stopping took too long']);
  });

  it('when stopping fails', async () => {
    const { self, codes, failToStop, said } = setUp();
    self.emit('SIGTERM', 'SIGTERM');
    failToStop(new Error('no'));
    await vi.waitFor(() => expect(codes).toEqual([1]));
    expect(said()).toEqual(['stopping', 'ended by force: stopping failed']);
  });

  it('by another error that nobody caught', async () => {
    const { self, codes, said } = setUp();
    self.emit('SIGTERM', 'SIGTERM');
    self.emit('uncaughtException', new Error('a bug'));
    expect(codes).toEqual([1]);
    expect(said()).toEqual(['stopping', 'ended by force: another error that nobody caught']);
  });
});

describe('a start', () => {
  it('that fails is told, and nothing listens any more', async () => {
    const { running, codes, stops, listeners } = setUp({
      start: () => Promise.reject(new Error('port in use')),
    });
    await expect(running).rejects.toThrow('port in use');
    expect({ codes, stops: stops(), listeners: listeners() }).toEqual({
      codes: [],
      stops: 0,
      listeners: 0,
    });
  });

  it('may be broken off by the end', async () => {
    const { promise: starting, reject } = Promise.withResolvers<void>();
    const { self, running, codes, haveStopped, said } = setUp({ start: () => starting });
    self.emit('SIGTERM', 'SIGTERM');
    reject(new Error('stopped in the middle'));
    await running;
    haveStopped();
    await vi.waitFor(() => expect(codes).toEqual([0]));
    expect(said()).toEqual(['stopping', 'stopped']);
  });
});
