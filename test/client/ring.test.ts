// When a phone rings, and when it stops.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { isRinging } from '../../src/client/index.ts';
import { json, stream } from './scripted-server.ts';
import { active, answer, call, ended, entry, ID, seen, setClient } from './stage.ts';

/** A client whose feed has told that it is rung. */
async function rung(ringSeconds = 45) {
  const stage = await setClient();
  const feed = stream();
  stage.server.on('GET /events', feed.script);
  const { told } = stage.listen();
  await vi.waitFor(() => expect(feed.isOpen()).toBe(true));
  const view = call({ me: { role: 'callee', state: 'ringing', ringSeconds } });
  feed.send('snapshot', { cursor: 'e.1', serverTime: '', calls: [view] });
  await vi.waitFor(() => expect(told).toHaveLength(1));
  return { ...stage, feed, told };
}

it.each([
  ['rung', { state: 'ringing', ringSeconds: 1 }, true],
  ['in the answer grace', { state: 'ringing', ringSeconds: 0 }, false],
  ['of an older server', { state: 'ringing' }, false],
  ['who has accepted', { state: 'joining', device: 'd' }, false],
  ['who has missed it', { state: 'missed' }, false],
] as const)('the phone of somebody %s: %j', (_who, me, rings) => {
  expect(isRinging(call({ me: { role: 'callee', ...me } }))).toBe(rings);
});

describe('a ring', () => {
  it('is over when its time is, also where nobody says so', async () => {
    const { clock, told } = await rung(30);
    clock.advance(29_999);
    expect(told).toHaveLength(1);
    clock.advance(1);
    expect(seen(told)[1]).toEqual({
      version: 1,
      state: 'ringing',
      cause: 'ring_over',
      rings: false,
    });
    expect(told[1]?.call.me.ringSeconds).toBe(0);
  });

  it('of before the device slept is over as soon as somebody looks, though its timers slept too', async () => {
    const { clock, told, hint } = await rung(30);
    clock.advance(10_000);
    clock.shiftWall(19_000);
    hint('visible');
    expect(told).toHaveLength(1);
    clock.shiftWall(1_000);
    hint('visible');
    hint('visible');
    expect(told.map(({ cause, rings }) => [cause, rings])).toEqual([
      ['snapshot', true],
      ['ring_over', false],
    ]);
    // Nothing of it is left.
    clock.advance(30_000);
    expect(told).toHaveLength(2);
  });

  it('that is over is followed by what became of it', async () => {
    const { clock, told, feed } = await rung(30);
    clock.advance(30_000);
    feed.send('call', { cursor: 'e.2', cause: 'missed', call: ended(2) });
    await vi.waitFor(() => expect(told).toHaveLength(3));
    expect(told[2]).toMatchObject({ cause: 'missed', rings: false });
  });

  it('stops with the own answer, before the feed has it', async () => {
    const { client, server, told, feed, clock } = await rung();
    server.on('POST /:callId/accept', json(200, entry(active(2))));
    await client.accept(ID);
    expect(told[1]).toMatchObject({ cause: 'answer', rings: false, isHere: true });
    feed.send('call', { cursor: 'e.2', cause: 'accepted', call: active(2) });
    await vi.waitFor(() => expect(told).toHaveLength(3));
    expect(told[2]).toMatchObject({ cause: 'accepted', rings: false, isHere: true });
    clock.advance(20_000);
    expect(told).toHaveLength(3);
  });

  it('that was answered elsewhere stops here', async () => {
    const { told, feed } = await rung();
    const elsewhere = active(2, 'my-phone');
    feed.send('call', { cursor: 'e.2', cause: 'answered_elsewhere', call: elsewhere });
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(told[1]).toMatchObject({ rings: false, isHere: false });
  });

  it('is not begun anew by an answer that comes late', async () => {
    const { client, server, told, feed } = await rung();
    feed.send('call', { cursor: 'e.2', cause: 'cancelled', call: ended(2) });
    await vi.waitFor(() => expect(told).toHaveLength(2));
    server.on('GET /:callId', json(200, answer(call())));
    await client.get(ID);
    expect(told).toHaveLength(2);
  });

  it('comes again to whoever is invited again, wherever they sat before', async () => {
    const { told, feed } = await rung();
    feed.send('call', {
      cursor: 'e.2',
      cause: 'declined',
      call: call({ version: 2, me: { role: 'callee', state: 'declined' } }),
    });
    const again = call({
      version: 3,
      me: { role: 'callee', state: 'ringing', ringSeconds: 45, device: 'my-phone' },
    });
    feed.send('call', { cursor: 'e.3', cause: 'ringing', call: again });
    await vi.waitFor(() => expect(told).toHaveLength(3));
    expect(seen(told).map(({ rings }) => rings)).toEqual([true, false, true]);
  });
});

it('a listener that throws is reported as the fault of the app, and stops nobody', async () => {
  const faults: unknown[] = [];
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const report = (error: unknown) => void faults.push(error);
  process.on('uncaughtException', report);
  onTestFinished(() => {
    process.off('uncaughtException', report);
    for (const listener of before) process.on('uncaughtException', listener);
  });
  const { client, feed, told } = await rung();
  client.onCall(() => {
    throw new Error('the fault of the app');
  });
  feed.send('call', { cursor: 'e.2', cause: 'cancelled', call: ended(2) });
  await vi.waitFor(() => expect(told).toHaveLength(2));
  await vi.waitFor(() => expect(faults).toHaveLength(2));
  expect(faults.map(String)).toEqual(Array(2).fill('Error: the fault of the app'));
});
