// What is done at LiveKit for calls: by the loop over effects, and for rooms that come again.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RoomName } from '../../src/base/ids.ts';
import type { Call } from '../../src/calls/call.ts';
import { StoreUnavailable } from '../../src/calls/store.ts';
import { createLateRooms } from '../../src/events/late-rooms.ts';
import { GATHER_MS } from '../../src/events/wake-loop.ts';
import { comes, type EventsStage, setEventsStage, turns } from './stage.ts';

let stage: EventsStage;
beforeEach(async () => {
  stage = await setEventsStage();
});
afterEach(() => stage.close());

const deleted = (call: Call) => stage.livekit.deleted.filter((room) => room === call.room).length;
const roomNames = () => stage.livekit.rooms().map(({ name }) => name);
const tries = () => stage.livekit.asked.filter(({ method }) => method === 'CreateRoom').length;
const looks = () => stage.livekit.asked.filter(({ method }) => method === 'ListRooms').length;
const errors = () => stage.log.lines.filter(({ level }) => level === 'error');

/** Until whatever was begun has ended, and the loops sleep. */
const rest = () => stage.pass(2_000);

describe('the room of a call', () => {
  it('is there before anybody comes, and gone within a second of its end', async () => {
    await stage.effects.start();
    const call = await stage.place('alice', 'bob');
    stage.clock.advance(GATHER_MS);
    await comes(() => roomNames().includes(call.room));
    await stage.end(call);
    await stage.pass(500);
    await comes(() => deleted(call) === 1);
    expect(roomNames()).toEqual([]);
  });

  it('is deleted when LiveKit is back, however often that failed', async () => {
    const call = await stage.place('alice', 'bob');
    stage.livekit.answerWith('unavailable');
    await stage.effects.start();
    await stage.end(call);
    await stage.pass(100_000);
    expect(deleted(call)).toBe(0);
    expect(
      errors().filter(({ fields }) => 'effect' in fields && fields.effect === 'delete_room'),
    ).toEqual([]);
    stage.livekit.answerWith('right');
    await stage.pass(70_000);
    await comes(() => deleted(call) === 1);
  });

  it('is deleted within five minutes of its return, however long LiveKit was away', async () => {
    const call = await stage.place('alice', 'bob');
    stage.livekit.answerWith('unavailable');
    await stage.effects.start();
    await stage.end(call);
    await stage.pass(1_200_000);
    stage.livekit.answerWith('right');
    await stage.pass(300_000);
    await comes(() => deleted(call) === 1);
  });

  it('that LiveKit will not make beforehand is given up after five tries, and said so', async () => {
    stage.livekit.answerWith('error');
    await stage.effects.start();
    const call = await stage.place('alice', 'bob');
    await stage.pass(10_000);
    expect(stage.livekit.asked).toHaveLength(4);
    // About others it answers.
    stage.livekit.answerWith('right');
    await stage.api.existing([call.room]);
    stage.livekit.answerWith('error');
    await stage.pass(30_000);
    expect(errors()).toMatchObject([{ fields: { effect: 'create_room', tries: 5 } }]);
    await stage.pass(300_000);
    expect(tries()).toBe(5);
  });

  it.each(['cut', 'unavailable', 'refuse'] as const)(
    'is no line for each call while LiveKit gives no answer (%s)',
    async (answer) => {
      stage.livekit.answerWith(answer);
      await stage.effects.start();
      for (const who of ['a', 'b', 'c']) await stage.place(`${who}lice`, `${who}ob`);
      await stage.pass(40_000);
      expect(tries()).toBe(3 * 5);
      await stage.pass(300_000);
      expect([tries(), errors()]).toEqual([3 * 5, []]);
      expect(stage.log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
        { message: expect.stringMatching(/^LiveKit at .* gives no answer$/) },
      ]);
    },
  );

  it('is deleted by another instance where the one that had it to do has died', async () => {
    const call = await stage.place('alice', 'bob');
    await stage.end(call);
    await stage.store.leaseEffects('livekit', 10, 15_000);
    await stage.effects.start();
    await stage.pass(10_000);
    expect(deleted(call)).toBe(0);
    await stage.pass(10_000);
    await comes(() => deleted(call) === 1);
  });

  it('does not wait for a room that LiveKit is slow with', async () => {
    await stage.effects.start();
    const slow = await stage.place('alice', 'bob');
    await rest();
    const release = stage.livekit.hold();
    await stage.end(slow);
    await stage.pass(100);
    await comes(() => stage.livekit.asked.at(-1)?.method === 'DeleteRoom');
    const other = await stage.place('carol', 'dave');
    await stage.end(other);
    await stage.pass(500);
    await comes(() => stage.livekit.asked.some(({ body }) => body.room === other.room));
    release();
    await comes(() => deleted(slow) + deleted(other) === 2);
  });
});

it('the room of a call that is over at once is deleted, and not made beside that', async () => {
  const call = await stage.place('alice', 'bob');
  await stage.end(call);
  await stage.effects.start();
  await comes(() => deleted(call) === 1);
  await rest();
  expect(stage.livekit.asked.map(({ method }) => method)).toEqual(['DeleteRoom']);
});

it('a room is made beside the end of another call', async () => {
  const over = await stage.place('alice', 'bob');
  await stage.end(over);
  const call = await stage.place('carol', 'dave');
  await stage.effects.start();
  await comes(() => deleted(over) === 1);
  await comes(() => roomNames().includes(call.room));
});

it('the room of a call that has ended is not made any more', async () => {
  stage.livekit.answerWith('unavailable');
  await stage.effects.start();
  const call = await stage.place('alice', 'bob');
  await stage.pass(500);
  await comes(() => stage.livekit.asked.length > 0);
  await stage.end(call);
  stage.livekit.answerWith('right');
  await stage.pass(10_000);
  await comes(() => deleted(call) === 1);
  expect(roomNames()).toEqual([]);
});

describe('somebody who has no place in a call', () => {
  it('is taken out of its room', async () => {
    await stage.effects.start();
    const call = await stage.place('alice', 'bob');
    await rest();
    const present = stage.livekit.enter(call.room, 'mallory');
    const webhook = { room: call.room, present, disconnectReason: 'UNKNOWN_REASON' };
    await stage.handle({ type: 'joined', ...webhook });
    await stage.pass(500);
    await comes(() => stage.livekit.removed.length === 1);
    expect(stage.livekit.removed).toEqual([{ room: call.room, identity: 'mallory' }]);
  });

  it('is given up after five tries, and said so though LiveKit is away', async () => {
    await stage.effects.start();
    const call = await stage.place('alice', 'bob');
    await rest();
    stage.livekit.answerWith('unavailable');
    const present = stage.livekit.enter(call.room, 'mallory');
    const webhook = { room: call.room, present, disconnectReason: 'UNKNOWN_REASON' };
    await stage.handle({ type: 'joined', ...webhook });
    await stage.pass(60_000);
    expect(errors()).toMatchObject([{ fields: { effect: 'remove_participant', tries: 5 } }]);
  });

  it('is left there where he has taken a seat before LiveKit could be asked', async () => {
    await stage.effects.start();
    const call = await stage.place('alice', 'bob');
    await rest();
    stage.livekit.answerWith('unavailable');
    const present = stage.livekit.enter(call.room, 'bob');
    const webhook = { room: call.room, present, disconnectReason: 'UNKNOWN_REASON' };
    await stage.handle({ type: 'joined', ...webhook });
    await stage.pass(500);
    await comes(() => stage.livekit.asked.some(({ method }) => method === 'RemoveParticipant'));
    await stage.accept(call, 'bob');
    stage.livekit.answerWith('right');
    await stage.pass(10_000);
    expect(stage.livekit.removed).toEqual([]);
    expect(await stage.store.nextDueMs('livekit')).toBeUndefined();
  });
});

describe('a room that comes again after its call has ended', () => {
  let call: Call;
  beforeEach(async () => {
    await stage.effects.start();
    call = await stage.place('alice', 'bob');
    await rest();
    await stage.end(call);
    await stage.pass(500);
    await comes(() => deleted(call) === 1);
    await rest();
    stage.livekit.enter(call.room, 'bob');
  });

  it('is deleted by the webhook of whoever came', async () => {
    const present = stage.livekit.enter(call.room, 'bob');
    const webhook = { room: call.room, present, disconnectReason: 'UNKNOWN_REASON' };
    await stage.handle({ type: 'joined', ...webhook });
    await stage.pass(500);
    await comes(() => roomNames().length === 0);
  });

  it('is deleted within a minute where the webhook was lost', async () => {
    await stage.pass(60_000);
    await comes(() => roomNames().length === 0);
  });

  it('is found after a restart too', async () => {
    const again = createLateRooms({ ...stage, tokenTtlSeconds: 600 });
    await Promise.all([stage.effects.stop(), stage.late.stop()]);
    await again.start();
    await stage.pass(60_000);
    await comes(() => roomNames().length === 0);
    await again.stop();
  });

  it('is looked for as long as a token opens it, and no longer', async () => {
    stage.livekit.enter('lobby', 'carol');
    await stage.pass(12 * 60_000);
    await comes(() => !roomNames().includes(call.room));
    const asked = looks();
    expect(asked).toBeGreaterThan(8);
    await stage.pass(10 * 60_000);
    expect(looks()).toBe(asked);
    expect(roomNames()).toEqual(['lobby']);
  });

  it('is looked for once a minute, however many calls end', async () => {
    for (const who of ['carol', 'dave', 'erin']) await stage.end(await stage.place(who, 'bob'));
    await rest();
    const before = looks();
    await stage.pass(5 * 60_000);
    expect(looks() - before).toBe(5);
  });

  it('is looked for no more once no token opens it: the database is let sleep', async () => {
    await stage.pass(12 * 60_000);
    stage.asked.length = 0;
    await stage.pass(12 * 60_000);
    expect(stage.asked).not.toContain('roomsEndedWithin');
  });

  it('is not looked for any more after the end, which waits for the look that goes on', async () => {
    const release = stage.livekit.hold();
    stage.clock.advance(60_000);
    await comes(() => looks() === 1);
    let isOver = false;
    const stopped = stage.late.stop().then(() => {
      isOver = true;
    });
    await turns();
    expect(isOver).toBe(false);
    release();
    await stopped;
    stage.asked.length = 0;
    stage.late.arm();
    await stage.pass(120_000);
    expect(stage.asked).not.toContain('roomsEndedWithin');
  });

  it('is in the log when it is found, and not by its name', async () => {
    await stage.pass(60_000);
    await comes(() => roomNames().length === 0);
    const told = stage.log.lines.filter(({ message }) => message.includes('were there again'));
    expect(told).toMatchObject([{ level: 'info', fields: { rooms: 1 } }]);
    expect(JSON.stringify(stage.log.lines)).not.toContain(call.room);
  });

  it.each([
    ['the database could not be asked', new StoreUnavailable(new Error('away')), []],
    ['we have a bug', new Error('a bug'), ['error']],
  ])('is looked for again where %s', async (_what, error, levels) => {
    const { roomsEndedWithin } = stage.store;
    stage.store.roomsEndedWithin = () => Promise.reject(error);
    await stage.pass(60_000);
    stage.store.roomsEndedWithin = roomsEndedWithin;
    expect(roomNames()).toEqual([call.room]);
    await stage.pass(60_000);
    await comes(() => roomNames().length === 0);
    expect(errors().map(({ level }) => level)).toEqual(levels);
  });

  it('is looked for again where LiveKit gave no answer', async () => {
    stage.livekit.answerWith('error');
    await stage.pass(120_000);
    expect(roomNames()).toEqual([call.room]);
    stage.livekit.answerWith('right');
    await stage.pass(60_000);
    await comes(() => roomNames().length === 0);
  });
});

describe('rooms that come again', () => {
  const MINUTE_MS = 60_000;
  let late: ReturnType<typeof createLateRooms>;
  afterEach(() => late.stop());
  const asked = async (tokenTtlSeconds: number, rooms: readonly RoomName[] = []) => {
    const within: number[] = [];
    const roomsEndedWithin = async (ms: number) => {
      within.push(ms);
      return rooms;
    };
    late = createLateRooms({ ...stage, store: { roomsEndedWithin }, tokenTtlSeconds });
    await late.start();
    await stage.pass(MINUTE_MS);
    return within;
  };

  it('are looked for as long as ours opens one, or the one that LiveKit gives whoever is in, and a minute', async () => {
    expect(await asked(3_600)).toEqual([3_660_000]);
    await late.stop();
    expect(await asked(60)).toEqual([660_000]);
  });

  it('are looked for by two hundred names at a time', async () => {
    const rooms = Array.from({ length: 450 }, (_, nth) => `call_${nth}` as RoomName);
    await asked(600, rooms);
    const names = () => stage.livekit.asked.map(({ body }) => body.names as readonly string[]);
    await comes(() => names().length === 3);
    expect(names().map(({ length }) => length)).toEqual([200, 200, 50]);
    expect(names().flat()).toEqual(rooms);
  });
});

it('the end waits for what is under way', async () => {
  const release = stage.livekit.hold();
  await stage.place('alice', 'bob');
  await stage.effects.start();
  await comes(() => stage.livekit.asked.length === 1);
  let isOver = false;
  const stopped = stage.effects.stop().then(() => {
    isOver = true;
  });
  await turns();
  expect(isOver).toBe(false);
  release();
  await stopped;
  expect(await stage.store.leaseEffects('livekit', 10, 1_000)).toEqual([]);
});
