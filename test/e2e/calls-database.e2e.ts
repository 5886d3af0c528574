// Postgres goes away in the middle of rings, and comes back: refused meanwhile, and nothing is lost.
import { beforeAll, expect, it } from 'vitest';
import { signIdToken } from '../fakes/firebase.ts';
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
import { endings } from './endings.ts';

const AWAY_SECONDS = 30;
/** For so long a phone asks again. */
const ASKS_SECONDS = 20;
const PAUSE_MS = 45_000;
const QUICK = { RING_TIMEOUT_SECONDS: '6', ANSWER_GRACE_SECONDS: '0' };

const keep = endings();
let ground: CallGround;
beforeAll(async () => {
  ground = await startGround(keep);
});

const phone = (...of: Parameters<typeof phoneOf>) => keep(phoneOf(...of));

/** One request, and no second one where it is refused. */
async function liveOnce({ baseUrl }: CallServer, uid: string) {
  const authorization = `Bearer ${signIdToken({ sub: uid, user_id: uid })}`;
  const answer = await fetch(`${baseUrl}?live=1`, { headers: { authorization } });
  const { code } = (await answer.json()) as { code?: string };
  return { status: answer.status, code, retryAfter: answer.headers.get('retry-after') };
}

/** What everybody is told of it. */
async function expectAway(server: CallServer): Promise<void> {
  await eventually(() => liveOnce(server, 'alice')).toEqual({
    ...{ status: 503, code: 'calls_unavailable', retryAfter: expect.stringMatching(/^\d+$/) },
  });
  const { status, error } = await server.readiness();
  expect({ status, error }).toMatchObject({
    ...{ status: 503, error: expect.stringContaining('the database of calls (') },
  });
  expect(error, 'an address').not.toMatch(/127\.0\.0\.1|postgres:/);
}

it('rings and calls outlive half a minute without Postgres, whether their server ran on or was started in it', {
  timeout: 180_000,
}, async () => {
  const database = await ground.database('Postgres');
  const postgres = await ground.postgres();
  const quick = await serveReady(ground, 'second', database, QUICK);
  const first = await serveReady(ground, 'first', database);
  const [alice, bob, erin, frank, gina] = ['alice', 'bob', 'erin', 'frank', 'gina'].map((uid) =>
    phone(uid, first),
  ) as [Phone, Phone, Phone, Phone, Phone];
  const carol = phone('carol', quick);
  const dave = phone('dave', quick);
  const talking = await erin.calls.place({ callees: ['frank'], kind: 'audio' });
  const inErinsEar = keep(await enter(talking));
  const inFranksEar = keep(await enter(await frank.calls.accept(talking.call.id)));
  await eventually(() => statesIn(erin.update(talking.call.id)?.call)).toEqual({
    ...{ erin: 'joined', frank: 'joined' },
  });
  const placed = await alice.calls.place({ callees: ['bob'], kind: 'audio' });
  const ring = placed.call.id;
  await eventually(() => bob.update(ring)?.rings).toBe(true);
  const missed = (await carol.calls.place({ callees: ['dave'], kind: 'audio' })).call.id;
  await eventually(() => dave.update(missed)?.rings).toBe(true);

  await postgres.stop();
  const stoppedAt = performance.now();
  const awayFor = (seconds: number) =>
    eventually(() => performance.now() - stoppedAt, seconds * 1_000).toBeGreaterThan(
      seconds * 1_000,
    );
  const given = alice.calls.get(ring).catch(({ code }) => code);
  await expectAway(first);
  await first.child.says(/Postgres cannot be asked/);
  await quick.stop();
  const second = await ground.serve('second', database);
  await expectAway(second);
  await soundFrom(inErinsEar, inFranksEar);
  await eventually(() => dave.update(missed)?.cause).toBe('ring_over');
  await awayFor(AWAY_SECONDS - ASKS_SECONDS / 2);
  // What people do now is done when it can be: their phones ask again.
  const late = gina.calls.place({ callees: ['henry'], kind: 'audio' });
  const hungUp = frank.calls.leave(talking.call.id);
  await awayFor(AWAY_SECONDS);
  expect(await given).toBe('calls_unavailable');

  await postgres.start();
  await Promise.all([first.ready(), second.ready()]);
  await first.child.says(/Postgres can be asked again/);
  expect(bob.update(ring)?.rings, 'after half a minute').toBe(true);
  const inBobsEar = keep(await enter(await bob.calls.accept(ring)));
  await soundFrom(inBobsEar, keep(await enter(placed)));
  expect(await hungUp).toMatchObject({ outcome: 'answered', reason: 'hangup' });
  expect([await inErinsEar.gone, await inFranksEar.gone]).toEqual(['ROOM_DELETED', 'ROOM_DELETED']);
  // A feed that was refused for so long asks again within its longest pause.
  await eventually(() => alice.update(ring)?.call.state, PAUSE_MS).toBe('active');
  await eventually(() => dave.update(missed), PAUSE_MS).toMatchObject({
    ...{ cause: 'missed', call: { outcome: 'missed', reason: 'ring_timeout' } },
  });
  const henry = phone('henry', second);
  const { id } = (await late).call;
  await eventually(() => henry.update(id)?.rings).toBe(true);
  expect((await henry.calls.history()).calls, 'rung once').toHaveLength(1);

  // Each hears of the other again.
  const { call } = await carol.calls.place({ callees: ['erin'], kind: 'audio' });
  await eventually(() => erin.update(call.id)?.rings, PAUSE_MS).toBe(true);
  await erin.calls.decline(call.id);
  await eventually(() => carol.update(call.id)?.call.outcome).toBe('declined');
});
