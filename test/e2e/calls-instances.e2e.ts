// Two servers over one database: either does all that the other one does, and goes on without it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CallGround,
  type CallServer,
  ENGINES,
  enter,
  eventually,
  phoneOf,
  serveReady,
  soundFrom,
  startGround,
  statesIn,
} from './calls-stage.ts';
import { endings } from './endings.ts';
import { until } from './until.ts';

const PAIRS = 50;
const QUICK = { RING_TIMEOUT_SECONDS: '5', ANSWER_GRACE_SECONDS: '0' };

const keep = endings();
let ground: CallGround;
beforeAll(async () => {
  ground = await startGround(keep);
});

describe.each(ENGINES)('two servers over one %s', (engine) => {
  let first: CallServer;
  let second: CallServer;
  let database: string;
  beforeAll(async () => {
    database = await ground.database(engine);
    [first, second] = await Promise.all([
      serveReady(ground, 'first', database, QUICK),
      serveReady(ground, 'second', database, QUICK),
    ]);
  });
  afterAll(() => Promise.all([first?.stop(), second?.stop()]));
  const phone = (...of: Parameters<typeof phoneOf>) => keep(phoneOf(...of));

  it('make one call of two people who call each other at the same moment, always', async () => {
    const pairs = Array.from({ length: PAIRS }, (_, n) => [`left-${n}`, `right-${n}`] as const);
    const placed = await Promise.all(
      pairs.map(async ([left, right]) => {
        const phones = [
          phone(left, first, { isDeaf: true }),
          phone(right, second, { isDeaf: true }),
        ] as const;
        const [one, other] = await Promise.all([
          phones[0].calls.place({ callees: [right], kind: 'audio' }),
          phones[1].calls.place({ callees: [left], kind: 'audio' }),
        ]);
        return { phones, ids: [one.call.id, other.call.id], hasTokens: one.token && other.token };
      }),
    );
    for (const { phones, ids, hasTokens } of placed) {
      const [id] = ids;
      expect(ids).toEqual([id, id]);
      expect(hasTokens).toBeTruthy();
      for (const { calls } of phones) {
        expect((await calls.history()).calls).toMatchObject([
          { id, state: 'active', isGroup: false },
        ]);
      }
      await phones[0].calls.leave(id as string);
    }
  });

  it('go on where one of them is killed, with calls and deadlines of both', async () => {
    const alice = phone('alice', first);
    const bob = phone('bob', second);
    const carol = phone('carol', first, { isDeaf: true });
    const dave = phone('dave', second);
    const placed = await alice.calls.place({ callees: ['bob'], kind: 'audio' });
    const { id } = placed.call;
    await eventually(() => bob.update(id)?.rings).toBe(true);
    const inBobsEar = keep(await enter(await bob.calls.accept(id)));
    await eventually(() => alice.update(id)?.call.state).toBe('active');
    const inAlicesEar = keep(await enter(placed));
    await soundFrom(inAlicesEar, inBobsEar);
    // LiveKit has told the first of it.
    await eventually(() => statesIn(bob.update(id)?.call)).toEqual({
      alice: 'joined',
      bob: 'joined',
    });

    const missed = (await carol.calls.place({ callees: ['dave'], kind: 'audio' })).call.id;
    await eventually(() => dave.update(missed)?.rings).toBe(true);
    await first.kill();
    await eventually(() => dave.update(missed)).toMatchObject({
      cause: 'missed',
      call: { state: 'ended', outcome: 'missed', reason: 'ring_timeout' },
    });
    expect(await bob.calls.get(id)).toMatchObject({ state: 'active' });
    const ended = await bob.calls.leave(id);
    expect(ended).toMatchObject({ outcome: 'answered', reason: 'hangup' });
    expect(ended.talkSeconds).toBeGreaterThan(0);
    expect([await inAlicesEar.gone, await inBobsEar.gone]).toEqual([
      'ROOM_DELETED',
      'ROOM_DELETED',
    ]);
    await until('no room is left', async () => (await ground.livekit.roomNames()).length === 0);

    first = await serveReady(ground, 'first', database, QUICK);
    await eventually(() => alice.update(id)?.call).toMatchObject({
      ...{ state: 'ended', outcome: 'answered', talkSeconds: ended.talkSeconds },
    });
    // By its word, and not by looking every few seconds.
    expect(second.child.output()).not.toContain('are not heard');
  });
});
