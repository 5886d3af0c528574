// Each case of requests and answers: status, code, and what happened.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CallAnswer, type CallStage, setCallStage, tokenOf } from '../call-stage.ts';
import { answersIn, openSocket } from '../raw.ts';

let stage: CallStage;
beforeEach(async () => {
  stage = await setCallStage();
});
afterEach(() => stage.close());

const said = ({ status, code }: CallAnswer) => (code === undefined ? [status] : [status, code]);
const post = (who: string, path: string, body?: unknown) => stage.as(who, 'POST', path, body);
const stateOf = ({ call }: CallAnswer, uid: string) =>
  call.parties.find((party) => party.uid === uid)?.state;

async function ringing(callees = ['bob'], more: object = {}): Promise<string> {
  const placed = await stage.place('alice', callees, more);
  expect(placed.status).toBe(201);
  return placed.call.id;
}

/** Alice and bob are in it. */
async function active(callees = ['bob']): Promise<string> {
  const id = await ringing(callees);
  expect((await stage.accept('bob', id)).status).toBe(200);
  return id;
}

describe('place', () => {
  const PLACE = { callees: ['bob'], kind: 'audio', deviceId: 'a' };

  it.each<[string, unknown]>([
    ['oneself', { ...PLACE, callees: ['bob', 'alice'] }],
    ['nobody', { ...PLACE, callees: [] }],
    ['twice the same', { ...PLACE, callees: ['bob', 'bob'] }],
    ['no uid', { ...PLACE, callees: ['x'.repeat(129)] }],
    ['more than the maximum', { ...PLACE, callees: Array.from({ length: 32 }, (_, i) => `u${i}`) }],
    ['no kind', { ...PLACE, kind: undefined }],
    ['another kind', { ...PLACE, kind: 'Video' }],
    ['no device', { ...PLACE, deviceId: '' }],
    ['a call of no form', { ...PLACE, callId: 'call-1' }],
    ['a context that is no name', { ...PLACE, context: 'a\n' }],
    ['data with NUL', { ...PLACE, data: { a: '\0' } }],
    ['a list', [PLACE]],
    ['no JSON', '{'],
  ])('with %s is 400', async (_what, body) => {
    expect(said(await post('alice', '', body))).toEqual([400, 'request_invalid']);
  });

  it('of the whole maximum is possible', async () => {
    const callees = Array.from({ length: 31 }, (_, i) => `u${i}`);
    const placed = await stage.place('alice', callees);
    expect([placed.status, placed.call.parties.length, placed.call.isGroup]).toEqual([
      201,
      32,
      true,
    ]);
  });

  it('takes null for what is not set, and other members for nothing', async () => {
    const nulls = { callId: null, context: null, data: null, other: 1 };
    const { status, call } = await post('alice', '', { ...PLACE, ...nulls });
    expect([status, 'context' in call, 'data' in call]).toEqual([201, false, false]);
  });

  it('while one calls from another device is 409 with that call’s id', async () => {
    const id = await ringing();
    const other = await stage.place('alice', ['carol'], { deviceId: 'alice-2' });
    expect([...said(other), other.body.callId]).toEqual([409, 'in_another_call', id]);
    expect(Object.keys(other.body)).toEqual(['error', 'code', 'callId', 'requestId']);
  });

  it('by the device that holds the seat of another call ends that one first', async () => {
    const id = await ringing();
    const other = await stage.place('alice', ['carol']);
    expect(other.status).toBe(201);
    const { call } = await stage.as('alice', 'GET', `/${id}`);
    expect([call.state, call.outcome, call.reason]).toEqual(['ended', 'cancelled', 'replaced']);
  });

  it('to somebody who is calling the caller just then is 200 with his call', async () => {
    const id = await ringing(['bob'], { kind: 'video' });
    const glare = await stage.place('bob', ['alice']);
    expect([glare.status, glare.call.id, glare.call.kind]).toEqual([200, id, 'video']);
    expect(glare.body.token).toBeTypeOf('string');
  });

  it('once more is a retry, whichever phone it says it is on', async () => {
    const callId = randomUUID();
    const first = await stage.place('alice', ['bob'], { callId, installationId: 'phone' });
    const again = await stage.place('alice', ['bob'], { callId, installationId: 'tablet' });
    const bare = await stage.place('alice', ['bob'], { callId });
    expect([first.status, again.status, bare.status]).toEqual([201, 200, 200]);
    const wrong = await stage.place('alice', ['bob'], { callId, installationId: 'a/b' });
    expect(said(wrong)).toEqual([400, 'request_invalid']);
  });

  it('many times at the same moment is one call, new to one of them', async () => {
    const callId = randomUUID();
    const place = (_: unknown, nth: number) =>
      stage.place('alice', ['bob'], { callId: nth % 2 === 0 ? callId : callId.toUpperCase() });
    const answers = await Promise.all(Array.from({ length: 10 }, place));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201]);
    expect(new Set(answers.map(({ call }) => call.id))).toEqual(new Set([callId]));
    expect((await stage.as('bob', 'GET', '?live=1')).calls).toHaveLength(1);
  });

  it('to somebody who is busy rings nobody, and he sees that he was called', async () => {
    await active();
    stage.clock.advance(1_000);
    const { call } = await stage.place('carol', ['bob']);
    expect([call.state, call.outcome]).toEqual(['ended', 'busy']);
    const missed = await stage.as('bob', 'GET', '?limit=1');
    expect(missed.calls).toMatchObject([
      { id: call.id, outcome: 'missed', me: { state: 'busy', reason: 'busy' } },
    ]);
  });
});

describe('accept', () => {
  it('once more from the same device is 200 with a fresh token', async () => {
    const id = await active();
    const again = await stage.accept('bob', id);
    expect([again.status, again.body.token]).toEqual([200, expect.any(String)]);
  });

  it('from another device is 409, and with takeOver the call moves there', async () => {
    const id = await active();
    const other = await stage.accept('bob', id, { deviceId: 'bob-2' });
    expect(said(other)).toEqual([409, 'answered_elsewhere']);
    const taken = await stage.accept('bob', id, { deviceId: 'bob-2', takeOver: true });
    expect([taken.status, taken.call.me.device]).toEqual([200, 'bob-2']);
    expect(taken.body.token).toBeTypeOf('string');
    const first = await post('bob', `/${id}/leave`, { deviceId: 'bob-1' });
    expect([first.status, first.call.state]).toEqual([200, 'active']);
  });

  it('while seated in another call is 409, and with instead takes this one', async () => {
    const first = await active();
    const placed = await stage.place('carol', ['dave', 'erin']);
    const second = placed.call.id;
    await stage.accept('dave', second);
    const invited = await post('dave', `/${second}/invite`, { callees: ['frank'] });
    expect(stateOf(invited, 'frank')).toBe('ringing');
    await stage.place('frank', ['gina'], { deviceId: 'frank-2' });
    const refused = await stage.accept('frank', second);
    expect(said(refused)).toEqual([409, 'in_another_call']);
    const instead = refused.body.callId;
    const taken = await stage.accept('frank', second, { instead });
    expect([taken.status, stateOf(taken, 'frank')]).toEqual([200, 'joining']);
    const left = await stage.as('frank', 'GET', `/${instead}`);
    expect([left.call.state, left.call.reason]).toEqual(['ended', 'hangup']);
    expect((await stage.as('bob', 'GET', `/${first}`)).call.state).toBe('active');
  });

  it('instead of another call than one’s own is 409, and that one goes on', async () => {
    const others = (await stage.place('carol', ['dave'])).call.id;
    const id = await ringing();
    const own = (await stage.place('bob', ['erin'], { deviceId: 'bob-2' })).call.id;
    for (const instead of [others, id, randomUUID()]) {
      const refused = await stage.accept('bob', id, { instead, takeOver: true });
      expect([...said(refused), refused.body.callId]).toEqual([409, 'in_another_call', own]);
    }
    expect((await stage.as('carol', 'GET', `/${others}`)).call.state).toBe('ringing');
    const taken = await stage.accept('bob', id, { instead: own.toUpperCase() });
    expect([taken.status, taken.call.state]).toEqual([200, 'active']);
    const again = await stage.accept('bob', id, { instead: own });
    expect([again.status, again.body.token]).toEqual([200, expect.any(String)]);
  });

  it('counts in the grace behind the ring, and is 409 after it', async () => {
    const id = await ringing();
    stage.clock.advance(50_000);
    const late = await stage.as('bob', 'GET', `/${id}`);
    expect(late.call.me).toMatchObject({ state: 'ringing', ringSeconds: 0 });
    expect((await stage.accept('bob', id)).status).toBe(200);
    const second = (await stage.place('carol', ['dave'])).call.id;
    stage.clock.advance(55_000);
    expect(said(await stage.accept('dave', second))).toEqual([409, 'call_ended']);
    expect((await stage.as('dave', 'GET', `/${second}`)).call).toMatchObject({
      state: 'ended',
      outcome: 'missed',
    });
  });

  it('without a device, or with one that is none, is 400', async () => {
    const id = await ringing();
    for (const body of [
      {},
      { deviceId: 7 },
      { deviceId: 'b', takeOver: 'yes' },
      { deviceId: 'b', instead: 1 },
    ]) {
      expect(said(await post('bob', `/${id}/accept`, body))).toEqual([400, 'request_invalid']);
    }
    expect(said(await post('bob', `/${id}/accept`))).toEqual([415, 'content_type_unsupported']);
  });
});

describe('decline', () => {
  it('ends a one-to-one, with or without a reason', async () => {
    const id = await ringing();
    const declined = await post('bob', `/${id}/decline`);
    expect(declined.call).toMatchObject({ state: 'ended', outcome: 'declined' });
    const busy = await post('bob', `/${await ringing()}/decline`, { reason: 'busy' });
    expect(busy.call).toMatchObject({ state: 'ended' });
    const caller = await stage.as('alice', 'GET', `/${busy.call.id}`);
    expect(caller.call.outcome).toBe('busy');
  });

  it('changes nothing where this phone alone has stopped, and on a call that is over', async () => {
    const id = await ringing();
    const timeout = await post('bob', `/${id}/decline`, { reason: 'timeout' });
    expect([timeout.status, timeout.call.me.state]).toEqual([200, 'ringing']);
    await post('alice', `/${id}/leave`);
    const after = await post('bob', `/${id}/decline`);
    expect([after.status, after.call.me.state]).toEqual([200, 'cancelled']);
    expect(said(await post('bob', `/${id}/decline`, { reason: 'no' }))).toEqual([
      ...[400, 'request_invalid'],
    ]);
  });
});

describe('leave', () => {
  it('declines a ring, cancels an unanswered call, gives up a seat, and is 200 whatever there was', async () => {
    const first = await ringing();
    expect((await post('bob', `/${first}/leave`)).call.me.state).toBe('declined');
    const second = await ringing();
    const cancelled = await post('alice', `/${second}/leave`, { deviceId: 'alice-1' });
    expect(cancelled.call).toMatchObject({ state: 'ended', outcome: 'cancelled' });
    const third = await active();
    expect((await post('bob', `/${third}/leave`)).call.me.state).toBe('left');
    const again = await post('bob', `/${third}/leave`);
    expect([again.status, again.call.state]).toEqual([200, 'ended']);
  });

  it('takes a body that is empty, and one without type', async () => {
    const id = await active();
    const empty = await stage.as('bob', 'POST', `/${id}/leave`, '', {
      'content-type': 'application/json',
    });
    expect(empty.status).toBe(200);
    const bad = await stage.as('bob', 'POST', `/${id}/leave`, '{}', {
      'content-type': 'text/plain',
    });
    expect(said(bad)).toEqual([415, 'content_type_unsupported']);
  });
});

describe('end', () => {
  it('is either’s in a one-to-one, and the caller’s in a group', async () => {
    const id = await active();
    expect((await post('bob', `/${id}/end`)).call.state).toBe('ended');
    const group = await active(['bob', 'carol']);
    expect(said(await post('bob', `/${group}/end`))).toEqual([403, 'not_caller']);
    expect((await post('alice', `/${group}/end`)).call).toMatchObject({
      state: 'ended',
      reason: 'ended_for_all',
    });
  });
});

describe('invite', () => {
  it('makes it a group, and rings those once more who declined', async () => {
    const id = await active();
    const invited = await post('bob', `/${id}/invite`, { callees: ['carol'] });
    expect([invited.status, invited.call.isGroup, stateOf(invited, 'carol')]).toEqual([
      ...[200, true, 'ringing'],
    ]);
    await post('carol', `/${id}/decline`);
    const again = await post('alice', `/${id}/invite`, { callees: ['carol'] });
    expect(stateOf(again, 'carol')).toBe('ringing');
    const accepted = await stage.accept('carol', id);
    expect(stateOf(accepted, 'carol')).toBe('joining');
  });

  it('is of others, each named once, and changes nothing for those who are there', async () => {
    const id = await active();
    for (const callees of [['alice'], ['carol', 'carol'], [], ['alice', 'carol']]) {
      const refused = await post('alice', `/${id}/invite`, { callees });
      expect(said(refused)).toEqual([400, 'request_invalid']);
    }
    const there = await post('alice', `/${id}/invite`, { callees: ['bob'] });
    expect([there.status, there.call.isGroup, stateOf(there, 'bob')]).toEqual([
      ...[200, false, 'joining'],
    ]);
    const one = await post('alice', `/${id}/invite`, { callees: ['bob', 'carol'] });
    expect([one.call.isGroup, stateOf(one, 'bob'), stateOf(one, 'carol')]).toEqual([
      ...[true, 'joining', 'ringing'],
    ]);
    // It was a one-to-one, in which he might have.
    expect(said(await post('bob', `/${id}/end`))).toEqual([403, 'not_caller']);
  });

  it('is for those who are in it', async () => {
    const id = await active(['bob', 'carol']);
    expect(said(await post('carol', `/${id}/invite`, { callees: ['dave'] }))).toEqual([
      ...[403, 'not_caller'],
    ]);
  });

  it('is 409 on a call that is over, and where it is full', async () => {
    const id = await active();
    await post('bob', `/${id}/leave`);
    expect(said(await post('bob', `/${id}/invite`, { callees: ['carol'] }))).toEqual([
      ...[409, 'call_ended'],
    ]);
    await stage.close();
    stage = await setCallStage(undefined, { maxParticipants: 3 });
    const small = await active(['bob', 'carol']);
    expect(said(await post('bob', `/${small}/invite`, { callees: ['dave'] }))).toEqual([
      ...[409, 'call_full'],
    ]);
    expect(said(await post('bob', `/${small}/invite`, { callees: ['d', 'e', 'f'] }))).toEqual([
      ...[400, 'request_invalid'],
    ]);
  });
});

describe('a group', () => {
  it('is come back to by accept', async () => {
    const id = await active(['bob', 'carol']);
    await stage.accept('carol', id);
    await post('bob', `/${id}/leave`);
    const back = await stage.accept('bob', id);
    expect([back.status, stateOf(back, 'bob')]).toEqual([200, 'joining']);
    expect(back.body.token).toBeTypeOf('string');
  });
});

describe('names', () => {
  it('of those who only ring are told to nobody', async () => {
    const placed = await stage.place('alice', ['bob', 'carol']);
    expect(placed.call.parties.map(({ uid, name }) => [uid, name])).toEqual([
      ['alice', 'Alice'],
      ['bob', undefined],
      ['carol', undefined],
    ]);
    await stage.accept('bob', placed.call.id);
    const { call } = await stage.as('alice', 'GET', `/${placed.call.id}`);
    expect(call.parties.map(({ name }) => name)).toEqual(['Alice', 'Bob', undefined]);
  });
});

describe('the lists', () => {
  it('of a burst are made one in each turn of the event loop, and what else has come between', async () => {
    const { pathname, host } = new URL(stage.baseUrl);
    const head = `GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${tokenOf(stage, 'alice')}\r\n`;
    const { socket, read } = await openSocket(stage.baseUrl);
    let turns = 0;
    const turn = () => {
      turns += 1;
      if (!socket.destroyed) setImmediate(turn);
    };
    socket.once('data', turn);
    socket.write(`${`${head}\r\n`.repeat(19)}${head}connection: close\r\n\r\n`);
    const answers = answersIn(await read());
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(turns).toBeGreaterThanOrEqual(19);
  });

  it('come page by page, by context, and know what goes on', async () => {
    const ids: string[] = [];
    for (const context of ['chat-1', 'chat-2', 'chat-1']) {
      const id = await ringing(['bob'], { context });
      await post('bob', `/${id}/decline`);
      ids.unshift(id);
      stage.clock.advance(1_000);
    }
    const idsIn = ({ calls }: CallAnswer) => calls.map(({ id }) => id);
    const first = await stage.as('alice', 'GET', '?limit=2');
    expect(idsIn(first)).toEqual(ids.slice(0, 2));
    const next = encodeURIComponent(String(first.body.next));
    const second = await stage.as('alice', 'GET', `?limit=2&after=${next}`);
    expect([idsIn(second), second.body.next]).toEqual([ids.slice(2), undefined]);
    expect(idsIn(await stage.as('bob', 'GET', '?context=chat-1'))).toEqual([ids[0], ids[2]]);
    expect(idsIn(await stage.as('mallory', 'GET', ''))).toEqual([]);
    const live = await ringing(['bob'], { context: 'chat-2' });
    expect(idsIn(await stage.as('bob', 'GET', '?live=1'))).toEqual([live]);
    expect(idsIn(await stage.as('bob', 'GET', '?live=true&context=chat-1'))).toEqual([]);
    expect(idsIn(await stage.as('bob', 'GET', '?live=0&limit=1'))).toEqual([live]);
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'live=2',
    'context=',
    'after=%00',
    'after=nonsense',
    'limit=1&limit=2',
  ])('are not asked by %s', async (query) => {
    expect(said(await stage.as('alice', 'GET', `?${query}`))).toEqual([400, 'request_invalid']);
  });
});

describe('a path', () => {
  it('that is none of a call is not found, and a method that is none of it not allowed', async () => {
    for (const path of ['/not-a-call', `/${randomUUID()}x`, `/${randomUUID()}/mute`]) {
      expect(said(await stage.as('alice', 'GET', path))).toEqual([404, 'not_found']);
    }
    const wrong = await post('alice', `/${randomUUID()}`);
    expect([...said(wrong), wrong.headers.get('allow')]).toEqual([
      ...[405, 'method_not_allowed', 'GET, HEAD'],
    ]);
  });
});
