// What LiveKit's webhooks do to calls, and the word about webhooks that never come.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RoomName } from '../../src/base/ids.ts';
import type { Call } from '../../src/calls/call.ts';
import { partyOf } from '../../src/calls/call.ts';
import type { Present } from '../../src/calls/event.ts';
import { StoreUnavailable } from '../../src/calls/store.ts';
import { comes, type EventsStage, setEventsStage, turns } from './stage.ts';

let stage: EventsStage;
let call: Call;
beforeEach(async () => {
  stage = await setEventsStage();
  call = await stage.place('alice', 'bob');
  await stage.accept(call, 'bob');
  stage.clock.advance(1_000);
});
afterEach(() => stage.close());

const stateOf = async (uid: string) => partyOf(await stage.callOf(call), uid)?.state;
const joined = (present: Present, room = call.room) =>
  stage.handle({ type: 'joined', room, present, disconnectReason: 'UNKNOWN_REASON' });
const left = (present: Present, disconnectReason: string) =>
  stage.handle({ type: 'left', room: call.room, present, disconnectReason });

describe('a webhook', () => {
  it('of somebody who joins or leaves is what the call becomes', async () => {
    const alice = stage.livekit.enter(call.room, 'alice');
    await joined(alice);
    expect(await stateOf('alice')).toBe('joined');
    await left(alice, 'SIGNAL_CLOSE');
    expect(await stateOf('alice')).toBe('lost');
  });

  it('of a connection that never came about lets nobody in, and throws nobody out', async () => {
    const bob = stage.livekit.enter(call.room, 'bob');
    await stage.handle({
      type: 'aborted',
      room: call.room,
      present: bob,
      disconnectReason: 'JOIN_FAILURE',
    });
    expect(await stateOf('bob')).toBe('joining');
  });

  it('that comes twice or late changes nothing', async () => {
    const alice = stage.livekit.enter(call.room, 'alice');
    await left(alice, 'SIGNAL_CLOSE');
    const before = await stage.callOf(call);
    await joined(alice);
    await left(alice, 'SIGNAL_CLOSE');
    await joined(alice);
    expect(await stage.callOf(call)).toEqual(before);
  });

  it('of the end of a room asks at once who is there', async () => {
    const alice = stage.livekit.enter(call.room, 'alice');
    await joined(alice);
    stage.clock.advance(10_000);
    stage.livekit.depart(call.room, 'alice');
    await stage.handle({ type: 'finished', room: call.room });
    await comes(async () => (await stateOf('alice')) === 'lost');
    expect(stage.livekit.asked).toEqual([
      { method: 'ListParticipants', body: { room: call.room } },
    ]);
  });

  it('of the end of a room throws nobody out where LiveKit then says nothing', async () => {
    const alice = stage.livekit.enter(call.room, 'alice');
    await joined(alice);
    stage.livekit.answerWith('error');
    await stage.handle({ type: 'finished', room: call.room });
    await comes(() => stage.log.lines.some(({ message }) => message.includes('no answer')));
    expect(await stateOf('alice')).toBe('joined');
  });

  it('of the end of a room whose call has ended asks nobody', async () => {
    await stage.end(call);
    await stage.handle({ type: 'finished', room: call.room });
    await turns();
    expect(stage.livekit.asked).toEqual([]);
  });

  it('of the end of a room, whose call then cannot be looked up, is an error only where it is ours', async () => {
    const lookUp = stage.store.call;
    const levels = () => stage.log.lines.map(({ level }) => level);
    for (const [error, level] of [
      [new StoreUnavailable(new Error('away')), 'debug'],
      [new Error('a bug'), 'error'],
    ] as const) {
      stage.log.lines.length = 0;
      stage.store.call = () => Promise.reject(error);
      await stage.handle({ type: 'finished', room: call.room });
      await comes(() => levels().length > 0);
      expect(levels()).toEqual([level]);
    }
    stage.store.call = lookUp;
  });

  it('of another installation’s call ends nothing and asks nothing', async () => {
    const room = 'call_of-another-system-xxxxx' as RoomName;
    const stranger = stage.livekit.enter(room, 'alice');
    await joined(stranger, room);
    await stage.handle({ type: 'finished', room });
    await stage.effects.start();
    await stage.pass(2_000);
    expect(stage.livekit.deleted).toEqual([]);
    expect(stage.livekit.rooms().map(({ name }) => name)).toContain(room);
  });

  it('without a database is to come again', async () => {
    await stage.store.close();
    const alice = stage.livekit.enter(call.room, 'alice');
    await expect(joined(alice)).rejects.toThrow('the database cannot be asked');
    await stage.store.open();
  });
});

describe('that no webhook comes', () => {
  const told = () =>
    stage.log.lines.filter(({ message }) => message.includes('webhooks do not arrive'));

  it('is in the log once', async () => {
    for (const uid of ['alice', 'bob']) stage.livekit.enter(call.room, uid);
    await stage.due.start();
    await stage.pass(30_000);
    await comes(() => told().length === 1);
    expect(told()[0]?.message).toContain('/api/calls/livekit-webhook');
    await stage.pass(120_000);
    expect(told()).toHaveLength(1);
    expect(await stateOf('alice')).toBe('joined');
  });

  it('is not said where they come', async () => {
    for (const uid of ['alice', 'bob']) await joined(stage.livekit.enter(call.room, uid));
    await stage.due.start();
    await stage.pass(120_000);
    expect(stage.livekit.asked.length).toBeGreaterThan(0);
    expect(told()).toEqual([]);
  });

  it('is not said where one has come, of whatever call', async () => {
    await stage.handle({ type: 'finished', room: 'call_of-another-system-xxxxx' as RoomName });
    for (const uid of ['alice', 'bob']) stage.livekit.enter(call.room, uid);
    await stage.due.start();
    await stage.pass(30_000);
    expect(await stateOf('alice')).toBe('joined');
    expect(told()).toEqual([]);
  });

  it('is not said of a call that nobody has joined yet', async () => {
    await stage.due.start();
    await stage.pass(60_000);
    expect(stage.livekit.asked.length).toBeGreaterThan(0);
    expect(told()).toEqual([]);
  });
});
