// The feed as a stream: each call as it is now, and never a log of the past.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CALL_MOUNTS, type CallStage, setCallStage } from '../call-stage.ts';
import { type Listener, listenTo } from './listen.ts';

let stage: CallStage;
const open: Listener[] = [];

async function listen(
  ...given: Parameters<typeof listenTo> extends [unknown, ...infer R] ? R : []
) {
  const listener = await listenTo(stage, ...given);
  open.push(listener);
  return listener;
}

afterEach(async () => {
  for (const listener of open.splice(0)) listener.close();
  await stage.close();
});

const feedsOpen = async () =>
  Number(/^switchboard_feeds_open (\d+)$/m.exec(await stage.switchboard.metrics())?.[1]);

describe.each(CALL_MOUNTS)('a stream in $name', (mount) => {
  it('tells what is going on, then each change, and where it came from', async () => {
    stage = await setCallStage(mount);
    const bob = await listen('bob');
    expect(bob.response.status).toBe(200);
    expect(bob.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(bob.response.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(bob.response.headers.get('x-accel-buffering')).toBe('no');
    const snapshot = await bob.heard('snapshot');
    expect(snapshot.data.calls).toEqual([]);
    expect(snapshot.id).toBe(snapshot.data.cursor);

    const { call } = await stage.place('alice', ['bob']);
    const ring = await bob.heard('call');
    expect(ring.data).toMatchObject({
      cause: 'ringing',
      call: { id: call.id, state: 'ringing', me: { state: 'ringing', ringSeconds: 45 } },
    });
    expect(ring.id).toBe(ring.data.cursor);

    const alice = await listen('alice');
    expect((await alice.heard('snapshot')).data.calls).toMatchObject([{ id: call.id }]);
    await stage.accept('bob', call.id);
    await alice.heard('call', ({ data }) => data.cause === 'accepted');
    await stage.as('bob', 'POST', `/${call.id}/leave`, {});
    const ended = await alice.heard('call', ({ data }) => data.call?.state === 'ended');
    expect(ended.data).toMatchObject({ cause: 'ended', call: { outcome: 'answered' } });
  });

  it('says goodbye where the server stops, and where the ID token ends', async () => {
    stage = await setCallStage(mount);
    const [bob, carol] = [await listen('bob'), await listen('carol')];
    await Promise.all([bob.heard('snapshot'), carol.heard('snapshot')]);
    const again = await listen('dora', {
      claims: { exp: Math.floor(stage.clock.now() / 1000) + 100 },
    });
    await again.heard('snapshot');
    for (let passed = 0; passed < 101; passed += 5) {
      stage.clock.advance(5_000);
      await new Promise(setImmediate);
    }
    await again.heard('token_expired');
    await again.ended;
    expect(bob.events.map(({ event }) => event)).toEqual(['snapshot']);
    void stage.switchboard.stop();
    await Promise.all([bob.heard('reconnect'), carol.heard('reconnect')]);
    await Promise.all([bob.ended, carol.ended]);
  });
});

describe('a stream', () => {
  beforeEach(async () => {
    stage = await setCallStage();
  });

  it('goes on from its cursor, by Last-Event-ID or after, with what has changed since', async () => {
    const first = await listen('bob');
    const { id = '' } = await first.heard('snapshot');
    first.close();
    const { call } = await stage.place('alice', ['bob']);
    for (const how of [{ after: id }, { headers: { 'last-event-id': id } }]) {
      const bob = await listen('bob', how);
      const ring = await bob.heard('call');
      expect(ring.data).toMatchObject({ cause: 'ringing', call: { id: call.id } });
      expect(bob.events[0]).toBe(ring);
    }
  });

  it('tells many changes as one, and of a call only its present state', async () => {
    const first = await listen('bob');
    const { id: after = '' } = await first.heard('snapshot');
    first.close();
    const missed = await stage.place('alice', ['bob']);
    await stage.as('alice', 'POST', `/${missed.call.id}/leave`, {});
    const taken = await stage.place('carol', ['bob']);
    await stage.accept('bob', taken.call.id);
    const bob = await listen('bob', { after });
    await bob.heard('call', ({ data }) => data.call?.id === taken.call.id);
    // By rising version; the ring that is over does not ring.
    expect(bob.events.map(({ data }) => [data.call?.id, data.call?.state])).toEqual([
      [missed.call.id, 'ended'],
      [taken.call.id, 'active'],
    ]);
    const versions = bob.events.map(({ data }) => data.call?.version ?? 0);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });

  it('tells nothing that was told, where nothing has changed', async () => {
    await stage.place('alice', ['bob']);
    const first = await listen('bob');
    const { id: after = '' } = await first.heard('snapshot');
    const second = await listen('bob', { after });
    await stage.place('carol', ['bob']);
    const ring = await second.heard('call');
    expect(second.events).toEqual([ring]);
  });

  it.each([
    ['of another feed', '0b54bbd1-52f1-4b48-8a8c-0c7a2f6e8f00.1'],
    ['that is none', 'yesterday'],
    ['with a number that is none', 'a.-1'],
  ])('begins with a snapshot for a cursor %s', async (_what, after) => {
    const { call } = await stage.place('alice', ['bob']);
    const bob = await listen('bob', { after });
    expect((await bob.heard('snapshot')).data.calls).toMatchObject([{ id: call.id }]);
  });

  it('begins with a snapshot for a cursor that is too high: the database is an older one', async () => {
    const first = await listen('bob');
    const { id = '' } = await first.heard('snapshot');
    const [epoch] = id.split('.');
    const bob = await listen('bob', { after: `${epoch}.999` });
    await bob.heard('snapshot');
  });

  it('has no calls of the past in a snapshot', async () => {
    const { call } = await stage.place('alice', ['bob']);
    await stage.as('bob', 'POST', `/${call.id}/decline`, { reason: 'declined' });
    expect((await (await listen('bob')).heard('snapshot')).data.calls).toEqual([]);
  });

  it('says something every ten seconds, and asks the database nothing for it', async () => {
    const bob = await listen('bob');
    await bob.heard('snapshot');
    for (const count of [1, 2, 3]) {
      stage.clock.advance(10_000);
      await vi.waitFor(() => expect(bob.comments()).toBe(count));
    }
    expect(bob.events).toHaveLength(1);
  });

  it('is refused where a person has ten, and given again when one is closed', async () => {
    const ten = await Promise.all(Array.from({ length: 10 }, () => listen('bob')));
    const eleventh = await listen('bob');
    expect(eleventh.response.status).toBe(429);
    expect(await eleventh.response.json()).toMatchObject({ code: 'streams_full' });
    expect(eleventh.response.headers.get('retry-after')).toBe('30');
    expect((await listen('carol')).response.status).toBe(200);
    ten[0]?.close();
    await vi.waitFor(async () => expect(await feedsOpen()).toBe(10));
    expect((await listen('bob')).response.status).toBe(200);
  });

  it('leaves nothing behind when its reader is gone', async () => {
    const timers = stage.clock.waiting().length;
    const readers = await Promise.all(['bob', 'carol', 'dora'].map((uid) => listen(uid)));
    for (const reader of readers) await reader.heard('snapshot');
    expect(await feedsOpen()).toBe(3);
    for (const reader of readers) reader.close();
    await vi.waitFor(async () => {
      expect(await feedsOpen()).toBe(0);
      expect(stage.clock.waiting().length).toBeLessThanOrEqual(timers);
    });
  });

  it('is nobody’s without an ID token', async () => {
    const response = await fetch(`${stage.baseUrl}/events`, {
      headers: { accept: 'text/event-stream' },
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'id_token_missing' });
  });
});
