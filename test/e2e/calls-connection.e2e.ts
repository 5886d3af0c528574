// Who has lost the connection has not hung up, and LiveKit out of reach is nobody's end.
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, expect, it } from 'vitest';
import {
  type CallGround,
  type CallServer,
  enter,
  eventually,
  type Phone,
  phoneOf,
  serveReady,
  soundFrom,
  startGround,
  statesIn,
} from './calls-stage.ts';
import { startChild } from './child.ts';
import { endings } from './endings.ts';

const LONE_CLIENT = fileURLToPath(new URL('calls-lone-client.ts', import.meta.url));
const BRIEF = { RECONNECT_GRACE_SECONDS: '5', RING_TIMEOUT_SECONDS: '60' };

const keep = endings();
let ground: CallGround;
let server: CallServer;
beforeAll(async () => {
  ground = await startGround(keep);
});
afterEach(() => server.stop());

const phone = (uid: string, options?: Parameters<typeof phoneOf>[2]) =>
  keep(phoneOf(uid, server, options));

it('who makes a new connection stays, and who does not come back has left', {
  timeout: 120_000,
}, async () => {
  server = await serveReady(ground, 'first', await ground.database('Postgres'), BRIEF);
  const alice = phone('alice');
  const bob = phone('bob');
  const placed = await alice.calls.place({ callees: ['bob'], kind: 'audio' });
  const { id } = placed.call;
  const { serverUrl, token } = await bob.calls.accept(id);
  const bobsPhone = keep(
    startChild({
      command: process.execPath,
      args: [LONE_CLIENT],
      env: { SERVER_URL: serverUrl, TOKEN: token, NODE_ENV: 'production' },
    }),
  );
  await bobsPhone.says(/joined/);
  const inAlicesEar = keep(await enter(placed));
  await eventually(() => statesIn(bob.update(id)?.call)).toEqual({
    alice: 'joined',
    bob: 'joined',
  });
  const before = bob.told.length;
  bobsPhone.process.kill('SIGKILL');
  await inAlicesEar.reconnect();
  await eventually(() => alice.update(id)?.call, 90_000).toMatchObject({
    ...{ state: 'ended', outcome: 'answered', reason: 'connection_lost' },
  });
  expect(await inAlicesEar.gone).toBe('ROOM_DELETED');
  await eventually(() => bob.update(id)?.call.state).toBe('ended');
  // LiveKit takes longer to notice a connection that is dead than the other one to make a new one.
  const story = bob.told.slice(before).map(({ call }) => statesIn(call));
  expect(story).toEqual([
    { alice: 'lost', bob: 'joined' },
    { alice: 'joined', bob: 'joined' },
    { alice: 'joined', bob: 'lost' },
    { alice: 'left', bob: 'left' },
  ]);
  expect((await bob.calls.get(id)).me).toMatchObject({ reason: 'connection_lost' });
});

it('without webhooks LiveKit is asked, and a call is what it is with them, a little later', async () => {
  // They go to the first.
  server = await serveReady(ground, 'second', await ground.database('SQLite'));
  const alice = phone('alice');
  const bob = phone('bob');
  const placed = await alice.calls.place({ callees: ['bob'], kind: 'audio' });
  const { id } = placed.call;
  const inAlicesEar = keep(await enter(placed));
  const inBobsEar = keep(await enter(await bob.calls.accept(id)));
  await eventually(() => statesIn(alice.update(id)?.call)).toEqual({
    alice: 'joined',
    bob: 'joined',
  });
  const ended = await alice.calls.leave(id);
  expect(ended).toMatchObject({ outcome: 'answered', reason: 'hangup' });
  // From the arrival, and not from the question.
  expect(ended.talkSeconds).toBeGreaterThanOrEqual(4);
  expect([await inAlicesEar.gone, await inBobsEar.gone]).toEqual(['ROOM_DELETED', 'ROOM_DELETED']);
});

it('while LiveKit is away calls are placed, answered and left, and none that goes on ends', async () => {
  // Clients try again every five seconds.
  const grace = { ...BRIEF, RECONNECT_GRACE_SECONDS: '8' };
  server = await serveReady(ground, 'first', await ground.database('SQLite'), grace);
  const [alice, bob, carol, dave, erin] = ['alice', 'bob', 'carol', 'dave', 'erin'].map((uid) =>
    phone(uid),
  ) as [Phone, Phone, Phone, Phone, Phone];
  const talking = await alice.calls.place({ callees: ['bob'], kind: 'audio' });
  const inAlicesEar = keep(await enter(talking));
  const inBobsEar = keep(await enter(await bob.calls.accept(talking.call.id)));
  await eventually(() => statesIn(bob.update(talking.call.id)?.call)).toEqual({
    alice: 'joined',
    bob: 'joined',
  });
  await soundFrom(inAlicesEar, inBobsEar);
  await ground.stopLiveKit();

  const placed = await carol.calls.place({ callees: ['dave', 'erin'], kind: 'audio' });
  const { id } = placed.call;
  for (const { update } of [dave, erin]) await eventually(() => update(id)?.rings).toBe(true);
  await dave.calls.accept(id);
  await erin.calls.leave(id);
  await eventually(() => statesIn(carol.update(id)?.call)).toEqual({
    ...{ carol: 'joining', dave: 'joining', erin: 'declined' },
  });
  const given = await erin.calls.place({ callees: ['frank'], kind: 'audio' });
  expect(await erin.calls.leave(given.call.id)).toMatchObject({ outcome: 'cancelled' });

  await server.child.says(/LiveKit at 127\.0\.0\.1:\d+ gives no answer/);
  await eventually(server.readiness).toMatchObject({
    ...{ status: 503, error: expect.stringContaining('LiveKit (no answer for ') },
  });
  const questions = () =>
    server.metric('switchboard_call_deadline_lateness_seconds_count', 'kind="question"');
  const asked = await questions();
  // Of those who cannot come in, beyond their grace.
  await eventually(questions, 30_000).toBeGreaterThan(asked + 1);
  for (const { calls } of [alice, dave]) {
    expect(await calls.live()).toMatchObject([{ state: 'active' }]);
  }
  expect(await dave.calls.leave(id)).toMatchObject({ me: { state: 'left' }, state: 'active' });
  const { outcome, talkSeconds } = await carol.calls.leave(id);
  // Nobody can say whether they have talked.
  expect({ outcome, talkSeconds }).toEqual({ outcome: 'answered', talkSeconds: undefined });

  await ground.startLiveKit();
  await soundFrom(inBobsEar, inAlicesEar);
  const again = await carol.calls.place({ callees: ['dave'], kind: 'audio' });
  const inCarolsEar = keep(await enter(again));
  const inDavesEar = keep(await enter(await dave.calls.accept(again.call.id)));
  await soundFrom(inCarolsEar, inDavesEar);
  await server.child.says(/LiveKit at 127\.0\.0\.1:\d+ answers again/);
  await server.ready();
  await eventually(() => statesIn(carol.update(again.call.id)?.call)).toEqual({
    ...{ carol: 'joined', dave: 'joined' },
  });
  for (const [host, call] of [
    [carol, again.call.id],
    [alice, talking.call.id],
  ] as const) {
    const ended = await host.calls.end(call);
    expect(ended).toMatchObject({ outcome: 'answered', reason: 'ended_for_all' });
    expect(ended.talkSeconds).toBeGreaterThanOrEqual(0);
  }
  for (const { gone } of [inAlicesEar, inBobsEar, inCarolsEar, inDavesEar]) {
    expect(await gone).toBe('ROOM_DELETED');
  }
});
