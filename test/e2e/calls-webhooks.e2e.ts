// LiveKit's webhooks twice, late, in the wrong order and never: what becomes of a call is the same.
// And its API out of reach when a call ends.
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type CallGround,
  type CallServer,
  enter,
  eventually,
  phoneOf,
  serveReady,
  soundFrom,
  startGround,
  statesIn,
} from './calls-stage.ts';
import { endings } from './endings.ts';
import { freeTcpPorts } from './ports.ts';
import { until } from './until.ts';
import { startWebhookRelay, type Way, type WebhookRelay } from './webhook-relay.ts';

const keep = endings();
let ground: CallGround;
let relay: WebhookRelay;
beforeAll(async () => {
  ground = await startGround(keep, async (url) => {
    relay = keep(await startWebhookRelay(url));
    return relay.url;
  });
});

type Told = readonly [event: string, identity: string | undefined];
const COMING_AND_GOING = /^participant_/;

/** What LiveKit has said of who comes into this room and goes. */
const sentOf = (room: string) =>
  relay.sent.filter((one) => one.room === room && COMING_AND_GOING.test(one.event));

/** The same as our server has heard it. */
const heardOf = (room: string): Told[] =>
  relay.handed
    .filter((one) => one.room === room && COMING_AND_GOING.test(one.event))
    .map(({ event, identity }) => [event, identity]);

/** When the second of them came, as LiveKit itself has said it. */
function secondArrival(room: string): number {
  const arrivals = new Map<string | undefined, number>();
  for (const { event, identity, joinedAtMs } of sentOf(room)) {
    if (event === 'participant_joined' && !arrivals.has(identity))
      arrivals.set(identity, joinedAtMs);
  }
  return [...arrivals.values()].sort((one, other) => one - other)[1] ?? Number.NaN;
}

describe('a call of which LiveKit’s webhooks are', () => {
  let server: CallServer;
  beforeAll(async () => {
    server = keep(await serveReady(ground, 'first', await ground.database('SQLite')));
  });

  /** How our server hears it that A comes, B comes, B goes, B comes again. */
  const HEARD: readonly [Way, (...four: readonly [Told, Told, Told, Told]) => Told[]][] = [
    ['straight', (...all) => all],
    ['doubled', (...all) => all.flatMap((one) => [one, one])],
    ['swapped', (one, two, three, four) => [two, two, one, one, four, four, three, three]],
    ['lost', () => []],
  ];

  it.each(HEARD)('%s', async (way, hears) => {
    relay.go(way);
    const alice = keep(phoneOf(`alice-${way}`, server));
    const bob = keep(phoneOf(`bob-${way}`, server));
    const both = (one: string, other: string) => ({ [alice.uid]: one, [bob.uid]: other });
    const placed = await alice.calls.place({ callees: [bob.uid], kind: 'audio' });
    const { id } = placed.call;
    const states = () => statesIn(alice.update(id)?.call);
    const inAlicesEar = keep(await enter(placed));
    const entry = await bob.calls.accept(id);
    const before = keep(await enter(entry));
    await eventually(states).toEqual(both('joined', 'joined'));
    // As apps do that lose their connection. The end of the one may come behind the beginning of the other.
    await before.stop();
    const inBobsEar = keep(await enter(entry));
    await soundFrom(inBobsEar, inAlicesEar);
    const room = inBobsEar.roomName;
    await until('LiveKit has told of it', () => sentOf(room).length === 4);
    await until('and our server was told', relay.isEmpty);
    const four = sentOf(room).map(({ event, identity }): Told => [event, identity]);
    expect(heardOf(room)).toEqual(hears(...(four as [Told, Told, Told, Told])));
    // At once: a question to LiveKit would mend it later.
    expect(statesIn(await alice.calls.get(id))).toEqual(both('joined', 'joined'));

    const ended = await bob.calls.leave(id);
    expect(await inAlicesEar.gone).toBe('ROOM_DELETED');
    expect(await inBobsEar.gone).toBe('ROOM_DELETED');
    expect(ended).toMatchObject({ state: 'ended', outcome: 'answered', reason: 'hangup' });
    expect(statesIn(ended)).toEqual(both('left', 'left'));
    const talkedMs = Date.parse(ended.endedAt ?? '') - secondArrival(room);
    expect(ended.talkSeconds).toBe(Math.floor(talkedMs / 1_000));
    const remembered = await Promise.all([alice, bob].map(({ calls }) => calls.history()));
    expect(remembered).toMatchObject([
      { calls: [{ id, outcome: 'answered' }] },
      { calls: [{ id }] },
    ]);

    // All of it once more, the latest first, when it is long over.
    await until('LiveKit has told of the end', () => sentOf(room).length === 6);
    await until('and our server was told', relay.isEmpty);
    await relay.repeat(room);
    const after = await Promise.all([alice, bob].map(({ calls }) => calls.history()));
    expect(after.map(({ calls }) => calls)).toEqual(remembered.map(({ calls }) => calls));
    expect(await ground.livekit.roomNames()).not.toContain(room);
    expect(new Set(relay.handed.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

it('the room of a call whose server was killed before it could delete it goes with the next start', async () => {
  relay.go('straight');
  const database = await ground.database('SQLite');
  const [nowhere = 0] = await freeTcpPorts(1);
  // It reaches the database, and LiveKit not.
  const apart = { LIVEKIT_URL: `ws://127.0.0.1:${nowhere}` };
  const server = keep(await ground.serve('second', database, apart));
  const alice = keep(phoneOf('alice', server, { isDeaf: true }));
  const bob = keep(phoneOf('bob', server, { isDeaf: true }));
  const placed = await alice.calls.place({ callees: ['bob'], kind: 'audio' });
  const { id } = placed.call;
  const { url: serverUrl } = ground.livekit;
  const inAlicesEar = keep(await enter({ ...placed, serverUrl }));
  const inBobsEar = keep(await enter({ ...(await bob.calls.accept(id)), serverUrl }));
  await bob.calls.leave(id);
  await server.kill();
  expect(await ground.livekit.roomNames()).toContain(inBobsEar.roomName);

  keep(await serveReady(ground, 'second', database));
  expect([await inAlicesEar.gone, await inBobsEar.gone]).toEqual(['ROOM_DELETED', 'ROOM_DELETED']);
});
