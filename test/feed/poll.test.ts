// The feed by long polls, for fetch without streams and hosts that hold none; and one call held open.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CALL_MOUNTS, type CallStage, setCallStage } from '../call-stage.ts';

let stage: CallStage;
afterEach(() => stage.close());

const poll = (uid: string, query = '') => stage.as(uid, 'GET', `/events${query}`);

const held = async () =>
  Number(/^switchboard_feeds_open (\d+)$/m.exec(await stage.switchboard.metrics())?.[1]);

/** Lets time pass where a request waits for it. */
async function passOnceHeld(ms: number): Promise<void> {
  await vi.waitFor(async () => expect(await held()).toBe(1));
  await vi.waitFor(() => expect(stage.clock.waiting()).toContain(ms));
  stage.clock.advance(ms);
}

describe.each(CALL_MOUNTS)('a poll in $name', (mount) => {
  it('answers at once with what there is, and else when something changes', async () => {
    stage = await setCallStage(mount);
    const snapshot = await poll('bob');
    expect(snapshot.status).toBe(200);
    expect(snapshot.body).toMatchObject({ calls: [] });
    const waiting = poll('bob', `?waitSeconds=25&after=${snapshot.body.cursor}`);
    await vi.waitFor(async () => expect(await held()).toBe(1));
    const { call } = await stage.place('alice', ['bob']);
    const { body } = await waiting;
    expect(body).toEqual({
      cursor: expect.any(String),
      serverTime: expect.stringMatching(/Z$/),
      changes: [
        {
          cursor: body.cursor,
          cause: 'ringing',
          call: expect.objectContaining({ id: call.id, state: 'ringing' }),
        },
      ],
    });
  });
});

describe('a poll', () => {
  beforeEach(async () => {
    stage = await setCallStage();
  });

  it('answers without changes when its time is over, with a cursor to go on from', async () => {
    const { body: first } = await poll('bob');
    const waiting = poll('bob', `?waitSeconds=20&after=${first.cursor}`);
    await passOnceHeld(20_000);
    const { body } = await waiting;
    expect(body).toMatchObject({ cursor: first.cursor, changes: [] });
    await vi.waitFor(async () => expect(await held()).toBe(0));
  });

  it('answers at once where no time was asked for', async () => {
    const { body: first } = await poll('bob');
    expect((await poll('bob', `?after=${first.cursor}`)).body).toMatchObject({ changes: [] });
  });

  it('is answered when the server stops', async () => {
    const { body: first } = await poll('bob');
    const waiting = poll('bob', `?waitSeconds=25&after=${first.cursor}`);
    await vi.waitFor(async () => expect(await held()).toBe(1));
    void stage.switchboard.stop();
    expect((await waiting).body).toMatchObject({ cursor: first.cursor, changes: [] });
  });

  it.each(['26', '-1', 'long', '1.5'])('refuses to wait for %s seconds', async (seconds) => {
    expect(await poll('bob', `?waitSeconds=${seconds}`)).toMatchObject({
      status: 400,
      code: 'request_invalid',
    });
  });

  it('never tells a hidden callee, who sees neither the ring nor its end', async () => {
    await stage.close();
    stage = await setCallStage(undefined, { mayRing: () => 'silent' });
    const { body: first } = await poll('bob');
    const { call } = await stage.place('alice', ['bob']);
    expect((await poll('alice')).body).toMatchObject({ calls: [{ id: call.id }] });
    expect((await poll('bob', `?after=${first.cursor}`)).body).toEqual({
      ...first,
      serverTime: expect.anything(),
      calls: undefined,
      changes: [],
    });
    expect((await poll('bob')).body).toMatchObject({ calls: [] });
  });

  it('pages through many changes without losing one', async () => {
    const { body: first } = await poll('bob');
    const callers = Array.from({ length: 60 }, (_, n) => `caller-${n}`);
    const placed = await Promise.all(callers.map((uid) => stage.place(uid, ['bob'])));
    const seen = new Set<string>();
    let cursor = first.cursor;
    for (let looks = 0; seen.size < placed.length; looks += 1) {
      const { body } = await poll('bob', `?after=${cursor}`);
      const changes = body.changes as { call: { id: string } }[];
      expect(changes.length, `look ${looks}`).toBeGreaterThan(0);
      for (const { call } of changes) seen.add(call.id);
      cursor = body.cursor;
    }
    expect([...seen].sort()).toEqual(placed.map(({ call }) => call.id).sort());
    expect((await poll('bob', `?after=${cursor}`)).body.changes).toEqual([]);
  });
});

describe('one call', () => {
  beforeEach(async () => {
    stage = await setCallStage();
  });

  it('is held until it changes in its reader’s eyes', async () => {
    const { call } = await stage.place('alice', ['bob']);
    const waiting = stage.as('alice', 'GET', `/${call.id}?waitSeconds=25&after=${call.version}`);
    await vi.waitFor(() => expect(stage.clock.waiting()).toContain(25_000));
    await stage.accept('bob', call.id);
    const answer = await waiting;
    expect(answer.call.state).toBe('active');
    expect(answer.call.version).toBeGreaterThan(call.version);
  });

  it('is answered at once where the reader knows an older one, or asks without a version', async () => {
    const { call } = await stage.place('alice', ['bob']);
    for (const query of ['?waitSeconds=25', '?waitSeconds=25&after=0', '']) {
      expect((await stage.as('bob', 'GET', `/${call.id}${query}`)).call.id).toBe(call.id);
    }
  });

  it('is answered as it is when the time is over', async () => {
    const { call } = await stage.place('alice', ['bob']);
    const waiting = stage.as('alice', 'GET', `/${call.id}?waitSeconds=5&after=${call.version}`);
    await vi.waitFor(() => expect(stage.clock.waiting()).toContain(5_000));
    stage.clock.advance(5_000);
    expect((await waiting).call).toMatchObject({ version: call.version, state: 'ringing' });
  });

  it('is answered when the server stops, and nobody waits for a stranger’s', async () => {
    const { call } = await stage.place('alice', ['bob']);
    const stranger = await stage.as('eve', 'GET', `/${call.id}?waitSeconds=25&after=9`);
    expect(stranger).toMatchObject({ status: 404, code: 'not_found' });
    const waiting = stage.as('alice', 'GET', `/${call.id}?waitSeconds=25&after=${call.version}`);
    await vi.waitFor(() => expect(stage.clock.waiting()).toContain(25_000));
    void stage.switchboard.stop();
    expect((await waiting).call.version).toBe(call.version);
  });
});
