// What the feed asks of its store, how often, and what it does while it gets no answer.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallId, UserId } from '../../src/base/ids.ts';
import { type Listener, listenTo } from './listen.ts';
import { type FeedStage, setFeedStage, unavailable } from './stage.ts';

let stage: FeedStage;
const open: Listener[] = [];

async function listen(uid: string, more: Parameters<typeof listenTo>[2] = {}): Promise<Listener> {
  const listener = await listenTo(stage, uid, more);
  open.push(listener);
  return listener;
}

const causes = ({ events }: Listener) => events.map(({ event, data }) => data.cause ?? event);

/** Keeps the answers of looks back, until it is called. */
function hold(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  stage.held = promise;
  return () => {
    stage.held = undefined;
    resolve();
  };
}

beforeEach(async () => {
  stage = await setFeedStage();
});
afterEach(async () => {
  for (const listener of open.splice(0)) listener.close();
  await stage.close();
});

describe('while the store cannot be asked', () => {
  it('a stream stays, asks ever more seldom, and then tells what has happened', async () => {
    const bob = await listen('bob');
    await bob.heard('snapshot');
    stage.fault = unavailable();
    const call = await stage.place('alice', 'bob');
    const pauses = [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000];
    for (const [count, pause] of pauses.entries()) {
      // Each failed look is told as a comment: the connection lives.
      await vi.waitFor(() => expect(bob.comments()).toBe(count + 1));
      await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([pause]));
      stage.clock.advance(pause);
    }
    await stage.leave(call, 'alice');
    stage.fault = undefined;
    await vi.waitFor(() => expect(stage.clock.waiting()).toHaveLength(1));
    stage.clock.advance(8_000);
    const { data } = await bob.heard('call');
    expect(data).toMatchObject({ cause: 'cancelled', call: { id: call.id, state: 'ended' } });
    expect(causes(bob)).toEqual(['snapshot', 'cancelled']);
    await vi.waitFor(() => expect(stage.clock.waiting()).toHaveLength(1));
  });

  it('a stream says something every ten seconds though its look is not answered', async () => {
    const bob = await listen('bob');
    await bob.heard('snapshot');
    stage.clock.advance(6_000);
    const release = hold();
    await stage.place('alice', 'bob');
    await vi.waitFor(() => expect(stage.looks()).toBe(2));
    for (const [count, pause] of [4_000, 10_000, 10_000].entries()) {
      await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([pause]));
      stage.clock.advance(pause);
      await vi.waitFor(() => expect(bob.comments()).toBe(count + 1));
    }
    release();
    await bob.heard('call');
    expect(causes(bob)).toEqual(['snapshot', 'ringing']);
  });

  it('a stream ends with its ID token or a stop, and does not wait for its look', async () => {
    const exp = Math.floor(stage.clock.now() / 1000) + 100;
    const [bob, carol] = [await listen('bob', { claims: { exp } }), await listen('carol')];
    await Promise.all([bob.heard('snapshot'), carol.heard('snapshot')]);
    const release = hold();
    await stage.place('alice', 'bob', 'carol');
    await vi.waitFor(() => expect(stage.looks()).toBe(4));
    for (let passed = 0; passed < 100; passed += 5) {
      stage.clock.advance(5_000);
      await new Promise(setImmediate);
    }
    await bob.heard('token_expired');
    await bob.ended;
    void stage.stop();
    await carol.heard('reconnect');
    await carol.ended;
    await vi.waitFor(() => expect([stage.feedsOpen(), stage.waiting()]).toEqual([0, 0]));
    release();
  });

  it('a stream is not begun: 503, and no place of the ten is taken', async () => {
    stage.fault = unavailable();
    const bob = await listen('bob');
    expect(bob.response.status).toBe(503);
    expect(bob.response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await bob.response.json()).toMatchObject({ code: 'calls_unavailable' });
    expect([stage.feedsOpen(), stage.waiting()]).toEqual([0, 0]);
  });

  it('a poll is 503, and the same cursor is good afterwards', async () => {
    const { body: first } = await stage.poll('bob');
    stage.fault = unavailable();
    const query = `?after=${first.cursor}`;
    expect(await stage.poll('bob', query)).toMatchObject({
      status: 503,
      body: { code: 'calls_unavailable' },
    });
    await stage.place('alice', 'bob');
    stage.fault = undefined;
    expect((await stage.poll('bob', query)).body).toMatchObject({
      changes: [{ cause: 'ringing' }],
    });
  });

  it('what is a bug ends the stream, and is logged', async () => {
    const bob = await listen('bob');
    bob.ended.catch(() => {});
    await bob.heard('snapshot');
    stage.fault = new TypeError('no such column');
    await stage.place('alice', 'bob');
    await expect(bob.ended).rejects.toThrow();
    const line = await vi.waitUntil(() => stage.log.lines.find(({ level }) => level === 'error'));
    expect(line.fields).toMatchObject({ err: stage.fault });
    await vi.waitFor(() => expect(stage.waiting()).toBe(0));
  });
});

describe('a change while somebody looks', () => {
  it('is told after what was looked at', async () => {
    const release = hold();
    const opening = listen('bob');
    await vi.waitFor(() => expect(stage.looks()).toBe(1));
    await stage.place('alice', 'bob');
    release();
    const bob = await opening;
    await bob.heard('call');
    expect(causes(bob)).toEqual(['snapshot', 'ringing']);
    expect(bob.events[0]?.data.calls).toEqual([]);
  });

  it('is not hidden from a reader who comes after it by a look from before it', async () => {
    const release = hold();
    const first = listen('bob');
    await vi.waitFor(() => expect(stage.looks()).toBe(1));
    await stage.place('alice', 'bob');
    const second = listen('bob');
    await vi.waitFor(() => expect(stage.looks()).toBe(2));
    release();
    const { data } = await (await second).heard('snapshot');
    expect(data.calls).toHaveLength(1);
    await (await first).heard('call');
  });

  it('is told as one with those that follow while the reader is being told', async () => {
    const bob = await listen('bob');
    await bob.heard('snapshot');
    const release = hold();
    const call = await stage.place('alice', 'bob');
    await vi.waitFor(() => expect(stage.looks()).toBe(2));
    await stage.accept(call, 'bob');
    await stage.leave(call, 'bob');
    const other = await stage.place('carol', 'bob');
    release();
    await bob.heard('call', ({ data }) => data.call?.id === other.id);
    expect(causes(bob)).toEqual(['snapshot', 'ringing', 'ended', 'ringing']);
    expect(stage.looks()).toBe(3);
  });
});

describe('a reader who is woken for nothing', () => {
  it('hears something every ten seconds all the same', async () => {
    const bob = await listen('bob');
    await bob.heard('snapshot');
    // As it is while nothing is heard of other instances.
    for (let passed = 5_000; passed <= 60_000; passed += 5_000) {
      const before = stage.looks();
      stage.clock.advance(5_000);
      stage.wakeAll();
      await vi.waitFor(() => expect(stage.looks()).toBe(before + 1));
      await vi.waitFor(() => expect(bob.comments()).toBe(Math.floor(passed / 10_000)));
    }
    expect(causes(bob)).toEqual(['snapshot']);
  });
});

it('a stream that has much to tell is told all of it, page after page', async () => {
  const first = await listen('bob');
  const { id: after = '' } = await first.heard('snapshot');
  first.close();
  await vi.waitFor(() => expect(stage.waiting()).toBe(0));
  const callers = Array.from({ length: 120 }, (_, n) => `caller-${n}`);
  for (const caller of callers) await stage.place(caller, 'bob');
  const before = stage.looks();
  const bob = await listen('bob', { after });
  await bob.heard('call', ({ data }) => data.call?.version === callers.length);
  expect(causes(bob)).toEqual(callers.map(() => 'ringing'));
  expect(stage.looks() - before).toBe(3);
});

describe('several readers', () => {
  it('of one person, at the same place, look once for each change', async () => {
    const tabs = await Promise.all(Array.from({ length: 10 }, () => listen('bob')));
    for (const tab of tabs) await tab.heard('snapshot');
    expect(stage.waiting()).toBe(1);
    const before = stage.looks();
    await stage.place('alice', 'bob');
    for (const tab of tabs) await tab.heard('call');
    expect(stage.looks() - before).toBe(1);
  });

  it('are asked for only where something has changed in their eyes', async () => {
    const [bob, eve] = [await listen('bob'), await listen('eve')];
    await Promise.all([bob.heard('snapshot'), eve.heard('snapshot')]);
    const before = stage.looks();
    await stage.place('alice', 'bob', '~eve');
    await bob.heard('call');
    expect(stage.looks() - before).toBe(1);
    await stage.place('dora', 'eve');
    // Not even a version tells the hidden callee of what was hidden.
    const { data } = await eve.heard('call');
    expect(data.call?.version).toBe(1);
    expect(causes(eve)).toEqual(['snapshot', 'ringing']);
  });
});

it('an erased person whose stream stays open is not known again by it', async () => {
  const bob = await listen('bob');
  await bob.heard('snapshot');
  expect(await stage.erase('bob')).toBe(true);
  const before = stage.looks();
  stage.wakeAll();
  await vi.waitFor(() => expect(stage.looks()).toBe(before + 1));
  expect(await stage.erase('bob')).toBe(false);
  await stage.place('alice', 'bob');
  await vi.waitFor(() => expect(causes(bob)).toEqual(['snapshot', 'snapshot']));
});

it('a hidden callee is kept waiting for the call as little as for one that nobody knows', async () => {
  const call = await stage.place('alice', 'bob', '~eve');
  const { signal } = new AbortController();
  const wanted = { uid: 'eve' as UserId, callId: call.id, after: 999, waitMs: 25_000, signal };
  expect((await stage.wait(wanted)).call).toMatchObject({ id: call.id });
  expect(stage.clock.waiting()).toEqual([]);
});

it('whoever waits for one call many times over looks once for each change', async () => {
  const call = await stage.place('alice', 'bob', 'carol');
  const { signal } = new AbortController();
  const waits = Array.from({ length: 20 }, (_, n) =>
    stage.wait({
      ...{ uid: 'alice' as UserId, callId: call.id, waitMs: 25_000, signal },
      // The last one has heard of nothing that is to come.
      after: n === 19 ? 1 : 2,
    }),
  );
  await vi.waitFor(() => expect(stage.clock.waiting()).toHaveLength(20));
  const declined = (who: string) =>
    stage.apply({ type: 'decline', callId: call.id, uid: who as UserId, reason: 'declined' });
  let before = stage.looks();
  await declined('bob');
  expect((await waits.pop())?.call).toMatchObject({ state: 'ringing' });
  expect(stage.looks() - before).toBe(1);
  await vi.waitFor(() => expect(stage.clock.waiting()).toHaveLength(19));
  before = stage.looks();
  // Its end is a change of its own, and is seen whatever was under way.
  await declined('carol');
  const ends = await Promise.all(waits);
  expect(ends.map((seen) => seen.call?.state)).toEqual(Array(19).fill('ended'));
  expect(stage.looks() - before).toBe(1);
});

it('a stream whose host says nonsense of its end waits as one without', async () => {
  const bob = await listen('bob', { headers: { authorization: 'Bearer bob NaN' } });
  await bob.heard('snapshot');
  await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([10_000]));
});

describe('an old ring', () => {
  it('does not ring after a night in a drawer', async () => {
    const evening = await listen('bob');
    const { id: after = '' } = await evening.heard('snapshot');
    evening.close();
    const call = await stage.place('alice', 'bob');
    stage.clock.advance(10 * 3_600_000);
    await stage.tick(call);
    const morning = await listen('bob', { after });
    const { data } = await morning.heard('call');
    expect(data).toMatchObject({
      cause: 'missed',
      call: { state: 'ended', outcome: 'missed', me: { state: 'missed' } },
    });
    expect(data.call?.me.ringSeconds).toBeUndefined();
    expect(causes(morning)).toEqual(['missed']);
  });

  it('whose end nobody has looked at yet has no second left to ring', async () => {
    const call = await stage.place('alice', 'bob');
    stage.clock.advance(50_000);
    const bob = await listen('bob');
    const { data } = await bob.heard('snapshot');
    expect(data.calls).toMatchObject([{ id: call.id, me: { state: 'ringing', ringSeconds: 0 } }]);
  });
});

describe('nothing is left behind', () => {
  it('by streams and polls whose readers have gone', async () => {
    const readers = await Promise.all(['bob', 'bob', 'carol'].map((uid) => listen(uid)));
    for (const reader of readers) await reader.heard('snapshot');
    const { body } = await stage.poll('dora');
    const controller = new AbortController();
    const polled = fetch(`${stage.baseUrl}/events?waitSeconds=25&after=${body.cursor}`, {
      headers: { authorization: 'Bearer dora' },
      signal: controller.signal,
    }).catch(() => {});
    await vi.waitFor(() => expect([stage.feedsOpen(), stage.waiting()]).toEqual([4, 3]));
    for (const reader of readers) reader.close();
    controller.abort();
    await polled;
    await vi.waitFor(() => expect([stage.feedsOpen(), stage.waiting()]).toEqual([0, 0]));
    await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([]));
  });

  it('by one that was refused, asked with HEAD, or ended by a stop', async () => {
    const ten = await Promise.all(Array.from({ length: 10 }, () => listen('bob')));
    expect((await listen('bob')).response.status).toBe(429);
    await fetch(`${stage.baseUrl}/events`, {
      method: 'HEAD',
      headers: { authorization: 'Bearer carol', accept: 'text/event-stream' },
    });
    await vi.waitFor(() => expect([stage.feedsOpen(), stage.waiting()]).toEqual([10, 1]));
    void stage.stop();
    for (const reader of ten) await reader.heard('reconnect');
    await Promise.all(ten.map(({ ended }) => ended));
    await vi.waitFor(() => expect([stage.feedsOpen(), stage.waiting()]).toEqual([0, 0]));
    // That of the stop itself.
    await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([9_000]));
  });

  it('by one call held open, however it ends', async () => {
    const call = await stage.place('alice', 'bob');
    const { signal } = new AbortController();
    const wanted = { uid: 'alice' as UserId, callId: call.id, after: 1, waitMs: 25_000, signal };
    const changed = stage.wait(wanted);
    const over = stage.wait({ ...wanted, after: 9 });
    const gone = new AbortController();
    const aborted = stage.wait({ ...wanted, after: 9, signal: gone.signal });
    await vi.waitFor(() => expect(stage.clock.waiting()).toHaveLength(3));
    expect(stage.waiting()).toBe(3);
    await stage.accept(call, 'bob');
    expect((await changed).call?.state).toBe('active');
    gone.abort();
    expect((await aborted).call?.state).toBe('active');
    await vi.waitFor(() => expect(stage.clock.waiting()).toHaveLength(1));
    stage.clock.advance(25_000);
    expect((await over).call?.state).toBe('active');
    const nowhere = await stage.wait({ ...wanted, callId: 'nowhere' as CallId });
    expect(nowhere.call).toBeUndefined();
    expect([stage.waiting(), stage.clock.waiting()]).toEqual([0, []]);
  });
});
