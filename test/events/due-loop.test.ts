import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../../src/calls/call.ts';
import { StoreUnavailable } from '../../src/calls/store.ts';
import { comes, type EventsStage, RING_OVER_MS, setEventsStage, turns } from './stage.ts';

const QUARTER_OF_AN_HOUR_MS = 15 * 60_000;

let stage: EventsStage;
beforeEach(async () => {
  stage = await setEventsStage();
});
afterEach(() => stage.close());

/** A call of two who have accepted and are in LiveKit's room. */
async function talking(one: string, other: string): Promise<Call> {
  const call = await stage.place(one, other);
  await stage.accept(call, other);
  for (const uid of [one, other]) {
    const present = stage.livekit.enter(call.room, uid);
    await stage.apply({ type: 'joined', callId: call.id, present });
  }
  return call;
}

const errors = () => stage.log.lines.filter(({ level }) => level === 'error');

describe('a verdict', () => {
  it('counts as soon as its time has come', async () => {
    await stage.due.start();
    const call = await stage.place('alice', 'bob');
    await stage.pass(RING_OVER_MS);
    await stage.becomes(call, 'ended: missed, ring_timeout');
    const verdicts = stage.settled.filter(({ kind }) => kind === 'verdict');
    expect(verdicts).toEqual([{ kind: 'verdict', lateMs: 0 }]);
  });

  it('counts by the time that passes, though the clock of the machine is set back', async () => {
    const call = await stage.place('alice', 'bob');
    await stage.due.start();
    await stage.pass(5_000);
    stage.clock.shiftWall(-3_600_000);
    await stage.pass(RING_OVER_MS - 5_000);
    await stage.becomes(call, 'ended: missed, ring_timeout');
  });

  it('of the night without a server counts before the start is over', async () => {
    const calls = await Promise.all([1, 2, 3].map((n) => stage.place(`alice${n}`, `bob${n}`)));
    stage.clock.advance(3_600_000);
    await stage.due.start();
    const states = await Promise.all(calls.map(stage.stateOf));
    expect(states).toEqual(Array(3).fill('ended: missed, ring_timeout'));
    expect(stage.settled[0]).toEqual({ kind: 'verdict', lateMs: 3_600_000 - RING_OVER_MS });
  });

  it('is found behind any number of questions that LiveKit leaves without an answer', async () => {
    for (let n = 0; n < 120; n += 1) await talking(`alice${n}`, `bob${n}`);
    stage.livekit.answerWith('hang');
    stage.clock.advance(20_000);
    const call = await stage.place('carol', 'dave');
    await stage.due.start();
    await stage.pass(RING_OVER_MS);
    await stage.becomes(call, 'ended: missed, ring_timeout');
  });

  it('is found at once behind more questions than a look has room for', async () => {
    const call = await stage.place('carol', 'dave');
    // They are asked about after 20 s: a second before this ring is over.
    stage.clock.advance(RING_OVER_MS - 21_000);
    for (let n = 0; n < 110; n += 1) await talking(`alice${n}`, `bob${n}`);
    await stage.due.start();
    stage.livekit.answerWith('hang');
    await stage.pass(21_000);
    // Before the first of those questions is given up.
    for (const _ of [1, 2, 3]) {
      stage.clock.advance(250);
      await turns(1_000);
    }
    expect(await stage.stateOf(call)).toBe('ended: missed, ring_timeout');
    await stage.pass(2_000);
  });

  it('that changes nothing is told of, and keeps no round going for ever', async () => {
    const call = await stage.place('alice', 'bob');
    const timer = { callId: call.id, room: call.room, key: 'max' };
    // As a bug of ours would have it: more than a look has room for, and they stay.
    stage.store.due = async (limit) =>
      Array.from({ length: limit }, (_, nth) => ({ ...timer, dueAt: nth }));
    await stage.due.start();
    expect(errors().length).toBeGreaterThan(0);
    expect(errors()[0]?.fields).toMatchObject({ callId: call.id });
  });

  it('waits for no other call that a bug keeps from being changed', async () => {
    await stage.due.start();
    const bad = await stage.place('alice', 'bob');
    const good = await stage.place('carol', 'dave');
    await stage.pass(RING_OVER_MS - 1_000);
    stage.broken.add(bad.id);
    await stage.pass(1_000);
    await stage.becomes(good, 'ended: missed, ring_timeout');
    await comes(() => errors().length === 1);
    expect(errors()[0]?.fields).toMatchObject({ callId: bad.id, retryMs: 5_000 });
    stage.broken.clear();
    await stage.pass(3_000);
    expect(await stage.stateOf(bad)).toBe('ringing');
    await stage.pass(3_000);
    await stage.becomes(bad, 'ended: missed, ring_timeout');
    expect(errors()).toHaveLength(1);
  });
});

describe('a question', () => {
  it('ends a call that was accepted and that nobody has joined', async () => {
    await stage.due.start();
    const call = await stage.place('alice', 'bob');
    await stage.accept(call, 'bob');
    await stage.pass(30_000);
    await stage.becomes(call, 'ended: failed, never_joined');
    expect(stage.settled.every(({ kind, lateMs }) => kind === 'question' && lateMs < 2_000)).toBe(
      true,
    );
  });

  it('that LiveKit does not answer throws nobody out', async () => {
    await stage.due.start();
    const call = await stage.place('alice', 'bob');
    await stage.accept(call, 'bob');
    stage.livekit.answerWith('unavailable');
    await stage.pass(300_000);
    expect(await stage.stateOf(call)).toBe('active');
    stage.livekit.answerWith('right');
    await stage.pass(60_000);
    await stage.becomes(call, 'ended: failed, never_joined');
  });

  it('that LiveKit leaves hanging is over after two seconds, and keeps nobody waiting', async () => {
    await stage.due.start();
    const asked = await talking('alice', 'bob');
    const call = await stage.place('carol', 'dave');
    stage.livekit.answerWith('hang');
    await stage.pass(RING_OVER_MS);
    await stage.becomes(call, 'ended: missed, ring_timeout');
    await comes(() => stage.livekit.asked.length > 0);
    await stage.pass(2_000);
    await comes(() => stage.settled.some(({ kind }) => kind === 'question'));
    expect(await stage.stateOf(asked)).toBe('active');
  });

  it('is put to LiveKit for fifty calls at a time', async () => {
    for (let n = 0; n < 60; n += 1) await talking(`alice${n}`, `bob${n}`);
    stage.clock.advance(60_000);
    stage.livekit.answerWith('hang');
    await stage.due.start();
    await comes(() => stage.livekit.asked.length === 50);
    await turns();
    expect(stage.livekit.asked).toHaveLength(50);
    await stage.pass(2_000);
    stage.livekit.answerWith('right');
    await stage.pass(5_000);
    await comes(() => stage.livekit.asked.length === 60);
  });
});

describe('where nothing is due', () => {
  it('the database is left alone until a quarter of the hour is full, when all look together', async () => {
    const untilQuarterMs = () =>
      QUARTER_OF_AN_HOUR_MS - (stage.clock.now() % QUARTER_OF_AN_HOUR_MS);
    stage.clock.advance(untilQuarterMs() + 200_000);
    await stage.due.start();
    stage.clock.advance(300_000);
    await stage.effects.start();
    expect(stage.asked.splice(0)).toEqual(['due', 'nextDueMs', 'leaseEffects', 'nextDueMs']);
    for (const _ of [1, 2, 3]) {
      stage.clock.advance(untilQuarterMs() - 1);
      await turns();
      expect(stage.asked).toEqual([]);
      stage.clock.advance(1);
      await comes(() => stage.asked.length === 4);
      await turns();
      expect(stage.asked.splice(0).sort()).toEqual([
        ...['due', 'leaseEffects', 'nextDueMs', 'nextDueMs'],
      ]);
    }
  });

  it('a look that comes a moment before its time is no reason for another', async () => {
    const { clock } = stage;
    clock.advance(QUARTER_OF_AN_HOUR_MS - (clock.now() % QUARTER_OF_AN_HOUR_MS) - 1);
    await stage.due.start();
    stage.asked.length = 0;
    clock.advance(QUARTER_OF_AN_HOUR_MS);
    await turns();
    expect(stage.asked).toEqual([]);
  });

  it('a call of last hour asks nothing any more', async () => {
    await stage.due.start();
    const call = await stage.place('alice', 'bob');
    await stage.pass(RING_OVER_MS);
    await stage.becomes(call, 'ended: missed, ring_timeout');
    await turns();
    // Its room is still to be deleted, by the loop beside this one.
    await stage.effects.start();
    await comes(() => stage.livekit.deleted.length === 1);
    await stage.pass(QUARTER_OF_AN_HOUR_MS);
    stage.asked.length = 0;
    await stage.pass(QUARTER_OF_AN_HOUR_MS);
    // One look of each loop.
    expect(stage.asked.toSorted()).toEqual(['due', 'leaseEffects', 'nextDueMs', 'nextDueMs']);
  });
});

describe('without a database', () => {
  it('deadlines wait for it, told once, and count when it is back', async () => {
    const call = await stage.place('alice', 'bob');
    await stage.due.start();
    const { due } = stage.store;
    stage.store.due = () => Promise.reject(new StoreUnavailable('gone'));
    await stage.pass(RING_OVER_MS);
    const told = stage.log.lines.filter(({ message }) =>
      message.includes('deadlines of calls wait'),
    );
    expect(told).toMatchObject([{ level: 'warn' }]);
    stage.store.due = due;
    await stage.pass(30_000);
    await stage.becomes(call, 'ended: missed, ring_timeout');
    expect(stage.log.lines.at(-1)?.message).toBe('the deadlines of calls are looked after again');
  });

  it.each([
    ['verdict', async () => void (await stage.place('alice', 'bob'))],
    ['question', async () => void (await talking('alice', 'bob'))],
  ])('no %s is an error of its call', async (_kind, prepare) => {
    await prepare();
    await stage.due.start();
    const { change } = stage.store;
    stage.store.change = () => Promise.reject(new StoreUnavailable(new Error('gone')));
    await stage.pass(120_000);
    expect(errors()).toEqual([]);
    stage.store.change = change;
  });

  it('that gives no answer at all, the start is over after ten seconds', async () => {
    let isOver = false;
    let release = () => {};
    stage.store.due = () =>
      new Promise((resolve) => {
        release = () => resolve([]);
      });
    const started = stage.due.start().then(() => {
      isOver = true;
    });
    await turns();
    expect(isOver).toBe(false);
    stage.clock.advance(10_000);
    await started;
    release();
  });

  it('the start is over all the same', async () => {
    await stage.store.close();
    await stage.due.start();
    expect(stage.log.lines).toMatchObject([{ level: 'warn' }]);
    await stage.store.open();
  });
});

it('the end waits for the questions that are under way', async () => {
  await talking('alice', 'bob');
  const release = stage.livekit.hold();
  stage.clock.advance(60_000);
  await stage.due.start();
  await comes(() => stage.livekit.asked.length === 1);
  let isOver = false;
  const stopped = stage.due.stop().then(() => {
    isOver = true;
  });
  await turns();
  expect(isOver).toBe(false);
  release();
  await stopped;
  expect(stage.settled).toHaveLength(1);
});
