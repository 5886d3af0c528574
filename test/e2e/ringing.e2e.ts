// A phone that is killed or locked: rung by push, it answers by the ticket of its ring, and the app
// that was woken takes over with its ID token. LiveKit, Postgres and the server are real.
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import {
  type CallGround,
  enter,
  eventually,
  phoneOf,
  serveReady,
  soundFrom,
  startGround,
  type Variables,
} from './calls-stage.ts';
import { endings } from './endings.ts';
import { LIVEKIT_KEY, LIVEKIT_SECRET, startLiveKit } from './livekit.ts';
import { type PushProviders, startPushProviders } from './push-providers.ts';
import { allPushed, lookInto, PLATFORMS, register, showTicket } from './ringing-stage.ts';

const keep = endings();
let ground: CallGround;
let providers: PushProviders;
beforeAll(async () => {
  [ground, providers] = await Promise.all([startGround(keep), startPushProviders().then(keep)]);
});

async function serve(...[database, variables]: [database: string, variables: Variables]) {
  const server = await serveReady(ground, 'first', database, variables);
  onTestFinished(server.stop);
  return server;
}
const phone = (...of: Parameters<typeof phoneOf>) => keep(phoneOf(...of));

it('a killed phone rings, says so, answers by its ticket, and talks', async () => {
  const database = await ground.database('Postgres');
  const server = await serve(database, providers.variables);
  const look = keep(await lookInto(database));
  const alice = phone('alice', server);
  const bob = phone('bob', server, { isDeaf: true });
  const [android, iphone, web] = await Promise.all(
    PLATFORMS.map((platform) => register(bob, platform, providers)),
  );
  if (android === undefined || iphone === undefined || web === undefined) throw new Error('three');

  const placed = await alice.calls.place({ callees: ['bob'], kind: 'video', context: 'chat-1' });
  const { id } = placed.call;
  expect(placed.call.reach).toBe(1);
  await eventually(() => [android, iphone, web].map(({ heard }) => heard())).toEqual([
    ...[['ring'], ['ring'], ['ring']],
  ]);
  const ring = { id, to: 'bob', nameCaller: 'alice by name', handle: 'alice', kind: 'video' };
  const data = { ...ring, context: 'chat-1', ticket: expect.stringMatching(/^swt_/) };
  const LEFT = expect.stringMatching(/^4\d$/);
  expect(android.told()).toEqual([
    {
      way: expect.stringMatching(/^HIGH 4\ds$/),
      data: {
        ...{ ...data, v: '1', type: 'ring', ringSeconds: LEFT, serverTime: expect.any(String) },
        durationMs: expect.stringMatching(/^4\d{4}$/),
      },
    },
  ]);
  expect(web.told()).toMatchObject([{ way: expect.stringMatching(/^high 4\ds$/), data }]);
  expect(iphone.told()).toMatchObject([
    { way: 'voip: voip 10', data: { ...data, v: 1, durationMs: expect.any(Number) } },
  ]);

  const ticket = android.ticket();
  const asked = await showTicket(server, ticket, { path: `/${id}` });
  expect(asked).toMatchObject({ status: 200, call: { id, me: { state: 'ringing' } } });
  expect(await showTicket(server, ticket, { path: '/events' })).toMatchObject({
    ...{ status: 403, code: 'ticket_not_enough' },
  });
  const alerting = await showTicket(server, ticket, { path: `/${id}/alerting`, body: {} });
  expect(alerting.status).toBe(200);
  await eventually(() => alice.update(id)).toMatchObject({
    cause: 'alerting',
    call: { parties: [{}, { uid: 'bob', state: 'ringing', isAlerting: true }] },
  });

  const { deviceId, installationId } = android;
  const accepted = await showTicket(server, ticket, { path: `/${id}/accept`, body: { deviceId } });
  expect(accepted).toMatchObject({ status: 200, call: { me: { device: deviceId } } });
  expect(accepted, 'nothing that opens a room').not.toHaveProperty('token');
  await eventually(() => alice.update(id)?.call.state).toBe('active');
  await eventually(() => iphone.told()[1]).toEqual({
    way: 'plain: background 5',
    data: { v: 1, type: 'stop_ring', id, cause: 'answered_elsewhere', device: deviceId },
  });

  const woken = phone('bob', server, { deviceId, installationId });
  const inBobsEar = keep(await enter(await woken.calls.accept(id)));
  const inAlicesEar = keep(await enter(placed));
  await soundFrom(inAlicesEar, inBobsEar);
  await allPushed(look, id);
  expect([android, iphone, web].map(({ heard }) => heard())).toEqual([
    ['ring'],
    ['ring', 'stop_ring answered_elsewhere'],
    // A browser would have to show it: its service worker watches the call.
    ['ring'],
  ]);
  await woken.calls.leave(id);
  expect(await inAlicesEar.gone).toBe('ROOM_DELETED');
  const output = server.child.output();
  expect(output).not.toMatch(/swt_|by name|chat-1/);
  for (const value of [...android.values, ...iphone.values]) expect(output).not.toContain(value);
});

it('LiveKit’s keys rotate while it rings: the ticket stays good', async () => {
  const NEW = {
    LIVEKIT_API_KEY: 'key-of-2026',
    LIVEKIT_API_SECRET: 'the-secret-of-2026-and-more-32',
  };
  const livekit = keep(
    await startLiveKit({
      [LIVEKIT_KEY]: LIVEKIT_SECRET,
      [NEW.LIVEKIT_API_KEY]: NEW.LIVEKIT_API_SECRET,
    }),
  );
  const variables = { ...providers.variables, LIVEKIT_URL: livekit.url };
  const database = await ground.database('Postgres');
  const before = await serve(database, variables);
  const android = await register(phone('dave', before, { isDeaf: true }), 'android', providers);
  const carol = phone('carol', before, { isDeaf: true });
  const { id } = (await carol.calls.place({ callees: ['dave'], kind: 'audio' })).call;
  await eventually(android.heard).toEqual(['ring']);
  await before.stop();

  const rotated = await serve(database, {
    ...{ ...variables, ...NEW },
    ...{ LIVEKIT_PREVIOUS_API_KEY: LIVEKIT_KEY, LIVEKIT_PREVIOUS_API_SECRET: LIVEKIT_SECRET },
  });
  const { deviceId, installationId } = android;
  const accept = { path: `/${id}/accept`, body: { deviceId } };
  expect(await showTicket(rotated, android.ticket(), accept)).toMatchObject({ status: 200 });
  const woken = phone('dave', rotated, { deviceId, installationId, isDeaf: true });
  const { roomName } = keep(await enter(await woken.calls.accept(id)));
  expect(await livekit.participants(roomName)).toMatchObject([{ identity: 'dave' }]);
  await rotated.stop();

  const without = await serve(database, { ...variables, ...NEW });
  expect(await showTicket(without, android.ticket(), { path: `/${id}` })).toMatchObject({
    ...{ status: 403, code: 'ticket_invalid' },
  });
});
