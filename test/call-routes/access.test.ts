// Who may ring whom and how often, and who comes into the room of a call.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { type CallAnswer, type CallStage, setCallStage } from '../call-stage.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(options: SwitchboardOptions = {}): Promise<CallStage> {
  const stage = await setCallStage(undefined, options);
  cleanups.push(stage.close);
  return stage;
}

const said = ({ status, code }: CallAnswer) => (code === undefined ? [status] : [status, code]);
const PEOPLE = ['alice', 'bob', 'carol'];

describe('who shares a context', () => {
  const inChat = { context: 'chat-1' };
  const openChat = () =>
    open({
      ringAccess: 'context',
      authorizeRoom: ({ user, roomName }) => roomName === 'chat-1' && PEOPLE.includes(user.uid),
    });

  it('rings each other, and learns each other’s names at once', async () => {
    const stage = await openChat();
    await stage.as('bob', 'GET', '');
    const placed = await stage.place('alice', ['bob'], inChat);
    expect([placed.status, placed.call.context]).toEqual([201, 'chat-1']);
  });

  it('rings nobody else, in the same words whoever that is', async () => {
    const stage = await openChat();
    const stranger = await stage.place('alice', ['bob', 'mallory'], inChat);
    const nobody = await stage.place('alice', ['no-such-user'], inChat);
    expect(said(stranger)).toEqual([403, 'ring_forbidden']);
    expect([nobody.status, nobody.error]).toEqual([stranger.status, stranger.error]);
    expect(said(await stage.place('mallory', ['bob'], inChat))).toEqual([403, 'ring_forbidden']);
    expect(said(await stage.place('alice', ['bob'], { context: 'chat-2' }))).toEqual([
      ...[403, 'ring_forbidden'],
    ]);
    expect((await stage.as('bob', 'GET', '')).calls).toEqual([]);
  });

  it('must be named', async () => {
    const stage = await openChat();
    const { status, code, error } = await stage.place('alice', ['bob']);
    expect([status, code, error]).toEqual([
      ...[400, 'request_invalid'],
      'context is required: only who shares one may ring each other.',
    ]);
  });

  it('is what an invite is held to as well', async () => {
    const stage = await openChat();
    const { call } = await stage.place('alice', ['bob'], inChat);
    const invite = (callees: string[]) =>
      stage.as('alice', 'POST', `/${call.id}/invite`, { callees });
    expect(said(await invite(['mallory']))).toEqual([403, 'ring_forbidden']);
    expect((await invite(['carol'])).status).toBe(200);
  });

  it('is no permission where nobody can be asked', async () => {
    const stage = await open({
      ringAccess: 'context',
      authorizeRoom: () => {
        throw new Error('out of order');
      },
    });
    const { status, code, headers } = await stage.place('alice', ['bob'], inChat);
    expect([status, code, headers.get('retry-after')]).toEqual([503, 'access_unavailable', '5']);
  });
});

describe('mayRing', () => {
  it('is asked who, whom, about what and how, by place and by invite', async () => {
    const asked: unknown[] = [];
    const stage = await open({
      mayRing({ caller, ...rest }) {
        asked.push({ caller: caller.uid, ...rest });
        return true;
      },
    });
    const { call } = await stage.place('alice', ['bob'], { context: 'chat-1', kind: 'video' });
    await stage.as('alice', 'POST', `/${call.id}/invite`, { callees: ['carol'] });
    expect(asked).toEqual([
      { caller: 'alice', callees: ['bob'], context: 'chat-1', kind: 'video' },
      { caller: 'alice', callees: ['carol'], context: 'chat-1', kind: 'video' },
    ]);
  });

  it('says no', async () => {
    const stage = await open({ mayRing: () => false });
    expect(said(await stage.place('alice', ['bob']))).toEqual([403, 'ring_forbidden']);
  });

  it('says silent: the caller sees an ordinary ring and a missed call, the callee nothing', async () => {
    const stage = await open({
      mayRing: ({ callees }) =>
        Object.fromEntries(callees.map((uid) => [uid, uid === 'bob' ? 'silent' : true])),
    });
    const placed = await stage.place('alice', ['bob']);
    const { id } = placed.call;
    expect([placed.status, placed.call.parties[1]?.state]).toEqual([201, 'ringing']);
    const toBob = async () => [
      said(await stage.as('bob', 'GET', `/${id}`)),
      said(await stage.accept('bob', id)),
      (await stage.as('bob', 'GET', '')).calls,
      (await stage.as('bob', 'GET', '?live=1')).calls,
    ];
    const nothing = [[404, 'not_found'], [404, 'not_found'], [], []];
    expect(await toBob()).toEqual(nothing);
    stage.clock.advance(60_000);
    await expect
      .poll(async () => {
        stage.clock.advance(1_000);
        return (await stage.as('alice', 'GET', `/${id}`)).call;
      })
      .toMatchObject({ state: 'ended', outcome: 'missed', reason: 'ring_timeout' });
    expect(await toBob()).toEqual(nothing);
  });
});

describe('how often', () => {
  it('rings are counted and not places, and a retry is none', async () => {
    const stage = await open({ ringsPerMinute: 3 });
    const big = { callId: randomUUID() };
    const group = ['b', 'c', 'd', 'e', 'f'];
    expect((await stage.place('alice', group, big)).status).toBe(201);
    expect((await stage.place('alice', group, big)).status).toBe(200);
    const { status, code, headers } = await stage.as('alice', 'POST', `/${big.callId}/invite`, {
      callees: ['g'],
    });
    expect([status, code, headers.get('retry-after')]).toEqual([429, 'rate_limited', '60']);
    expect(said(await stage.place('alice', ['g']))).toEqual([429, 'rate_limited']);
    expect((await stage.place('bob', ['g'])).status).toBe(201);
    stage.clock.advance(60_000);
    expect((await stage.place('alice', ['g'])).status).toBe(201);
  });

  it('a person takes seats is bounded, for each writes down what the host is told', async () => {
    const stage = await open();
    const { call } = await stage.place('alice', ['bob', 'carol']);
    const move = (nth: number) =>
      stage.accept('bob', call.id, { deviceId: `bob-${nth % 2}`, takeOver: true });
    for (let nth = 0; nth < 30; nth += 1) expect((await move(nth)).status).toBe(200);
    const { status, code, error, headers } = await move(30);
    expect([status, code, headers.get('retry-after')]).toEqual([429, 'rate_limited', '60']);
    expect(error).toContain('60 s');
    await stage.as('bob', 'POST', `/${call.id}/leave`, {});
    expect(said(await stage.accept('bob', call.id))).toEqual([429, 'rate_limited']);
    expect((await stage.accept('carol', call.id)).status).toBe(200);
    stage.clock.advance(60_000);
    expect((await stage.accept('bob', call.id)).status).toBe(200);
  });

  it('a phone asks for the answer that it lost is not', async () => {
    const stage = await open();
    const { call } = await stage.place('alice', ['bob']);
    const answers = [];
    for (let nth = 0; nth < 40; nth += 1) answers.push(await stage.accept('bob', call.id));
    expect(new Set(answers.map(({ status, body }) => `${status} ${typeof body.token}`))).toEqual(
      new Set(['200 string']),
    );
    const elsewhere = { deviceId: 'bob-2', takeOver: true };
    expect(said(await stage.accept('bob', call.id, elsewhere))).toEqual([429, 'rate_limited']);
  });

  it('a retry is answered as the call is, though the rule would say no by now', async () => {
    const rule = { may: true, isDown: false };
    const stage = await open({
      mayRing() {
        if (rule.isDown) throw new Error('out of order');
        return rule.may;
      },
    });
    const same = { callId: randomUUID() };
    await stage.place('alice', ['bob'], same);
    const again = async () => {
      const { status, call, body } = await stage.place('alice', ['bob'], same);
      return [status, call?.id, typeof body.token];
    };
    rule.isDown = true;
    expect(await again()).toEqual([200, same.callId, 'string']);
    Object.assign(rule, { may: false, isDown: false });
    expect(await again()).toEqual([200, same.callId, 'string']);
    // Another request under the same id is none, and neither is that of somebody else.
    const other = await stage.place('alice', ['bob'], { ...same, kind: 'video' });
    expect(said(other)).toEqual([403, 'ring_forbidden']);
    expect(said(await stage.place('bob', ['alice'], same))).toEqual([403, 'ring_forbidden']);
  });

  it.each<[string, SwitchboardOptions]>([
    ['does not answer', {}],
    ['learns nothing of it', { mayRing: () => 'silent' }],
  ])('one rings somebody who %s is limited', async (_who, options) => {
    const stage = await open(options);
    for (let i = 0; i < 5; i += 1) {
      const { status, call } = await stage.place('alice', ['bob']);
      expect(status).toBe(201);
      await stage.as('alice', 'POST', `/${call.id}/leave`);
    }
    const { status, code, headers } = await stage.place('alice', ['bob']);
    expect([status, code]).toEqual([429, 'ring_limited']);
    expect(headers.get('retry-after')).toBe('600');
    expect((await stage.place('alice', ['carol'])).status).toBe(201);
    stage.clock.advance(599_999);
    expect(said(await stage.place('alice', ['bob']))).toEqual([429, 'ring_limited']);
    stage.clock.advance(1);
    expect((await stage.place('alice', ['bob'])).status).toBe(201);
  });

  it('two ring a third who does not answer is limited as well: one places, the other invites', async () => {
    const stage = await open();
    const invited = async () => {
      const { call } = await stage.place('alice', ['mallory']);
      await stage.accept('mallory', call.id);
      const answer = await stage.as('mallory', 'POST', `/${call.id}/invite`, { callees: ['bob'] });
      await stage.as('alice', 'POST', `/${call.id}/end`);
      return said(answer);
    };
    for (let i = 0; i < 5; i += 1) expect(await invited()).toEqual([200]);
    expect(await invited()).toEqual([429, 'ring_limited']);
    expect(said(await stage.place('alice', ['bob']))).toEqual([429, 'ring_limited']);
  });
});

describe('the token endpoint', () => {
  const roomOf = ({ body }: CallAnswer): string =>
    (decodeJwt(String(body.token)).video as { room: string }).room;
  const ask = async (stage: CallStage, who: string, roomName: string) => {
    const body = { roomName, participantIdentity: who };
    const { status, body: answer } = await stage.ask({ token: stage.idToken({ sub: who }), body });
    return status === 200 ? decodeJwt(String(answer.token)) : [status, answer.code];
  };
  const FORBIDDEN = [403, 'room_forbidden'];

  it('lets those come back who have a seat in a live call, and nobody else', async () => {
    const stage = await open();
    const placed = await stage.place('alice', ['bob', 'carol']);
    const room = roomOf(placed);
    await stage.accept('bob', placed.call.id);
    for (const uid of ['alice', 'bob']) {
      expect(await ask(stage, uid, room)).toMatchObject({
        sub: uid,
        video: { room, roomJoin: true, canPublish: true, canSubscribe: true },
        roomConfig: { emptyTimeout: 115 },
      });
    }
    for (const uid of ['carol', 'mallory']) expect(await ask(stage, uid, room)).toEqual(FORBIDDEN);
    await stage.as('bob', 'POST', `/${placed.call.id}/leave`);
    expect(await ask(stage, 'bob', room)).toEqual(FORBIDDEN);
    await stage.as('alice', 'POST', `/${placed.call.id}/end`);
    expect(await ask(stage, 'alice', room)).toEqual(FORBIDDEN);
  });

  it('has no other room of that prefix, and asks the rule about all others', async () => {
    const stage = await open({ roomAccess: 'any' });
    for (const name of ['call_', 'call_1', `call_${'x'.repeat(22)}`, `call_${'x'.repeat(23)}`]) {
      expect(await ask(stage, 'alice', name)).toEqual(FORBIDDEN);
    }
    expect(await ask(stage, 'alice', 'calls')).toMatchObject({ video: { room: 'calls' } });
    expect(await ask(stage, 'alice', 'calls')).not.toHaveProperty('roomConfig');
  });

  it('knows nothing of calls where they are off', async () => {
    const stage = await open({ database: undefined, ringAccess: undefined });
    expect(await ask(stage, 'alice', 'call_1')).toMatchObject({ video: { room: 'call_1' } });
  });

  it('with ROOM_ACCESS=calls has rooms of calls alone', async () => {
    const stage = await open({ roomAccess: 'calls' });
    const placed = await stage.place('alice', ['bob']);
    expect(await ask(stage, 'alice', roomOf(placed))).toMatchObject({ sub: 'alice' });
    expect(await ask(stage, 'alice', 'chat-1')).toEqual(FORBIDDEN);
  });
});

describe('a database out of reach', () => {
  it('is 503 for calls alone, is told by readyz, and is tried until it is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-calls-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const data = join(folder, 'data');
    writeFileSync(data, 'no folder');
    const stage = await open({ database: `sqlite:${data}/calls.db` });
    for (const answer of [
      await stage.place('alice', ['bob']),
      await stage.as('alice', 'GET', '?live=1'),
      await stage.accept('bob', randomUUID()),
    ]) {
      expect([...said(answer), answer.headers.get('retry-after')]).toEqual([
        ...[503, 'calls_unavailable', '5'],
      ]);
    }
    expect((await stage.ask()).status).toBe(200);
    const body = { roomName: `call_${'x'.repeat(22)}`, participantIdentity: 'alice' };
    expect((await stage.ask({ body })).body.code).toBe('calls_unavailable');
    const { ready, missing } = stage.switchboard.readiness();
    expect([ready, missing]).toEqual([
      false,
      [
        'the database of calls (cannot be opened: the log and `livekit-switchboard doctor` say why)',
      ],
    ]);
    const told = stage.log.lines.filter(({ message }) =>
      message.startsWith('the database of calls'),
    );
    expect(told).toHaveLength(1);

    rmSync(data);
    stage.clock.advance(1_000);
    await expect.poll(() => stage.switchboard.readiness().ready).toBe(true);
    expect((await stage.place('alice', ['bob'])).status).toBe(201);
  });
});

describe('LiveKit out of reach', () => {
  it('is in nobody’s way', async () => {
    const stage = await open();
    stage.livekit.answerWith('cut');
    const { status, call } = await stage.place('alice', ['bob']);
    expect(status).toBe(201);
    expect((await stage.accept('bob', call.id)).status).toBe(200);
    expect((await stage.as('bob', 'POST', `/${call.id}/leave`)).call.state).toBe('ended');
    await expect
      .poll(() => {
        stage.clock.advance(100);
        return stage.switchboard.readiness().missing;
      })
      .toEqual([expect.stringMatching(/^LiveKit \(/)]);
  });
});

describe('a uid that no LiveKit can carry', () => {
  it('is told so, whatever is asked', async () => {
    const stage = await open({ userOf: () => ({ uid: '€'.repeat(100) }) });
    for (const answer of [await stage.place('x', ['bob']), await stage.as('x', 'GET', '')]) {
      expect([...said(answer), answer.error]).toEqual([
        ...[400, 'request_invalid'],
        'The uid must be at most 256 bytes of UTF-8, and is 300.',
      ]);
    }
  });
});
