// The life of a call by its routes, in every mount.
import { randomUUID } from 'node:crypto';
import { TokenVerifier } from 'livekit-server-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { CALL_MOUNTS, type CallAnswer, type CallStage, setCallStage } from '../call-stage.ts';
import { LIVEKIT_KEYS } from '../fakes/livekit-api.ts';

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const ROOM = /^call_[\w-]{22}$/;

const VERBS = ['accept', 'decline', 'leave', 'end', 'invite', 'alerting'];

let stage: CallStage;
afterEach(() => stage.close());

/** What LiveKit makes of the token in an answer, by its own SDK. */
async function claimsIn({ body }: CallAnswer) {
  const { apiKey, apiSecret } = LIVEKIT_KEYS;
  const { sub, video, roomConfig } = await new TokenVerifier(apiKey, apiSecret).verify(
    String(body.token),
    // The stage's clock is near the wall's.
    '1h',
  );
  return { sub, video, roomConfig };
}

/** Who is how in a call. */
const statesIn = ({ call }: CallAnswer): Record<string, string> => ({
  call: call.state,
  ...Object.fromEntries(call.parties.map(({ uid, state }) => [uid, state])),
});

describe.each(CALL_MOUNTS)('in $name', (mount) => {
  it('the smallest app: place, accept, leave', async () => {
    stage = await setCallStage(mount);
    const placed = await stage.place('alice', ['bob'], { kind: 'video', data: { topic: 'ü' } });
    expect(placed.status).toBe(201);
    expect(placed.headers.get('cache-control')).toBe('no-store');
    const { id } = placed.call;
    expect(id).toMatch(UUID);
    expect(placed.call).toEqual({
      id,
      version: 1,
      kind: 'video',
      data: { topic: 'ü' },
      isGroup: false,
      state: 'ringing',
      createdAt: placed.body.serverTime,
      caller: 'alice',
      reach: 0,
      me: { role: 'caller', state: 'joining', device: 'alice-1' },
      parties: [
        expect.objectContaining({ uid: 'alice', role: 'caller', state: 'joining', name: 'Alice' }),
        { uid: 'bob', role: 'callee', state: 'ringing' },
      ],
    });
    const callers = await claimsIn(placed);
    expect(callers).toMatchObject({ sub: 'alice', video: { roomJoin: true } });
    expect(callers.video?.room).toMatch(ROOM);
    expect(callers.roomConfig).toEqual({
      ...{ emptyTimeout: 115, departureTimeout: 40, maxParticipants: 34 },
    });
    expect(placed.body).toMatchObject({
      participant_token: placed.body.token,
      server_url: stage.livekit.url,
      expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });

    const live = await stage.as('bob', 'GET', '?live=1');
    expect(live.calls).toMatchObject([
      { id, direction: 'incoming', me: { state: 'ringing', ringSeconds: 45 } },
    ]);

    const accepted = await stage.accept('bob', id);
    expect(accepted.status).toBe(200);
    expect(statesIn(accepted)).toEqual({ call: 'active', alice: 'joining', bob: 'joining' });
    const callees = await claimsIn(accepted);
    expect(callees).toMatchObject({ sub: 'bob', video: { room: callers.video?.room } });

    const left = await stage.as('bob', 'POST', `/${id}/leave`, { deviceId: 'bob-1' });
    expect([left.status, left.call.state, left.body.token]).toEqual([200, 'ended', undefined]);

    const got = await stage.as('alice', 'GET', `/${id.toUpperCase()}`);
    expect(got.call).toMatchObject({ id, state: 'ended', reason: 'hangup' });
    const history = await stage.as('alice', 'GET', '');
    expect(history.calls).toMatchObject([{ id, direction: 'outgoing', outcome: 'answered' }]);
    expect((await stage.as('alice', 'GET', '?live=1')).calls).toEqual([]);
    await expect
      .poll(() => {
        stage.clock.advance(10);
        return stage.livekit.deleted;
      })
      .toContain(callers.video?.room);
  });

  it('a place that is sent again rings nobody again', async () => {
    stage = await setCallStage(mount);
    const callId = randomUUID();
    const first = await stage.place('alice', ['bob'], { callId: callId.toUpperCase() });
    const again = await stage.place('alice', ['bob'], { callId });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect([first.call.id, again.call.id]).toEqual([callId, callId]);
    expect(again.call.version).toBe(first.call.version);
    expect(again.body.token).toBeTypeOf('string');
    const other = await stage.place('alice', ['bob'], { callId, kind: 'video' });
    expect([other.status, other.code]).toEqual([409, 'call_id_taken']);
    const others = await stage.place('carol', ['bob'], { callId });
    expect([others.status, others.code]).toEqual([409, 'call_id_taken']);
    await stage.as('alice', 'POST', `/${callId}/leave`);
    const late = await stage.place('alice', ['bob'], { callId });
    expect([late.status, late.call.state, late.body.token]).toEqual([200, 'ended', undefined]);
  });

  it('a call that is not there, and one that is not his, look alike to a stranger', async () => {
    stage = await setCallStage(mount);
    const { call } = await stage.place('alice', ['bob']);
    const paths = (id: string) =>
      [
        ['GET', `/${id}`],
        ['POST', `/${id}/accept`, { deviceId: 'm' }],
        ['POST', `/${id}/decline`],
        ['POST', `/${id}/leave`],
        ['POST', `/${id}/alerting`],
        ['POST', `/${id}/end`],
        ['POST', `/${id}/invite`, { callees: ['eve'] }],
      ] as const;
    const refusals = async (id: string) => {
      const answers = [];
      for (const [method, path, body] of paths(id)) {
        const { status, code, error, body: all } = await stage.as('mallory', method, path, body);
        answers.push([status, code, error, Object.keys(all).sort()]);
      }
      return answers;
    };
    const refused = await refusals(call.id);
    expect(new Set(refused.map(String)).size).toBe(1);
    expect(refused[0]).toEqual([
      ...[404, 'not_found', 'There is no such call.'],
      ['code', 'error', 'requestId'],
    ]);
    expect(await refusals(randomUUID())).toEqual(refused);
    await stage.as('alice', 'POST', `/${call.id}/leave`);
    expect(await refusals(call.id)).toEqual(refused);
    expect((await stage.as('bob', 'GET', `/${call.id}`)).call).toMatchObject({ state: 'ended' });
  });

  it('nobody asks without an ID token', async () => {
    stage = await setCallStage(mount);
    const id = randomUUID();
    for (const [method, path] of [
      ['POST', ''],
      ['GET', ''],
      ['GET', `/${id}`],
      ...VERBS.map((verb) => ['POST', `/${id}/${verb}`]),
      ['PUT', '/devices/phone-1'],
      ['DELETE', '/devices/phone-1'],
    ] as [Parameters<CallStage['as']>[1], string][]) {
      const { status, code } = await stage.as(null, method, path);
      expect([path, status, code]).toEqual([path, 401, 'id_token_missing']);
    }
  });

  it('without a database every route says so, before it reads a body', async () => {
    stage = await setCallStage(mount, { database: undefined, ringAccess: undefined });
    const id = randomUUID();
    for (const [method, path] of [
      ['POST', ''],
      ['GET', '?live=1'],
      ['GET', '/events'],
      ['GET', `/${id}`],
      ...VERBS.map((verb) => ['POST', `/${id}/${verb}`]),
      ['PUT', '/devices/phone-1'],
      ['DELETE', '/devices/phone-1'],
    ] as [Parameters<CallStage['as']>[1], string][]) {
      const { status, code } = await stage.as('alice', method, path);
      expect([path, status, code]).toEqual([path, 501, 'calls_not_configured']);
    }
    expect((await stage.ask()).status).toBe(200);
    const loud = stage.log.lines.filter(({ level }) => level === 'warn' || level === 'error');
    expect(loud).toMatchObject([
      { level: 'warn', message: expect.stringContaining('set DATABASE_URL') },
    ]);
  });
});
