// Phones in pockets: rung by the pushes of a real server's senders, at the wire, and by nothing else.
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDevelopment } from '../../src/dev/dev.ts';
import type { LockScreen } from '../../src/dev/pocket/locked-phone.ts';
import type { PocketView } from '../../src/dev/pocket/pocket.ts';
import type { SimulatedPhone } from '../../src/dev/pocket/simulated-phones.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Json = Record<string, never>;

async function open(env: Record<string, string> = {}) {
  let said = '';
  const development = createDevelopment(
    { PORT: '0', LIVEKIT_SERVER: 'off', DATABASE_URL: 'sqlite::memory:', ...env },
    (text) => {
      said += text;
    },
  );
  cleanups.push(development.stop);
  const url = await development.start();
  const textOf = async (path: string) => (await fetch(`${url}${path}`)).text();
  const pocket = async (after = 0): Promise<PocketView> =>
    JSON.parse(await textOf(`/dev/pocket?after=${after}`));

  async function ask(bearer: string, [method, path]: [string, string], body: object = {}) {
    const response = await fetch(`${url}/api/calls${path}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      ...(method !== 'GET' && { body: JSON.stringify(body) }),
    });
    return { status: response.status, ...((await response.json()) as { call: Json }) };
  }
  const as = async (uid: string, route: [string, string], body?: object) =>
    ask(await textOf(`/dev/id-token/${uid}`), route, body);

  /** As the app does when it starts. */
  async function register(uid: string, only?: string): Promise<void> {
    const { phones } = await pocket();
    for (const { installationId, registration, ...phone } of phones) {
      if (phone.uid !== uid || (only ?? installationId) !== installationId) continue;
      const { status } = await as(uid, ['PUT', `/devices/${installationId}`], registration);
      expect(status).toBe(200);
    }
  }
  const place = async (): Promise<string> => {
    const body = { callees: ['bob'], kind: 'video', deviceId: 'a tab' };
    return (await as('alice', ['POST', ''], body)).call.id as unknown as string;
  };
  const screen = async (installationId: string): Promise<LockScreen> => {
    const { phones } = await pocket();
    return phones.find((phone) => phone.installationId === installationId)?.screen ?? {};
  };
  const rings = (installationId: string): Promise<NonNullable<LockScreen['ring']>> =>
    vi.waitFor(
      async () => {
        const { ring } = await screen(installationId);
        if (ring === undefined) throw new Error(`${installationId} does not ring`);
        return ring;
      },
      { timeout: 5_000 },
    );
  const isDark = (installationId: string) =>
    until(async () => expect((await screen(installationId)).ring).toBeUndefined());
  return { url, said: () => said, pocket, ask, as, register, place, screen, rings, isDark };
}

const until = (isSo: () => Promise<unknown>) => vi.waitFor(isSo, { timeout: 5_000 });

describe('a phone in a pocket', () => {
  it('is nobody’s before the app was opened once, and nothing is pushed to it', async () => {
    const { pocket, place, as } = await open();
    const { phones } = await pocket();
    expect(phones.map(({ installationId }) => installationId)).toEqual(
      ['alice', 'bob', 'carol'].flatMap((uid) => [`${uid}-android`, `${uid}-iphone`]),
    );
    expect(phones.filter(({ isRegistered }) => isRegistered)).toEqual([]);
    const id = await place();
    await as('alice', ['POST', `/${id}/leave`], {});
    expect((await pocket()).pushes).toEqual([]);
  });

  it('rings by the push alone, says so by its ticket, and the caller reads it', async () => {
    const { register, place, rings, as, pocket } = await open();
    await register('bob');
    const id = await place();
    const ring = await rings('bob-android');
    expect(ring).toMatchObject({ callId: id, caller: 'Alice Ångström', kind: 'video' });
    expect(ring.endsAt - Date.now()).toBeGreaterThan(40_000);
    await rings('bob-iphone');
    await until(async () => {
      const { call } = await as('alice', ['GET', `/${id}`]);
      expect(call.parties?.[1]).toMatchObject({ uid: 'bob', isAlerting: true });
    });
    const { pushes } = await pocket();
    expect(pushes.map(({ uid, phone, outcome }) => [uid, phone, outcome]).toSorted()).toEqual([
      ['bob', 'Android', 'rings'],
      ['bob', 'iPhone', 'rings'],
    ]);
  });

  it('shows each push as it went out, its ticket shortened, and that one whole by itself', async () => {
    const { url, register, place, rings, pocket } = await open();
    await register('bob');
    const id = await place();
    const { ticket } = await rings('bob-android');
    await rings('bob-iphone');
    const { pushes } = await pocket();
    const fcm = pushes.find(({ provider }) => provider === 'FCM');
    expect(fcm?.headers).toEqual({
      priority: 'HIGH',
      ttl: expect.stringMatching(/^4\d(?:\.\d+)?s$/),
    });
    expect(fcm?.payload).toMatchObject({
      ...{ v: '1', type: 'ring', id, to: 'bob', nameCaller: 'Alice Ångström', kind: 'video' },
      ticket: `${ticket.slice(0, 12)}… (${ticket.length} bytes)`,
    });
    const phone = (await pocket()).phones.find((one) => one.installationId === 'bob-android');
    const value = phone?.registration.pushes[0]?.value;
    expect(await (await fetch(`${url}/dev/ticket/${value}`)).text()).toBe(ticket);
    expect((await fetch(`${url}/dev/ticket/another`)).status).toBe(404);
    const apns = pushes.find(({ provider }) => provider === 'APNs');
    expect(apns?.headers).toEqual({
      'apns-push-type': 'voip',
      'apns-priority': '10',
      'apns-topic': 'com.example.switchboard.voip',
      'apns-expiration': expect.stringMatching(/^\d{10}$/),
      'apns-collapse-id': id,
      'apns-id': id,
    });
    expect(apns?.payload).toMatchObject({ v: 1, type: 'ring', id, aps: {} });
    const last = Math.max(...pushes.map(({ number }) => number));
    expect((await pocket(last)).pushes).toEqual([]);
  });

  it('declines by its ticket, and the other one is told', async () => {
    const { register, place, rings, ask, as, isDark, pocket } = await open();
    await register('bob');
    const id = await place();
    const { ticket } = await rings('bob-iphone');
    await rings('bob-android');
    expect((await ask(ticket, ['POST', `/${id}/decline`])).status).toBe(200);
    await Promise.all([isDark('bob-iphone'), isDark('bob-android')]);
    const { call } = await as('alice', ['GET', `/${id}`]);
    expect(call).toMatchObject({ state: 'ended', outcome: 'declined' });
    await until(async () => {
      const stops = (await pocket()).pushes.filter(({ payload }) => payload.type === 'stop_ring');
      expect(stops).toMatchObject([
        {
          phone: 'Android',
          payload: { cause: 'declined_elsewhere' },
          headers: { priority: 'NORMAL', ttl: '60s' },
        },
      ]);
    });
  });

  it('takes the seat by its ticket, keeps it until the app is open, and the other one stops', async () => {
    const { register, place, rings, ask, as, isDark, screen, pocket } = await open();
    await register('bob');
    const id = await place();
    const { ticket } = await rings('bob-android');
    await rings('bob-iphone');
    const answer = await ask(ticket, ['POST', `/${id}/accept`], { deviceId: 'bob-android' });
    expect(answer).toMatchObject({ status: 200, call: { me: { device: 'bob-android' } } });
    expect(answer).not.toHaveProperty('token');
    await until(async () =>
      expect((await screen('bob-android')).ring).toMatchObject({ isAccepted: true }),
    );
    await isDark('bob-iphone');
    await until(async () => {
      const stops = (await pocket()).pushes.filter(({ payload }) => payload.type === 'stop_ring');
      expect(stops).toMatchObject([
        { phone: 'iPhone', payload: { cause: 'answered_elsewhere', device: 'bob-android' } },
      ]);
      expect(stops[0]?.headers).toMatchObject({ 'apns-push-type': 'background' });
    });
    // The app, opened on that phone, has its token.
    const entry = await as('bob', ['POST', `/${id}/accept`], { deviceId: 'bob-android' });
    expect(entry).toMatchObject({ status: 200, token: expect.any(String) });
    await as('bob', ['POST', `/${id}/leave`], { deviceId: 'bob-android' });
    await isDark('bob-android');
  });

  it('is told of in the terminal: who asks by ticket, and a line for each push', async () => {
    const { register, place, rings, ask, isDark, said } = await open();
    await register('bob');
    const id = await place();
    const { ticket } = await rings('bob-iphone');
    await rings('bob-android');
    await ask(ticket, ['POST', `/${id}/decline`]);
    await Promise.all([isDark('bob-iphone'), isDark('bob-android')]);
    await until(async () => {
      expect(said()).toMatch(/ {2}push ring {2}APNs {2}bob’s iPhone {2}rings(?=\d\d:)/);
      expect(said()).toMatch(/ {2}push ring {2}FCM {2}bob’s Android {2}rings(?=\d\d:)/);
      expect(said()).toMatch(/ {2}push stop {2}FCM {2}bob’s Android {2}(?:stops|had stopped)/);
      expect(said()).toMatch(/POST \/api\/calls\/[\w-]+\/decline {2}200 {2}bob by ticket {2}\d/);
      expect(said()).toMatch(/PUT \/api\/calls\/devices\/bob-iphone {2}200 {2}bob {2}\d/);
    });
    expect(said()).not.toContain(ticket.slice(0, 12));
  });

  it('shows the missed call of a caller who gave up, until the app is opened', async () => {
    const { register, place, rings, as, screen, isDark } = await open();
    await register('bob');
    const id = await place();
    await Promise.all([rings('bob-android'), rings('bob-iphone')]);
    await Promise.all([rings('bob-android'), rings('bob-iphone')]);
    await as('alice', ['POST', `/${id}/leave`], {});
    for (const phone of ['bob-android', 'bob-iphone']) {
      await isDark(phone);
      await until(async () =>
        expect(await screen(phone)).toEqual({
          missed: { body: 'Missed video call from Alice Ångström' },
        }),
      );
    }
    await register('bob', 'bob-android');
    expect(await screen('bob-android')).toEqual({});
  });

  it('whose payload is minimal learns by its ticket who calls', async () => {
    const { register, place, rings, pocket } = await open({ PUSH_PAYLOAD: 'minimal' });
    await register('bob', 'bob-android');
    await place();
    await until(async () =>
      expect(await rings('bob-android')).toMatchObject({
        caller: 'Alice Ångström',
        kind: 'video',
      }),
    );
    const [push] = (await pocket()).pushes;
    expect(Object.keys(push?.payload ?? {}).toSorted()).toEqual(['id', 'ticket', 'type', 'v']);
  });

  it('rings no more after it was taken away', async () => {
    const { register, as, place, pocket, rings } = await open();
    await register('bob');
    expect((await as('bob', ['DELETE', '/devices/bob-android'])).status).toBe(200);
    const registered = (await pocket()).phones.filter(({ isRegistered }) => isRegistered);
    expect(registered.map(({ installationId }) => installationId)).toEqual(['bob-iphone']);
    await place();
    await rings('bob-iphone');
    expect((await pocket()).pushes).toMatchObject([{ phone: 'iPhone' }]);
  });
});

it('a phone of an app of one’s own is told apart: what stands in for FCM reaches nobody', async () => {
  const { as, place, pocket, said } = await open();
  const value = 'installation-1:a-token-of-an-app';
  const device = { platform: 'android', pushes: [{ kind: 'fcm_token', value }] };
  expect((await as('bob', ['PUT', '/devices/my-app'], device)).status).toBe(200);
  await place();
  await until(async () =>
    expect((await pocket()).pushes).toMatchObject([
      { uid: 'bob', outcome: 'reaches nothing: none of the phones on this page' },
    ]),
  );
  expect(said()).toContain('push ring  FCM  bob  reaches nothing');
});

it('a push that no provider takes is a line too, with why', async () => {
  const { as, place, said } = await open();
  const device = { platform: 'android', pushes: [{ kind: 'fcm_token', value: 'none-of-theirs' }] };
  expect((await as('bob', ['PUT', '/devices/my-app'], device)).status).toBe(200);
  await place();
  await until(async () => expect(said()).toContain('push ring  FCM  bob  gone (INVALID_ARGUMENT)'));
});

it('with a key of one’s own for Apple no iPhone is made up', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { pocket, said } = await open({
    APNS_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    APNS_KEY_ID: 'ABC123DEFG',
    APNS_TEAM_ID: 'DEF123GHIJ',
    APNS_BUNDLE_ID: 'com.example.chat',
  });
  const names = (await pocket()).phones.map(({ name }: SimulatedPhone) => name);
  expect(names).toEqual(['Android', 'Android', 'Android']);
  expect(said()).toContain('pushes    to a stand-in for FCM, and by APNS_KEY to Apple itself\n');
  expect(said()).toMatch(/settings {2}.*APNS_KEY, .*of the environment/);
});

it('without calls there is nothing in anybody’s pocket', async () => {
  const { pocket, said } = await open({ LIVEKIT_URL: 'ws://127.0.0.1:9', DATABASE_URL: '' });
  expect(await pocket()).toMatchObject({ phones: [], pushes: [] });
  expect(said()).not.toContain('pushes ');
});
