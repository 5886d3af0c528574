// Calls from the placing to the history: two people with real clients, a real LiveKit that tells of
// them, and the calls in a real Postgres, or in a file.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIdToken } from '../fakes/firebase.ts';
import type { TokenRequest } from './backend.ts';
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
import { type Client, join } from './clients.ts';
import { endings } from './endings.ts';
import { until } from './until.ts';

const keep = endings();
let ground: CallGround;
beforeAll(async () => {
  ground = await startGround(keep);
});

/** Until its end, as both clients hear it. */
async function roomEnds(...clients: readonly Client[]): Promise<void> {
  const reasons = await Promise.all(clients.map(({ gone }) => gone));
  expect(reasons).toEqual(clients.map(() => 'ROOM_DELETED'));
  const rooms = clients.map(({ roomName }) => roomName);
  const { livekit } = ground;
  await until('the room is gone', async () =>
    (await livekit.roomNames()).every((name) => !rooms.includes(name)),
  );
}

async function tokenFor({ baseUrl }: CallServer, { uid, roomName }: TokenRequest) {
  const answer = await fetch(`${baseUrl}/livekit-token`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${signIdToken({ sub: uid, user_id: uid })}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ roomName, participantIdentity: uid }),
  });
  const { code } = (await answer.json()) as { code?: string };
  return { status: answer.status, code };
}

describe.each(ENGINES)('calls in %s', (engine) => {
  let server: CallServer;
  let database: string;
  beforeAll(async () => {
    database = await ground.database(engine);
    server = await serveReady(ground, 'first', database);
  });
  afterAll(() => server?.stop());
  const phone = (uid: string, options?: Parameters<typeof phoneOf>[2]) =>
    keep(phoneOf(uid, server, options));

  it('are placed, ring, are answered, talked in, hung up and remembered', async () => {
    const alice = phone('alice');
    const bob = phone('bob');
    // As in React Native, where nothing streams.
    const bobsTablet = phone('bob', { feed: 'poll' });
    const placed = await alice.calls.place({
      ...{ callees: ['bob'], kind: 'video', context: 'chat-1', data: { topic: 'lunch' } },
    });
    const { id } = placed.call;
    const inAlicesEar = keep(await enter(placed));
    for (const { update } of [bob, bobsTablet]) {
      await eventually(() => update(id)).toMatchObject({
        rings: true,
        call: { kind: 'video', context: 'chat-1', data: { topic: 'lunch' }, caller: 'alice' },
      });
    }
    expect(bob.update(id)?.call.parties).toMatchObject([
      { uid: 'alice', name: 'alice by name' },
      {},
    ]);

    const inBobsEar = keep(await enter(await bob.calls.accept(id)));
    await eventually(() => bobsTablet.update(id)).toMatchObject({ rings: false, isHere: false });
    await expect(bobsTablet.calls.accept(id)).rejects.toMatchObject({ code: 'answered_elsewhere' });
    await soundFrom(inAlicesEar, inBobsEar);
    await soundFrom(inBobsEar, inAlicesEar);
    // By LiveKit's webhooks: it is asked only later.
    await eventually(() => statesIn(alice.update(id)?.call)).toEqual({
      alice: 'joined',
      bob: 'joined',
    });

    const call = await bob.calls.leave(id);
    const leftAt = performance.now();
    await roomEnds(inAlicesEar, inBobsEar);
    expect(performance.now() - leftAt, 'ms until nobody hears anybody').toBeLessThan(1_000);
    expect(call).toMatchObject({ state: 'ended', outcome: 'answered', reason: 'hangup' });
    expect(call.talkSeconds).toBeGreaterThanOrEqual(0);
    for (const { update } of [alice, bob, bobsTablet]) {
      await eventually(() => update(id)?.call).toMatchObject({
        state: 'ended',
        outcome: 'answered',
      });
    }
    const { outcome, reason, talkSeconds, endedAt } = call;
    const remembered = { id, outcome, reason, talkSeconds, endedAt, context: 'chat-1' };
    for (const [{ calls }, direction] of [
      [alice, 'outgoing'],
      [bob, 'incoming'],
    ] as const) {
      const history = await calls.history({ context: 'chat-1' });
      expect(history).toMatchObject({ calls: [{ ...remembered, direction }], next: undefined });
      expect(await calls.live()).toEqual([]);
    }
  });

  it('need two requests a side, and no feed', async () => {
    const alice = phone('alice', { isDeaf: true });
    const bob = phone('bob', { isDeaf: true });
    // Known to both apps before anything is asked; the other one learns it by a message of the app's.
    const callId = randomUUID();
    const inAlicesEar = keep(
      await enter(await alice.calls.place({ callees: ['bob'], kind: 'audio', callId })),
    );
    const inBobsEar = keep(await enter(await bob.calls.accept(callId)));
    await soundFrom(inBobsEar, inAlicesEar);
    await bob.calls.leave(callId);
    await roomEnds(inAlicesEar, inBobsEar);
    expect(await alice.calls.get(callId)).toMatchObject({ outcome: 'answered', reason: 'hangup' });
    expect(alice.requests).toEqual(['POST /', 'GET /:callId']);
    expect(bob.requests).toEqual(['POST /:callId/accept', 'POST /:callId/leave']);
  });

  it('move to another phone of the same person, and nobody hangs up for it', async () => {
    const alice = phone('alice');
    const bob = phone('bob');
    const bobsTablet = phone('bob');
    const placed = await alice.calls.place({ callees: ['bob'], kind: 'audio' });
    const { id } = placed.call;
    const inAlicesEar = keep(await enter(placed));
    const atThePhone = keep(await enter(await bob.calls.accept(id)));
    const atTheTablet = keep(await enter(await bobsTablet.calls.accept(id, { takeOver: true })));
    expect(await atThePhone.gone).toBe('DUPLICATE_IDENTITY');
    await eventually(() => bob.update(id)).toMatchObject({ isHere: false, rings: false });
    // It hangs up, as apps do when they are out: that is not its call any more.
    expect(await bob.calls.leave(id)).toMatchObject({ state: 'active' });
    await soundFrom(atTheTablet, inAlicesEar);
    await eventually(() => statesIn(alice.update(id)?.call)).toMatchObject({ bob: 'joined' });
    await bobsTablet.calls.leave(id);
    await roomEnds(inAlicesEar, atTheTablet);
    expect(await alice.calls.get(id)).toMatchObject({ outcome: 'answered', reason: 'hangup' });
  });

  it('let in more people, and go on without those who leave', async () => {
    const [alice, bob, carol] = [phone('alice'), phone('bob'), phone('carol')];
    const placed = await alice.calls.place({ callees: ['bob'], kind: 'audio' });
    const { id } = placed.call;
    const inAlicesEar = keep(await enter(placed));
    const inBobsEar = keep(await enter(await bob.calls.accept(id)));
    await bob.calls.invite(id, ['carol']);
    await eventually(() => carol.update(id)).toMatchObject({
      rings: true,
      call: { isGroup: true },
    });
    const inCarolsEar = keep(await enter(await carol.calls.accept(id)));
    await soundFrom(inAlicesEar, inCarolsEar);
    await alice.calls.leave(id);
    await inAlicesEar.stop();
    await soundFrom(inBobsEar, inCarolsEar);
    await eventually(() => statesIn(carol.update(id)?.call)).toEqual({
      ...{ alice: 'left', bob: 'joined', carol: 'joined' },
    });

    // Whose token has run out fetches another one; who has no seat gets none.
    const { roomName } = inCarolsEar;
    expect(await tokenFor(server, { uid: 'carol', roomName })).toMatchObject({ status: 200 });
    for (const uid of ['alice', 'mallory']) {
      expect(await tokenFor(server, { uid, roomName })).toEqual({
        ...{ status: 403, code: 'room_forbidden' },
      });
    }
    expect(await carol.calls.end(id).catch(({ code }) => code)).toBe('not_caller');
    await carol.calls.leave(id);
    await inCarolsEar.stop();
    await bob.calls.leave(id);
    await roomEnds(inBobsEar);
  });

  it('are over for whoever comes late with a token that is still good', async () => {
    const alice = phone('alice', { isDeaf: true });
    const placed = await alice.calls.place({ callees: ['bob'], kind: 'audio' });
    await alice.calls.leave(placed.call.id);
    const late = keep(await join(placed.serverUrl ?? '', placed.token ?? ''));
    await roomEnds(late);
    expect(await alice.calls.get(placed.call.id)).toMatchObject({ outcome: 'cancelled' });
  });

  it('go on where a server was killed between ring and answer', async () => {
    const carol = phone('carol');
    const dave = phone('dave');
    const erin = phone('erin');
    const frank = phone('frank');
    const placed = await carol.calls.place({ callees: ['dave'], kind: 'audio' });
    const { id } = placed.call;
    await eventually(() => dave.update(id)?.rings).toBe(true);
    await server.kill();

    const isShort = { RING_TIMEOUT_SECONDS: '5', ANSWER_GRACE_SECONDS: '0' };
    const short = await serveReady(ground, 'first', database, isShort);
    const missed = (await erin.calls.place({ callees: ['frank'], kind: 'audio' })).call.id;
    await eventually(() => frank.update(missed)?.rings).toBe(true);
    await short.kill();
    await eventually(() => frank.update(missed)?.cause, 10_000).toBe('ring_over');

    server = await serveReady(ground, 'first', database);
    for (const { calls } of [erin, frank]) {
      expect(await calls.get(missed)).toMatchObject({ outcome: 'missed', reason: 'ring_timeout' });
    }
    await eventually(() => frank.update(missed)?.cause).toBe('missed');
    expect(dave.update(id)?.rings).toBe(true);
    const inDavesEar = keep(await enter(await dave.calls.accept(id)));
    await eventually(() => carol.update(id)?.call.state).toBe('active');
    const inCarolsEar = keep(await enter(placed));
    await soundFrom(inDavesEar, inCarolsEar);
    await eventually(() => statesIn(dave.update(id)?.call)).toEqual({
      carol: 'joined',
      dave: 'joined',
    });
    await carol.calls.leave(id);
    await roomEnds(inCarolsEar, inDavesEar);
    expect(await dave.calls.get(id)).toMatchObject({ outcome: 'answered', reason: 'hangup' });
  });
});
