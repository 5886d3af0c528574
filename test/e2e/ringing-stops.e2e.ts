// How a ring ends, for every kind of phone: each is told once, in its own way, and the one on which
// the person did it is not told.
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type CallGround,
  type CallServer,
  phoneOf,
  serveReady,
  startGround,
} from './calls-stage.ts';
import { endings } from './endings.ts';
import { type PushProviders, startPushProviders } from './push-providers.ts';
import {
  allPushed,
  type Look,
  lookInto,
  PLATFORMS,
  type Platform,
  type Pocket,
  register,
  showTicket,
} from './ringing-stage.ts';
import { until } from './until.ts';

const QUICK = { RING_TIMEOUT_SECONDS: '5', ANSWER_GRACE_SECONDS: '0' };

const keep = endings();
let ground: CallGround;
let providers: PushProviders;
let server: CallServer;
let look: Look;
beforeAll(async () => {
  [ground, providers] = await Promise.all([startGround(keep), startPushProviders().then(keep)]);
  const database = await ground.database('Postgres');
  server = await serveReady(ground, 'first', database, { ...providers.variables, ...QUICK });
  look = keep(await lookInto(database));
});

const phone = (uid: string, options: Parameters<typeof phoneOf>[2] = {}) =>
  keep(phoneOf(uid, server, { isDeaf: true, ...options }));
const pocketsOf = async (uid: string): Promise<Readonly<Record<Platform, Pocket>>> => {
  const owner = phone(uid);
  const made = PLATFORMS.map(async (platform) => {
    return [platform, await register(owner, platform, providers)] as const;
  });
  return Object.fromEntries(await Promise.all(made)) as Record<Platform, Pocket>;
};
/** Somebody with three phones is called, and all of them ring. */
async function ringing(name: string, others: readonly string[] = []) {
  const callee = `callee-${name}`;
  const pockets = await pocketsOf(callee);
  const caller = phone(`caller-${name}`);
  const { call } = await caller.calls.place({ callees: [callee, ...others], kind: 'audio' });
  await until('all phones ring', () =>
    Object.values(pockets).every(({ heard }) => heard().includes('ring')),
  );
  return { id: call.id, caller, callee, pockets };
}

const ELSEWHERE = {
  android: 'NORMAL 60s',
  ios: 'plain: background 5',
  // A browser would have to show it: its service worker watches the call.
  web: undefined,
};
const MISSED = { android: 'HIGH 3600s', ios: 'plain: alert 10', web: 'high 3600s' };

interface Stop {
  readonly cause: string;
  /** On which he did it, if it is one of them. */
  readonly by?: Platform;
  /** That has the call now. */
  readonly device?: string;
}

async function expectStopped(
  { id, pockets }: Pick<Awaited<ReturnType<typeof ringing>>, 'id' | 'pockets'>,
  { cause, by, device }: Stop,
): Promise<void> {
  await allPushed(look, id);
  const isElsewhere = cause.endsWith('_elsewhere');
  for (const platform of PLATFORMS) {
    const { installationId, heard, told } = pockets[platform];
    const way = (isElsewhere ? ELSEWHERE : MISSED)[platform];
    const isTold = way !== undefined && platform !== by;
    const stops = isTold ? [`stop_ring ${cause}`] : [];
    expect(heard(), installationId).toEqual(['ring', ...stops]);
    if (!isTold) continue;
    const stop = told()[1];
    expect(stop).toMatchObject({ way, data: { id, cause } });
    expect(stop?.data.device).toBe(device);
    const text = isElsewhere ? undefined : expect.stringContaining('issed');
    expect(stop?.data.body, 'what is shown').toEqual(text);
    const alert = { alert: { body: text }, 'content-available': 1 };
    expect(stop?.shows).toEqual(
      isElsewhere || platform !== 'ios' ? undefined : expect.objectContaining(alert),
    );
  }
}

describe.concurrent('a ring is stopped on all phones but the one in use, where', () => {
  it.each(PLATFORMS)('it is answered on %s', async (by) => {
    const ring = await ringing(`answer-${by}`);
    const { deviceId, ticket } = ring.pockets[by];
    const accept = { path: `/${ring.id}/accept`, body: { deviceId } };
    expect(await showTicket(server, ticket(), accept)).toMatchObject({ status: 200 });
    await expectStopped(ring, { cause: 'answered_elsewhere', by, device: deviceId });
  });

  it.each(PLATFORMS)('it is declined on %s', async (by) => {
    const ring = await ringing(`decline-${by}`);
    const decline = { path: `/${ring.id}/decline`, body: {} };
    const ticket = ring.pockets[by].ticket();
    expect(await showTicket(server, ticket, decline)).toMatchObject({ status: 200 });
    await expectStopped(ring, { cause: 'declined_elsewhere', by });
  });

  it('it is answered in an app that has no push', async () => {
    const ring = await ringing('desk');
    await phone(ring.callee, { deviceId: 'desk' }).calls.accept(ring.id);
    await expectStopped(ring, { cause: 'answered_elsewhere', device: 'desk' });
  });

  it('he calls the caller at the same moment', async () => {
    const ring = await ringing('glare');
    const { deviceId, installationId } = ring.pockets.android;
    const own = phone(ring.callee, { deviceId, installationId });
    const { call } = await own.calls.place({ callees: [ring.caller.uid], kind: 'audio' });
    expect(call.id).toBe(ring.id);
    await expectStopped(ring, { cause: 'answered_elsewhere', by: 'android', device: deviceId });
  });

  it('the caller hangs up', async () => {
    const ring = await ringing('cancel');
    await ring.caller.calls.leave(ring.id);
    await expectStopped(ring, { cause: 'cancelled' });
  });

  it('it has rung for long enough', async () => {
    const ring = await ringing('over');
    await until('it is over', async () => (await ring.caller.calls.get(ring.id)).state === 'ended');
    await expectStopped(ring, { cause: 'over' });
  });

  it('the call ends without him', async () => {
    const ring = await ringing('end', ['other']);
    await phone('other').calls.accept(ring.id);
    await ring.caller.calls.end(ring.id);
    await expectStopped(ring, { cause: 'ended' });
  });
});

it('a ring is never pushed once it has ended, whether a provider refused or hung', async () => {
  const [refused, hung] = await Promise.all([pocketsOf('refused'), pocketsOf('hung')]);
  const caller = phone('hasty');
  const { fcm, apns } = providers;
  const place = async (callee: string) =>
    (await caller.calls.place({ callees: [callee], kind: 'audio' })).call.id;
  const asked = { fcm: fcm.asked, apns: apns.asked };
  fcm.answerWith('UNAVAILABLE');
  apns.answerWith('ServiceUnavailable');
  const first = await place('refused');
  await until('both have refused', () => fcm.asked > asked.fcm + 1 && apns.asked > asked.apns);
  await caller.calls.leave(first);
  fcm.answerWith('hang');
  apns.answerWith('hang');
  Object.assign(asked, { fcm: fcm.asked, apns: apns.asked });
  const second = await place('hung');
  await until('both hang', () => fcm.asked > asked.fcm + 1 && apns.asked > asked.apns);
  await caller.calls.leave(second);
  fcm.answerWith('right');
  apns.answerWith('right');

  await Promise.all([allPushed(look, first), allPushed(look, second)]);
  for (const pocket of [...Object.values(refused), ...Object.values(hung)]) {
    expect(pocket.heard(), pocket.installationId).toEqual(['stop_ring cancelled']);
  }
});
