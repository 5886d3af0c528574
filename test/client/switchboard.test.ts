// What the client asks, before the real switchboard.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fetch } from '../../src/client/index.ts';
import { type People, setPeople } from './people.ts';

let people: People;
let stage: People['stage'];
let clientOf: People['clientOf'];

beforeEach(async () => {
  people = await setPeople();
  ({ stage, clientOf } = people);
});
afterEach(() => people.close());

/** The first answer is lost on its way; what was asked is done. */
function losingOne(): Fetch {
  let isLost = false;
  return async (url, init) => {
    const response = await fetch(url, init);
    if (isLost || init.method !== 'POST') return response;
    isLost = true;
    throw new TypeError('the connection is gone');
  };
}

describe('requests', () => {
  it('the smallest app: place, accept, leave', async () => {
    const [alice, bob] = [clientOf('alice'), clientOf('bob')];
    const placed = await alice.place({ callees: ['bob'], kind: 'video', data: { topic: 'ü' } });
    expect(placed).toMatchObject({
      call: { state: 'ringing', me: { role: 'caller', device: 'alice-1' }, data: { topic: 'ü' } },
      serverUrl: stage.livekit.url,
      token: expect.stringMatching(/^eyJ/),
      expiresAt: expect.stringMatching(/Z$/),
    });
    const { id } = placed.call;
    const accepted = await bob.accept(id.toUpperCase());
    expect(accepted.call).toMatchObject({ id, state: 'active', me: { device: 'bob-1' } });
    expect(await bob.leave(id)).toMatchObject({ state: 'ended' });
    expect(await alice.get(id)).toMatchObject({ state: 'ended', outcome: 'answered' });
  });

  it('a place whose answer got lost rings once', async () => {
    const alice = clientOf('alice', { fetch: losingOne() });
    const placing = alice.place({ callees: ['bob'], kind: 'audio' });
    await vi.waitFor(() => expect(stage.clock.waiting()).toContain(250));
    stage.clock.advance(250);
    const { call, token } = await placing;
    expect(token).toMatch(/^eyJ/);
    expect(await clientOf('bob').live()).toMatchObject([{ id: call.id, direction: 'incoming' }]);
  });

  it('an accept whose answer got lost is one accept', async () => {
    const { call } = await clientOf('alice').place({ callees: ['bob'], kind: 'audio' });
    const bob = clientOf('bob', { fetch: losingOne() });
    const accepting = bob.accept(call.id);
    await vi.waitFor(() => expect(stage.clock.waiting()).toContain(250));
    stage.clock.advance(250);
    expect((await accepting).call).toMatchObject({ state: 'active', me: { state: 'joining' } });
  });

  it('a second device is told who was first, and may take over', async () => {
    const { call } = await clientOf('alice').place({ callees: ['bob'], kind: 'audio' });
    await clientOf('bob').accept(call.id);
    const tablet = clientOf('bob', { deviceId: 'bob-2' });
    await expect(tablet.accept(call.id)).rejects.toMatchObject({ code: 'answered_elsewhere' });
    const entry = await tablet.accept(call.id, { takeOver: true });
    expect(entry.call.me.device).toBe('bob-2');
  });

  it('who is in another call ends that one for this', async () => {
    const bob = clientOf('bob');
    const first = await clientOf('alice').place({ callees: ['bob', 'carol'], kind: 'audio' });
    const second = await clientOf('dave').place({ callees: ['bob'], kind: 'audio' });
    const tablet = clientOf('bob', { deviceId: 'bob-2' });
    await tablet.accept(first.call.id);
    await expect(bob.accept(second.call.id)).rejects.toMatchObject({
      code: 'in_another_call',
      status: 409,
      callId: first.call.id,
    });
    const entry = await bob.accept(second.call.id, { instead: first.call.id });
    expect(entry.call).toMatchObject({ id: second.call.id, state: 'active' });
  });

  it('decline, invite, end and the history', async () => {
    const [alice, bob] = [clientOf('alice'), clientOf('bob')];
    const chat = { kind: 'audio', context: 'chat-1' } as const;
    const declined = await alice.place({ callees: ['bob'], ...chat });
    expect(await bob.decline(declined.call.id)).toMatchObject({ outcome: 'declined' });
    stage.clock.advance(1000);
    const { call } = await alice.place({ callees: ['bob'], ...chat });
    await bob.accept(call.id);
    expect(await bob.invite(call.id, ['carol'])).toMatchObject({ isGroup: true });
    await expect(bob.end(call.id)).rejects.toMatchObject({ code: 'not_caller' });
    expect(await alice.end(call.id)).toMatchObject({ state: 'ended', reason: 'ended_for_all' });

    const first = await alice.history({ context: 'chat-1', limit: 1 });
    expect(first.calls).toMatchObject([{ id: call.id, direction: 'outgoing' }]);
    const rest = await alice.history({ context: 'chat-1', after: first.next ?? '' });
    expect(rest).toMatchObject({ calls: [{ id: declined.call.id }], next: undefined });
  });

  it('a stranger learns nothing', async () => {
    const { call } = await clientOf('alice').place({ callees: ['bob'], kind: 'audio' });
    const carol = clientOf('carol');
    await expect(carol.get(call.id)).rejects.toMatchObject({ code: 'not_found', status: 404 });
  });
});
