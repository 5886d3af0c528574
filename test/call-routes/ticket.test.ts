// A phone that was killed, or is locked, has no ID token: what the ticket of its ring push opens, in
// every mount, and what not.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import {
  CALL_MOUNTS,
  type CallAnswer,
  type CallStage,
  PLAIN,
  setCallStage,
} from '../call-stage.ts';
import { PROJECT_ID, signingKey, signSegments } from '../fakes/firebase.ts';
import { startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { MOUNTS } from '../mounts.ts';
import { LIVEKIT_SECRET, setStage } from '../stage.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(options: SwitchboardOptions = {}, mount = PLAIN): Promise<CallStage> {
  const stage = await setCallStage(mount, options);
  cleanups.push(stage.close);
  return stage;
}

const said = ({ status, code }: CallAnswer) => (code === undefined ? [status] : [status, code]);
const NOT_ENOUGH = [403, 'ticket_not_enough'];
const INVALID = [403, 'ticket_invalid'];
const EXPIRED = [403, 'ticket_expired'];

/** Alice rings Bob, whose phone is registered and has the ticket. */
async function ring(stage: CallStage) {
  await stage.register('bob', 'bob-phone');
  const { call } = await stage.place('alice', ['bob']);
  return { id: call.id, ticket: stage.ticket(call.id, 'bob', 'bob-phone') };
}

function appToken(now: number, key: ReturnType<typeof signingKey>): string {
  const iat = Math.floor(now / 1000);
  const claims = {
    iss: 'https://firebaseappcheck.googleapis.com/1234567890',
    sub: '1:1234567890:android:abc',
    aud: ['projects/1234567890', `projects/${PROJECT_ID}`],
    ...{ iat, exp: iat + 3600, jti: 'x' },
  };
  const header = { alg: 'RS256', kid: key.kid, typ: 'JWT' };
  return signSegments(JSON.stringify(header), JSON.stringify(claims), { key, alg: 'RS256' });
}

describe.each(CALL_MOUNTS)('in $name', (mount) => {
  it('a killed phone rings, says so, takes the call, and gets its token by an ID token', async () => {
    const stage = await open({}, mount);
    const { id, ticket } = await ring(stage);
    const seen = await stage.show(ticket, 'GET', `/${id.toUpperCase()}`);
    expect([seen.status, seen.call.me.state, seen.call.me.ringSeconds]).toEqual([
      ...[200, 'ringing', 45],
    ]);

    const alerting = await stage.show(ticket, 'POST', `/${id}/alerting`);
    expect([alerting.status, alerting.call.me.state]).toEqual([200, 'ringing']);
    const caller = await stage.as('alice', 'GET', `/${id}`);
    expect(caller.call.parties[1]).toMatchObject({ uid: 'bob', isAlerting: true });

    const body = { deviceId: 'bob-1' };
    const accepted = await stage.show(ticket, 'POST', `/${id}/accept`, body);
    expect([accepted.status, accepted.call.state, accepted.call.me.device]).toEqual([
      ...[200, 'active', 'bob-1'],
    ]);
    expect(Object.keys(accepted.body).sort()).toEqual(['call', 'serverTime']);

    const entered = await stage.accept('bob', id);
    expect([entered.status, entered.call.version]).toEqual([200, accepted.call.version]);
    expect(entered.body.token).toBeTypeOf('string');
  });

  it('declines', async () => {
    const stage = await open({}, mount);
    const { id, ticket } = await ring(stage);
    const declined = await stage.show(ticket, 'POST', `/${id}/decline`, { reason: 'declined' });
    expect([declined.status, declined.call.state]).toEqual([200, 'ended']);
    const seen = await stage.show(ticket, 'GET', `/${id}`);
    expect([seen.status, seen.call.me.state]).toEqual([200, 'declined']);
  });

  it('is signed out, once', async () => {
    const stage = await open({}, mount);
    const { id, ticket } = await ring(stage);
    const removed = await stage.show(ticket, 'DELETE', '/devices/bob-phone');
    expect([removed.status, removed.body]).toEqual([200, {}]);
    for (const [method, path] of [
      ['DELETE', '/devices/bob-phone'],
      ['GET', `/${id}`],
      ['POST', `/${id}/decline`],
    ] as const) {
      expect(said(await stage.show(ticket, method, path))).toEqual(INVALID);
    }
  });

  it('gets nowhere else, good ticket or not', async () => {
    const stage = await open({}, mount);
    const { id, ticket } = await ring(stage);
    for (const shown of [ticket, 'swt_nonsense']) {
      for (const [method, path] of [
        ['POST', ''],
        ['GET', ''],
        ['GET', '?live=1'],
        ['GET', '/events'],
        ['POST', `/${id}/leave`],
        ['POST', `/${id}/end`],
        ['POST', `/${id}/invite`],
        ['PUT', '/devices/bob-phone'],
        ['POST', '/livekit-token'],
      ] as const) {
        const answer = await stage.show(shown, method, path);
        expect([path, ...said(answer)]).toEqual([path, ...NOT_ENOUGH]);
      }
    }
    expect((await stage.as('bob', 'GET', `/${id}`)).call.me.state).toBe('ringing');
  });
});

it.each(MOUNTS)('no ticket opens a room in $name', async (mount) => {
  const stage = await setStage(mount);
  cleanups.push(stage.close);
  const { status, body } = await stage.ask({ token: 'swt_nonsense' });
  expect([status, body.code]).toEqual(NOT_ENOUGH);
});

describe('by a ticket', () => {
  it('the woken phone watches its call, until that is over', async () => {
    const stage = await open();
    const { id, ticket } = await ring(stage);
    const { call } = await stage.show(ticket, 'GET', `/${id}`);
    const watching = stage.show(ticket, 'GET', `/${id}?waitSeconds=25&after=${call.version}`);
    await vi.waitFor(() => expect(stage.clock.waiting()).toContain(25_000));
    await stage.as('alice', 'POST', `/${id}/leave`);
    const told = await watching;
    expect([told.status, told.call.me.state]).toEqual([200, 'cancelled']);
  });

  it('nobody loses the name by which the others know him', async () => {
    const stage = await open();
    await stage.as('bob', 'POST', `/${randomUUID()}/leave`);
    const first = await stage.place('bob', ['carol']);
    await stage.as('bob', 'POST', `/${first.call.id}/leave`);
    const { id, ticket } = await ring(stage);
    await stage.show(ticket, 'POST', `/${id}/accept`, { deviceId: 'bob-1' });
    const { call } = await stage.as('alice', 'GET', `/${id}`);
    expect(call.parties[1]).toMatchObject({ uid: 'bob', state: 'joining', name: 'Bob' });
  });

  it('nothing is taken from another call or phone, and no word of either is said', async () => {
    const stage = await open();
    const { id, ticket } = await ring(stage);
    const other = await stage.place('carol', ['bob']);
    await stage.accept('bob', other.call.id, { deviceId: 'bob-tablet' });
    const accept = (more: object) =>
      stage.show(ticket, 'POST', `/${id}/accept`, { deviceId: 'bob-1', ...more });
    const busy = await accept({});
    expect([...said(busy), Object.keys(busy.body).sort()]).toEqual([
      ...[409, 'in_another_call', ['code', 'error', 'requestId']],
    ]);
    expect(said(await accept({ instead: other.call.id }))).toEqual(NOT_ENOUGH);
    expect((await stage.as('carol', 'GET', `/${other.call.id}`)).call.state).toBe('active');

    await stage.accept('bob', id, { deviceId: 'bob-tablet', instead: other.call.id });
    expect(said(await accept({ takeOver: true }))).toEqual(NOT_ENOUGH);
    expect((await stage.as('bob', 'GET', `/${id}`)).call.me.device).toBe('bob-tablet');
  });

  it('another device is told that one has answered', async () => {
    const stage = await open();
    const { id, ticket } = await ring(stage);
    await stage.accept('bob', id, { deviceId: 'bob-tablet' });
    const late = await stage.show(ticket, 'POST', `/${id}/accept`, { deviceId: 'bob-1' });
    expect(said(late)).toEqual([409, 'answered_elsewhere']);
  });

  it('nobody asks in the name of another installation', async () => {
    const stage = await open();
    const { id, ticket } = await ring(stage);
    await stage.register('bob', 'bob-tablet');
    const decline = (installationId: unknown) =>
      stage.show(ticket, 'POST', `/${id}/decline`, { installationId });
    expect(said(await decline('bob-tablet'))).toEqual(NOT_ENOUGH);
    expect(said(await decline('no name'))).toEqual([400, 'request_invalid']);
    expect(said(await stage.show(ticket, 'DELETE', '/devices/bob-tablet'))).toEqual(NOT_ENOUGH);
    expect(said(await stage.show(ticket, 'DELETE', '/devices/carols'))).toEqual(NOT_ENOUGH);
    expect((await decline('bob-phone')).call.state).toBe('ended');
  });

  it('no other call is seen or answered', async () => {
    const stage = await open();
    const { ticket } = await ring(stage);
    const other = await stage.place('carol', ['bob']);
    for (const id of [other.call.id, randomUUID()]) {
      expect(said(await stage.show(ticket, 'GET', `/${id}`))).toEqual(NOT_ENOUGH);
      const body = { deviceId: 'bob-1' };
      expect(said(await stage.show(ticket, 'POST', `/${id}/accept`, body))).toEqual(NOT_ENOUGH);
    }
  });
});

describe('a ticket', () => {
  it('ends a minute after its ring', async () => {
    const stage = await open();
    const { id, ticket } = await ring(stage);
    stage.clock.advance(104_999);
    expect((await stage.show(ticket, 'GET', `/${id}`)).status).toBe(200);
    stage.clock.advance(1);
    expect(said(await stage.show(ticket, 'GET', `/${id}`))).toEqual(EXPIRED);
    stage.clock.advance(3_600_000);
    expect(said(await stage.show(ticket, 'GET', `/${id}`))).toEqual(EXPIRED);
  });

  it('is worth nothing once somebody else has signed in on that phone', async () => {
    const stage = await open();
    const { id, ticket } = await ring(stage);
    await stage.register('carol', 'another-name', 'token-of-bob-phone');
    expect(said(await stage.show(ticket, 'GET', `/${id}`))).toEqual(INVALID);
  });

  it('is worth nothing to whom the call is hidden, was never a part of it, or is no more', async () => {
    const stage = await open({ mayRing: () => 'silent' });
    const { id, ticket } = await ring(stage);
    await stage.register('carol', 'carol-phone');
    const carols = stage.ticket(id, 'carol', 'carol-phone');
    const gone = stage.ticket(randomUUID(), 'bob', 'bob-phone');
    for (const shown of [ticket, carols]) {
      expect(said(await stage.show(shown, 'GET', `/${id}`))).toEqual(INVALID);
    }
    expect(said(await stage.show(gone, 'DELETE', '/devices/bob-phone'))).toEqual(INVALID);
  });

  it('outlives the secret with which it was signed, as long as that is the previous one', async () => {
    const key = {
      livekitApiKey: 'new-key',
      livekitApiSecret: 'a-new-secret-of-32-characters-or-more',
    };
    const stage = await open({
      ...key,
      livekitPreviousApiKey: 'lk-key',
      livekitPreviousApiSecret: LIVEKIT_SECRET,
    });
    const { id, ticket } = await ring(stage);
    const fresh = stage.ticket(id, 'bob', 'bob-phone', key.livekitApiSecret);
    for (const shown of [ticket, fresh]) {
      expect((await stage.show(shown, 'GET', `/${id}`)).status).toBe(200);
    }
    const after = await open(key);
    const second = await ring(after);
    expect(said(await after.show(second.ticket, 'GET', `/${second.id}`))).toEqual(INVALID);
  });

  it('that nobody here has signed is a failure of the address, and too many are told to wait', async () => {
    const stage = await open({ authFailuresPerMinute: 3 });
    const { id, ticket } = await ring(stage);
    const forged = [
      stage.ticket(id, 'bob', 'bob-phone', 'another-secret-of-32-characters-or-more'),
      `${ticket.slice(0, -1)}${ticket.endsWith('A') ? 'B' : 'A'}`,
      'swt_',
    ];
    for (const shown of forged) {
      expect(said(await stage.show(shown, 'GET', `/${id}`))).toEqual(INVALID);
    }
    const limited = await stage.show('swt_x', 'GET', `/${id}`);
    expect([...said(limited), limited.headers.get('retry-after')]).toEqual([
      ...[429, 'rate_limited', '60'],
    ]);
    // Whole carriers sit behind one address.
    expect((await stage.show(ticket, 'GET', `/${id}`)).status).toBe(200);
  });

  it('asks as often as a person may, and nothing of the database beyond that', async () => {
    const stage = await open({ authFailuresPerMinute: 10_000 });
    const { id, ticket } = await ring(stage);
    // From now on the database says no, and his own requests are not counted.
    await stage.as('bob', 'DELETE', '/devices/bob-phone');
    const asked = async (count: number) => {
      const answers = await Promise.all(
        Array.from({ length: count }, () => stage.show(ticket, 'GET', `/${id}`)),
      );
      return [...new Set(answers.map(({ code }) => code))];
    };
    for (let n = 0; n < 6; n += 1) expect(await asked(100)).toEqual(['ticket_invalid']);
    expect(await asked(1)).toEqual(['rate_limited']);
    await stage.register('bob', 'bob-phone');
    expect(await asked(1)).toEqual(['rate_limited']);
    stage.clock.advance(60_000);
    expect((await stage.show(ticket, 'GET', `/${id}`)).status).toBe(200);
  });

  it('is all that is asked: no host, no kind of account, no App Check', async () => {
    const key = signingKey('app-check-key');
    const keys = await startKeyEndpoint([key]);
    cleanups.push(keys.close);
    const askedHost: (string | undefined)[] = [];
    const stage = await open({
      appCheck: 'enforce',
      appCheckKeysUrl: keys.url,
      anonymousUsers: 'deny',
      userOf({ headers }: IncomingMessage) {
        const uid = String(headers['x-user']);
        askedHost.push(uid);
        return { uid, firebase: { sign_in_provider: 'password' } };
      },
    });
    const asHost = (who: string, method: 'PUT' | 'POST', path: string, body: object) => {
      const app = { 'x-firebase-appcheck': appToken(stage.clock.now(), key) };
      return stage.as(null, method, path, body, { ...app, 'x-user': who });
    };
    const pushes = [{ kind: 'host', value: 'v' }];
    await asHost('bob', 'PUT', '/devices/bob-phone', { platform: 'web', pushes });
    const place = { callees: ['bob'], kind: 'audio', deviceId: 'a' };
    const { call } = await asHost('alice', 'POST', '', place);
    expect(askedHost.splice(0)).toEqual(['bob', 'alice']);
    const ticket = stage.ticket(call.id, 'bob', 'bob-phone');
    expect((await stage.show(ticket, 'POST', `/${call.id}/decline`)).call.state).toBe('ended');
    expect(said(await stage.show(ticket, 'GET', '?live=1'))).toEqual(NOT_ENOUGH);
    expect(askedHost).toEqual([]);
  });

  it('comes once, and where ID tokens come', async () => {
    const stage = await open({ authorizationHeader: 'X-Id-Token' });
    const bearer = (token: string) => ({ 'x-id-token': `Bearer ${token}` });
    const pushes = [{ kind: 'host', value: 'v' }];
    const asBob = bearer(stage.idToken({ sub: 'bob' }));
    await stage.as(null, 'PUT', '/devices/phone', { platform: 'web', pushes }, asBob);
    const asAlice = bearer(stage.idToken({ sub: 'alice' }));
    const place = { callees: ['bob'], kind: 'audio', deviceId: 'a' };
    const { call } = await stage.as(null, 'POST', '', place, asAlice);
    const ticket = stage.ticket(call.id, 'bob', 'phone');
    const path = `/${call.id}`;
    expect((await stage.as(null, 'GET', path, undefined, bearer(ticket))).status).toBe(200);
    expect(said(await stage.show(ticket, 'GET', path))).toEqual([401, 'id_token_missing']);
  });

  it('beside a second Authorization header is none', async () => {
    const stage = await open();
    const { id, ticket } = await ring(stage);
    const answer = await new Promise<IncomingMessage>((resolve) => {
      const headers = { Authorization: [ticket, stage.idToken()].map((one) => `Bearer ${one}`) };
      get(`${stage.baseUrl}/${id}`, { headers: headers as OutgoingHttpHeaders }, resolve);
    });
    expect([answer.statusCode, JSON.parse(await text(answer)).code]).toEqual(INVALID);
    expect(stage.log.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ err: { message: 'two Authorization headers came' } }),
    );
  });

  it('is in no line of the log, and neither is a value of a push', async () => {
    const stage = await open();
    const { id, ticket } = await ring(stage);
    await stage.show(ticket, 'POST', `/${id}/alerting`);
    await stage.show(ticket, 'POST', '/livekit-token');
    await stage.show(`${ticket}x`, 'GET', `/${id}`);
    await stage.show(ticket, 'DELETE', '/devices/bob-phone');
    await stage.show(ticket, 'GET', `/${id}`);
    const text = JSON.stringify(stage.log.lines);
    expect(text).toContain('ticket_invalid');
    for (const secret of [ticket, ticket.slice(4, 40), 'token-of-bob-phone', 'bob-phone']) {
      expect(text).not.toContain(secret);
    }
  });

  it('cannot be looked at while the database is away', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-ticket-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const data = join(folder, 'data');
    writeFileSync(data, 'no folder');
    const stage = await open({ database: `sqlite:${data}/calls.db` });
    const id = randomUUID();
    const ticket = stage.ticket(id, 'bob', 'bob-phone');
    for (const [method, path] of [
      ['GET', `/${id}`],
      ['DELETE', '/devices/bob-phone'],
    ] as const) {
      expect(said(await stage.show(ticket, method, path))).toEqual([503, 'calls_unavailable']);
    }
    expect(said(await stage.as('bob', 'DELETE', '/devices/bob-phone'))).toEqual([
      ...[503, 'calls_unavailable'],
    ]);
  });

  it('is not enough where there are no calls', async () => {
    const stage = await open({ database: undefined, ringAccess: undefined });
    const id = randomUUID();
    const ticket = stage.ticket(id, 'bob', 'bob-phone');
    expect(said(await stage.show(ticket, 'GET', `/${id}`))).toEqual(NOT_ENOUGH);
  });
});
