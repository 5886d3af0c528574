// What people do with calls, and what the network makes of it.
import { describe, expect, it, vi } from 'vitest';
import { type CallsClient, CallsError, createCallsClient } from '../../src/client/index.ts';
import { cut, hang, json, page, refusal } from './scripted-server.ts';
import { active, answer, call, DEVICE, ended, entry, ID, OTHER_ID, setClient } from './stage.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const REQUEST = { callees: ['bob'], kind: 'audio' } as const;
const PLACED = json(201, entry(call()));

/** The error as an app reads it. */
const fails = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CallsError);
  const { code, status, callId, requestId, retryAfterSeconds } = error as CallsError;
  return { code, status, callId, requestId, retryAfterSeconds };
};

describe('placing a call', () => {
  it('gives the call and the way into its room', async () => {
    const { client, server } = await setClient();
    server.on('POST /', PLACED);
    const placed = await client.place({ ...REQUEST, context: 'chat-1', data: { title: 'Hi' } });
    expect(placed).toEqual({
      call: call(),
      token: 'livekit-token',
      serverUrl: 'wss://livekit.example.com',
      expiresAt: '2026-01-01T00:10:00.000Z',
    });
    expect(server.received[0]).toMatchObject({
      token: 'token',
      body: { ...REQUEST, context: 'chat-1', data: { title: 'Hi' }, deviceId: DEVICE },
    });
  });

  it('has a call id of its own for each', async () => {
    const { client, server } = await setClient();
    server.on('POST /', PLACED);
    await client.place(REQUEST);
    await client.place(REQUEST);
    const [first, second] = server.received.map(({ body }) => body.callId);
    expect(first).toMatch(UUID);
    expect(second).toMatch(UUID);
    expect(first).not.toBe(second);
  });

  it('takes the id that the app has already', async () => {
    const { client, server } = await setClient();
    server.on('POST /', PLACED);
    await client.place({ ...REQUEST, callId: ID });
    expect(server.received[0]?.body.callId).toBe(ID);
  });

  it('asks again with the same id where the answer got lost', async () => {
    const { client, server, pass } = await setClient();
    server.on('POST /', cut, json(200, entry(call())));
    const placing = client.place(REQUEST);
    await pass(250);
    expect((await placing).token).toBe('livekit-token');
    const ids = server.received.map(({ body }) => body.callId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('has no token for a call that has ended meanwhile', async () => {
    const { client, server } = await setClient();
    server.on('POST /', json(200, answer(ended(4))));
    expect(await client.place(REQUEST)).toEqual({ call: ended(4) });
  });

  it('names its call where no answer came at all', async () => {
    const { client, server, clock } = await setClient();
    server.on('POST /', cut);
    const placing = fails(client.place({ ...REQUEST, callId: ID }));
    for (const ms of [250, 500, 1000, 2000, 4000, 8000]) {
      await vi.waitFor(() => expect(clock.waiting()).toEqual([ms]));
      clock.advance(ms);
    }
    expect(await placing).toMatchObject({ code: 'network', status: undefined, callId: ID });
    expect(server.count('POST /')).toBe(7);
  });

  it('names no call where the server has refused it', async () => {
    const { client, server } = await setClient();
    server.on('POST /', refusal(403, 'ring_forbidden'));
    const refused = await fails(client.place(REQUEST));
    expect(refused).toMatchObject({ code: 'ring_forbidden', status: 403, callId: undefined });
    expect(server.count('POST /')).toBe(1);
  });

  it('takes data that is no JSON for a mistake of the app, and asks nobody', async () => {
    const { client, server } = await setClient();
    const circle: unknown[] = [];
    circle.push(circle);
    for (const data of [1n, circle, () => 1, Symbol('x'), Number.NaN]) {
      const mistake = new TypeError('data must be JSON');
      await expect(client.place({ ...REQUEST, data })).rejects.toThrow(mistake);
    }
    expect(server.received).toEqual([]);
  });

  it('takes null for data as it is', async () => {
    const { client, server } = await setClient();
    server.on('POST /', PLACED);
    await client.place({ ...REQUEST, data: null });
    expect(server.received[0]?.body).toHaveProperty('data', null);
  });
});

describe('the other requests', () => {
  it('accepts, also from elsewhere and in place of another call', async () => {
    const { client, server } = await setClient();
    server.on('POST /:callId/accept', json(200, entry(active(2))));
    expect((await client.accept(ID)).token).toBe('livekit-token');
    await client.accept(ID, { takeOver: true });
    await client.accept(ID, { instead: OTHER_ID });
    expect(server.received.map(({ callId, body }) => ({ callId, body }))).toEqual([
      { callId: ID, body: { deviceId: DEVICE } },
      { callId: ID, body: { deviceId: DEVICE, takeOver: true } },
      { callId: ID, body: { deviceId: DEVICE, instead: OTHER_ID } },
    ]);
  });

  it('declines, leaves, ends and invites', async () => {
    const { client, server } = await setClient();
    for (const verb of ['decline', 'leave', 'end', 'invite']) {
      server.on(`POST /:callId/${verb}`, json(200, answer(ended(3))));
    }
    expect(await client.decline(ID)).toEqual(ended(3));
    await client.decline(ID, 'busy');
    await client.leave(ID);
    await client.end(ID);
    await client.invite(ID, ['carol']);
    expect(server.received.map(({ route, body }) => [route, body])).toEqual([
      ['POST /:callId/decline', { reason: 'declined' }],
      ['POST /:callId/decline', { reason: 'busy' }],
      ['POST /:callId/leave', { deviceId: DEVICE }],
      ['POST /:callId/end', {}],
      ['POST /:callId/invite', { callees: ['carol'] }],
    ]);
  });

  it('hangs up also where the page is being left, and asks for nothing else then', async () => {
    const kept: string[] = [];
    const { client } = await setClient({
      fetch: async (url, { keepalive }) => {
        if (keepalive === true) kept.push(url.replace(/.*\//, ''));
        return Response.json(entry(ended(3)));
      },
    });
    await client.place(REQUEST);
    await client.accept(ID);
    await client.decline(ID);
    await client.leave(ID);
    await client.end(ID);
    await client.get(ID);
    expect(kept).toEqual(['decline', 'leave', 'end']);
  });

  it('reads one call, those that live, and the history by pages', async () => {
    const { client, server } = await setClient();
    server.on('GET /:callId', json(200, answer(call())));
    server.on(
      'GET /',
      json(200, { calls: [call()], serverTime: '' }),
      json(200, { calls: [ended(2)], next: 'c+/', serverTime: '' }),
      json(200, { calls: [], serverTime: '' }),
    );
    expect(await client.get(ID)).toEqual(call());
    expect(await client.live()).toEqual([call()]);
    const first = await client.history({ context: 'chat & 1', limit: 1 });
    expect(first).toEqual({ calls: [ended(2)], next: 'c+/' });
    expect(await client.history({ after: 'c+/' })).toEqual({ calls: [], next: undefined });
    expect(server.received.map(({ query }) => query)).toEqual([
      {},
      { live: '1' },
      { context: 'chat & 1', limit: '1' },
      { after: 'c+/' },
    ]);
  });

  it('says on which installation somebody acts, where the app has told', async () => {
    const { client, server } = await setClient({ installationId: 'phone-1' });
    for (const verb of ['decline', 'leave', 'alerting', 'end']) {
      server.on(`POST /:callId/${verb}`, json(200, answer(ended(3))));
    }
    server.on('POST /:callId/accept', json(200, entry(active(2))));
    server.on('POST /', json(200, entry(active(2))));
    await client.place({ callees: ['bob'], kind: 'audio', callId: ID });
    await client.alerting(ID);
    await client.accept(ID);
    await client.decline(ID);
    await client.leave(ID);
    await client.end(ID);
    expect(server.received.map(({ route, body }) => [route, body])).toEqual([
      [
        'POST /',
        {
          callees: ['bob'],
          kind: 'audio',
          callId: ID,
          deviceId: DEVICE,
          installationId: 'phone-1',
        },
      ],
      ['POST /:callId/alerting', { installationId: 'phone-1' }],
      ['POST /:callId/accept', { deviceId: DEVICE, installationId: 'phone-1' }],
      ['POST /:callId/decline', { reason: 'declined', installationId: 'phone-1' }],
      ['POST /:callId/leave', { deviceId: DEVICE, installationId: 'phone-1' }],
      ['POST /:callId/end', { installationId: 'phone-1' }],
    ]);
  });

  it('registers an installation and removes it, again where the answer got lost', async () => {
    const { client, server, pass } = await setClient();
    const pushes = [{ kind: 'fcm_token', value: 'a:b' }] as const;
    const device = {
      installationId: 'a:b~c',
      platform: 'android',
      pushes: [{ kind: 'fcm_token', isServed: true }],
    };
    server.on('PUT /devices/a:b~c', cut, json(200, { device, serverTime: '' }));
    server.on('DELETE /devices/a:b~c', json(200, {}));
    const registering = client.registerDevice('a:b~c', { platform: 'android', pushes });
    await pass(250);
    expect(await registering).toEqual(device);
    await client.removeDevice('a:b~c');
    expect(server.received.map(({ body }) => body)).toEqual([
      { platform: 'android', pushes },
      { platform: 'android', pushes },
      {},
    ]);
  });

  it('takes a name of an installation that no path can hold for a mistake of the app', async () => {
    const { client, server } = await setClient();
    for (const name of ['', '..', 'a/b', 'ä', 'x'.repeat(129)]) {
      await expect(client.removeDevice(name)).rejects.toThrow(TypeError);
    }
    expect(server.received).toEqual([]);
  });

  it('does not repeat an invitation: who has declined meanwhile would be rung again', async () => {
    const { client, server } = await setClient();
    server.on('POST /:callId/invite', cut);
    expect(await fails(client.invite(ID, ['carol']))).toMatchObject({ code: 'network' });
    expect(server.count('POST /:callId/invite')).toBe(1);
  });

  it('hands over a refusal with all that it says', async () => {
    const { client, server } = await setClient();
    server.on('POST /:callId/accept', refusal(409, 'in_another_call', { callId: OTHER_ID }));
    expect(await fails(client.accept(ID))).toEqual({
      code: 'in_another_call',
      status: 409,
      callId: OTHER_ID,
      requestId: 'req-1',
      retryAfterSeconds: undefined,
    });
  });

  it.each([
    ['ring_limited', 429, '300', 300],
    ['calls_not_configured', 501, undefined, undefined],
    ['call_ended', 409, undefined, undefined],
    ['a_code_of_tomorrow', 409, undefined, undefined],
  ])('%s is told at once', async (code, status, retryAfter, retryAfterSeconds) => {
    const { client, server } = await setClient();
    server.on('POST /', refusal(status, code, retryAfter === undefined ? {} : { retryAfter }));
    expect(await fails(client.place(REQUEST))).toMatchObject({ code, status, retryAfterSeconds });
    expect(server.count('POST /')).toBe(1);
  });
});

describe('who leaves before they were let in', () => {
  it.each(['leave', 'decline', 'end'] as const)('by %s is not let in after all', async (verb) => {
    const { client, server, clock } = await setClient();
    server.on('POST /:callId/accept', cut);
    server.on(`POST /:callId/${verb}`, json(200, answer(ended(3))));
    const accepting = fails(client.accept(ID));
    await vi.waitFor(() => expect(clock.waiting()).toEqual([250]));
    await client[verb](ID.toUpperCase());
    expect(await accepting).toMatchObject({ code: 'left', callId: ID });
    expect(server.count('POST /:callId/accept')).toBe(1);
    expect(clock.waiting()).toEqual([]);
  });

  it('has placed no call, where the app knows its id', async () => {
    const { client, server, clock } = await setClient();
    server.on('POST /', cut);
    server.on('POST /:callId/leave', refusal(404, 'not_found'));
    const placing = fails(client.place({ ...REQUEST, callId: ID }));
    await vi.waitFor(() => expect(clock.waiting()).toEqual([250]));
    expect(await fails(client.leave(ID))).toMatchObject({ code: 'not_found' });
    expect(await placing).toMatchObject({ code: 'left', callId: ID });
  });

  it('may come back', async () => {
    const { client, server } = await setClient();
    server.on('POST /:callId/leave', json(200, answer(active(2))));
    server.on('POST /:callId/accept', json(200, entry(active(3))));
    await client.leave(ID);
    expect((await client.accept(ID)).call.version).toBe(3);
  });
});

describe('a server in trouble', () => {
  it('is asked again when it says, and no sooner', async () => {
    const { client, server, pass } = await setClient();
    server.on(
      'POST /:callId/leave',
      refusal(503, 'calls_unavailable', { retryAfter: '5' }),
      json(200, answer(ended(3))),
    );
    const leaving = client.leave(ID);
    await pass(5000);
    expect(await leaving).toEqual(ended(3));
  });

  it('that wants to be left alone for minutes is not waited for', async () => {
    const { client, server } = await setClient();
    server.on('GET /:callId', refusal(503, 'stopping', { retryAfter: '120' }));
    expect(await fails(client.get(ID))).toMatchObject({ code: 'stopping', retryAfterSeconds: 120 });
  });

  it('that hangs is given up, and asked again', async () => {
    const { client, server, pass } = await setClient();
    server.on('GET /:callId', hang, json(200, answer(call())));
    const getting = client.get(ID);
    await vi.waitFor(() => expect(server.count('GET /:callId')).toBe(1));
    await pass(10_000);
    await pass(250);
    expect(await getting).toEqual(call());
  });

  it('that hangs for ever is a timeout', async () => {
    const { client, server, clock, pass } = await setClient();
    server.on('GET /:callId', hang);
    const getting = fails(client.get(ID));
    await pass(10_000);
    await pass(250);
    await pass(10_000);
    expect(await getting).toMatchObject({ code: 'timeout' });
    expect(clock.waiting()).toEqual([]);
    await vi.waitFor(async () => expect(await server.sockets()).toBe(0));
  });

  it.each([
    ['a login page', page(200, '<html>Welcome to the hotel</html>')],
    ['a proxy', page(502, 'Bad gateway')],
    ['something else that speaks JSON', json(500, ['no'])],
  ])('%s in its place is waited out', async (_what, script) => {
    const { client, server, pass } = await setClient();
    server.on('GET /:callId', script, json(200, answer(call())));
    const getting = client.get(ID);
    await pass(250);
    expect(await getting).toEqual(call());
  });

  it.each([
    ['no call', json(200, {})],
    ['half a call', json(200, { call: { id: ID } })],
    ['another server', page(404, 'Not found')],
  ])('%s is answer_invalid', async (_what, script) => {
    const { client, server } = await setClient();
    server.on('GET /:callId', script);
    expect(await fails(client.get(ID))).toMatchObject({ code: 'answer_invalid' });
    expect(server.count('GET /:callId')).toBe(1);
  });

  it('that forgets the token lets nobody in', async () => {
    const { client, server } = await setClient();
    server.on('POST /:callId/accept', json(200, answer(active(2))));
    expect(await fails(client.accept(ID))).toMatchObject({ code: 'answer_invalid' });
  });
});

describe('the ID token', () => {
  it.each([
    [401, 'id_token_missing'],
    [403, 'id_token_expired'],
    [403, 'id_token_invalid'],
    [403, 'id_token_revoked'],
  ])('that is refused (%i %s) is fetched anew, once', async (status, code) => {
    const { client, server, asked } = await setClient();
    server.on('GET /:callId', refusal(status, code), json(200, answer(call())));
    expect(await client.get(ID)).toEqual(call());
    expect(asked).toEqual([false, true]);
    expect(server.received.map(({ token }) => token)).toEqual(['token', 'new-token']);
  });

  it('that is refused a second time is told', async () => {
    const { client, server, asked } = await setClient();
    server.on('GET /:callId', refusal(403, 'id_token_invalid'));
    expect(await fails(client.get(ID))).toMatchObject({ code: 'id_token_invalid' });
    expect(asked).toEqual([false, true]);
  });

  it('is not fetched anew for a refusal of another kind', async () => {
    const { client, server, asked } = await setClient();
    server.on('POST /:callId/end', refusal(403, 'not_caller'));
    expect(await fails(client.end(ID))).toMatchObject({ code: 'not_caller' });
    expect(asked).toEqual([false]);
  });

  it.each([
    ['nobody is signed in', () => null],
    ['signing in fails', () => Promise.reject(new Error('no network'))],
    [
      'it throws',
      () => {
        throw new Error('no app');
      },
    ],
  ])('is sign_in where %s', async (_why, getIdToken) => {
    const { client, server } = await setClient({ getIdToken });
    expect(await fails(client.get(ID))).toMatchObject({ code: 'sign_in' });
    expect(server.received).toEqual([]);
  });

  it('that never comes is given up', async () => {
    const { client, pass } = await setClient({ getIdToken: () => new Promise(() => {}) });
    const getting = fails(client.get(ID));
    await pass(10_000);
    await pass(250);
    await pass(10_000);
    expect(await getting).toMatchObject({ code: 'timeout' });
  });
});

describe('close()', () => {
  it('ends what is in flight and what waits', async () => {
    const { client, server, clock } = await setClient();
    server.on('POST /', hang);
    server.on('GET /:callId', cut);
    const placing = fails(client.place(REQUEST));
    const getting = fails(client.get(ID));
    await vi.waitFor(() => expect(clock.waiting()).toEqual([250, 10_000]));
    client.close();
    expect((await placing).code).toBe('closed');
    expect((await getting).code).toBe('closed');
    expect(clock.waiting()).toEqual([]);
  });

  it('leaves no timer of what was begun in the same moment', async () => {
    const { client, server, clock } = await setClient();
    const getting = fails(client.get(ID));
    client.watch(ID, () => {});
    client.onCall(() => {});
    client.close();
    expect((await getting).code).toBe('closed');
    await new Promise(setImmediate);
    expect([clock.waiting(), server.received]).toEqual([[], []]);
  });

  it('is the end: nothing is asked any more', async () => {
    const { client, server } = await setClient();
    client.close();
    client.close();
    expect(await fails(client.place(REQUEST))).toMatchObject({ code: 'closed' });
    client.watch(ID, () => {})();
    client.onCall(() => {})();
    expect(server.received).toEqual([]);
  });
});

it.each([
  [{ baseUrl: undefined }, 'baseUrl'],
  [{ getIdToken: 'token' }, 'getIdToken'],
  [{ deviceId: '' }, 'deviceId'],
  [{ deviceId: 'x'.repeat(129) }, 'deviceId'],
  [{ installationId: 'a/b' }, 'installationId'],
])('wrong options are a TypeError: %j', (wrong, name) => {
  const options = { baseUrl: 'https://example.com/api/calls', getIdToken: () => 'token', ...wrong };
  expect(() => createCallsClient(options as never)).toThrow(TypeError);
  expect(() => createCallsClient(options as never)).toThrow(name);
});

describe('a relative baseUrl', () => {
  const make = (more: object = {}) =>
    createCallsClient({ baseUrl: '/api/calls', getIdToken: () => 'token', ...more });

  it.each([
    ['a request', (client: CallsClient) => client.get(ID)],
    ['listening', async (client: CallsClient) => void client.onCall(() => {})],
    ['watching', async (client: CallsClient) => void client.watch(ID, () => {})],
  ])('without a page is a TypeError at once, for %s, and not before', async (_, use) => {
    const client = make();
    await expect(use(client)).rejects.toThrow(TypeError);
    await expect(use(client)).rejects.toThrow('baseUrl');
    client.close();
  });

  it('in a page is asked', async () => {
    vi.stubGlobal('location', {});
    const asked = vi.fn(() => Promise.reject(new Error('none')));
    vi.stubGlobal('fetch', asked);
    await expect(make().invite(ID, ['bob'])).rejects.toThrow('no answer');
    vi.unstubAllGlobals();
    expect(asked).toHaveBeenCalledWith(`/api/calls/${ID}/invite`, expect.anything());
  });

  it('is a matter of the fetch that an app brings along', async () => {
    const fetch = vi.fn(() => Promise.reject(new Error('none')));
    await expect(make({ fetch }).invite(ID, ['bob'])).rejects.toThrow('no answer');
    expect(fetch).toHaveBeenCalledOnce();
  });
});
