// Every row of the endpoint's table, in every mount.
import { TokenVerifier } from 'livekit-server-sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { signIdToken, signingKey, timesAt } from '../fakes/firebase.ts';
import { sendJson, startFirebaseAdmin } from '../fakes/firebase-admin.ts';
import { HOST_SAYS, MOUNTS } from '../mounts.ts';
import {
  type Answer,
  GOOD_BODY,
  LIVEKIT_KEY,
  LIVEKIT_SECRET,
  type Stage,
  setStage,
} from '../stage.ts';

const REQUIRED = 'roomName and participantIdentity are required.';
const INVALID = 'Unauthorized: Invalid token.';

/** Status, sentence and code, as the table lists them. */
const row = ({ status, body }: Answer) => [status, body.error, body.code];

describe.each(MOUNTS)('the token endpoint: $name', (mount) => {
  let stage: Stage | undefined;
  const open = async (options?: SwitchboardOptions): Promise<Stage> => {
    stage = await setStage(mount, options);
    return stage;
  };
  afterEach(() => stage?.close());

  it('gives the caller a token to join, publish and subscribe', async () => {
    const { ask, clock } = await open();
    const { status, body, headers } = await ask();
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['token', 'participant_token', 'server_url', 'expires_at']);
    expect(body.participant_token).toBe(body.token);
    expect(body.server_url).toBe('wss://livekit.example.com');
    const expiresS = Math.floor(clock.now() / 1000) + 600;
    expect(body.expires_at).toBe(new Date(expiresS * 1000).toISOString());
    const claims = await new TokenVerifier(LIVEKIT_KEY, LIVEKIT_SECRET).verify(body.token ?? '');
    expect(claims).toEqual({
      iss: LIVEKIT_KEY,
      sub: 'alice',
      nbf: expiresS - 660,
      exp: expiresS,
      name: 'Alice Example',
      attributes: { picture: 'https://lh3.googleusercontent.com/a/alice=s96-c' },
      video: { room: 'room-1', roomJoin: true, canPublish: true, canSubscribe: true },
    });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('x-request-id')).toBeTruthy();
  });

  it('takes the scheme in any case', async () => {
    const { ask, idToken } = await open();
    const { status } = await ask({
      token: null,
      headers: { authorization: `BEARER ${idToken()}` },
    });
    expect(status).toBe(200);
  });

  it.each([
    ['no header', {}],
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['no token behind the scheme', { authorization: 'Bearer' }],
  ])('refuses who shows no token: %s', async (_case, headers) => {
    const { ask } = await open();
    const answer = await ask({ token: null, headers: headers as Record<string, string> });
    expect(row(answer)).toEqual([401, 'Unauthorized: No token provided.', 'id_token_missing']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
  });

  it('refuses a forged token, one of another project, and nonsense', async () => {
    const { ask, idToken, clock } = await open();
    const forged = signIdToken(
      timesAt(clock.now()),
      {},
      { ...signingKey('other'), kid: 'google-key-1' },
    );
    const other = idToken({ aud: 'other', iss: 'https://securetoken.google.com/other' });
    for (const token of [forged, other, 'nonsense', 'two words']) {
      expect(row(await ask({ token }))).toEqual([403, INVALID, 'id_token_invalid']);
    }
  });

  it('refuses an expired token, also one that it has let in before', async () => {
    const { ask, idToken, clock } = await open();
    const token = idToken();
    expect((await ask({ token })).status).toBe(200);
    clock.advance(3_600_000);
    expect(row(await ask({ token }))).toEqual([403, INVALID, 'id_token_expired']);
  });

  it('says that it cannot check while Google’s keys are out of reach', async () => {
    const { ask, keys } = await open();
    keys.answerWith('error');
    const answer = await ask();
    expect(row(answer)).toEqual([
      503,
      'Identity check is unavailable. Try again.',
      'identity_unavailable',
    ]);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect((await ask({ token: 'nonsense' })).body.code).toBe('id_token_invalid');
  });

  it.each([
    ['no room', { participantIdentity: 'alice' }],
    ['no identity', { roomName: 'room-1' }],
    ['an empty room', { ...GOOD_BODY, roomName: '' }],
    ['an empty identity', { ...GOOD_BODY, participantIdentity: '' }],
    ['a room that is a number', { ...GOOD_BODY, roomName: 7 }],
    ['an identity that is null', { ...GOOD_BODY, participantIdentity: null }],
    ['a room that is a list', { ...GOOD_BODY, roomName: ['room-1'] }],
    ['nothing at all', {}],
  ])('requires a room and an identity: %s', async (_case, body) => {
    const { ask } = await open();
    expect(row(await ask({ body }))).toEqual([400, REQUIRED, 'request_invalid']);
  });

  it('takes names of up to 256 bytes literally, and refuses what LiveKit cannot carry', async () => {
    const { ask } = await open();
    const tokenRoom = async (roomName: string) => {
      const { body } = await ask({ body: { ...GOOD_BODY, roomName } });
      const claims = await new TokenVerifier(LIVEKIT_KEY, LIVEKIT_SECRET).verify(body.token ?? '');
      return claims.video?.room;
    };
    for (const name of [' a / b ', '😀'.repeat(64), 'Ａe\u0301', '__proto__']) {
      expect(await tokenRoom(name)).toBe(name);
    }
    const cases: [string, string][] = [
      ['x'.repeat(257), 'roomName must be at most 256 bytes of UTF-8, and is 257.'],
      [`${'é'.repeat(128)}x`, 'roomName must be at most 256 bytes of UTF-8, and is 257.'],
      ...['a\0b', 'a\nb', 'a\x7fb', 'a\u0085b', 'a\u2028b', 'a\ud800b'].map(
        (name): [string, string] => [
          name,
          'roomName must not hold control characters, line separators (U+2028, U+2029) or lone surrogates.',
        ],
      ),
    ];
    for (const [roomName, sentence] of cases) {
      const answer = await ask({ body: { ...GOOD_BODY, roomName } });
      expect(row(answer)).toEqual([400, sentence, 'request_invalid']);
    }
  });

  it.each([
    ['the form of the app', 'roomName', 'participantIdentity'],
    ['the standard form', 'room_name', 'participant_identity'],
  ])(
    'takes spaces around a name for part of it, to the rule and into the token: %s',
    async (_form, room, identity) => {
      const asked: unknown[] = [];
      const { ask, idToken } = await open({
        authorizeRoom({ user, roomName }) {
          asked.push([user.uid, roomName]);
          return true;
        },
      });
      const [uid, roomName] = [' \u3000alice\uFEFF ', ' \u00A0room 1\u2003 '];
      const token = idToken({ sub: uid });
      const { body } = await ask({ token, body: { [room]: roomName, [identity]: uid } });
      expect(asked).toEqual([[uid, roomName]]);
      const claims = await new TokenVerifier(LIVEKIT_KEY, LIVEKIT_SECRET).verify(body.token ?? '');
      expect([claims.sub, claims.video?.room]).toEqual([uid, roomName]);
      const trimmed = await ask({ token, body: { [room]: roomName, [identity]: uid.trim() } });
      expect(trimmed.body.code).toBe('identity_mismatch');
    },
  );

  it('refuses a uid that LiveKit cannot carry', async () => {
    const { ask, idToken } = await open();
    const uid = '語'.repeat(100);
    const token = idToken({ sub: uid });
    const sentence = 'participantIdentity must be at most 256 bytes of UTF-8, and is 300.';
    const named = await ask({ token, body: { ...GOOD_BODY, participantIdentity: uid } });
    expect(row(named)).toEqual([400, sentence, 'request_invalid']);
    const unnamed = await ask({ token, body: { room_name: 'room-1' } });
    expect(row(unnamed)).toEqual([400, sentence, 'request_invalid']);
  });

  it.each([
    ['a list', '[]'],
    ['null', 'null'],
    ['a string', '"room-1"'],
  ])('takes nothing but an object: %s', async (_case, body) => {
    const { ask } = await open();
    const { status, body: problem } = await ask({ body });
    expect([status, problem.code]).toEqual([400, 'request_invalid']);
    // express.json() calls everything but objects and lists malformed.
    expect(problem.error).toMatch(
      mount.behindParser
        ? /^The body is not valid JSON\.$|object/
        : /^The body must be a JSON object\.$/,
    );
  });

  it.each([
    ['malformed JSON', '{"roomName":'],
    ['no body', ''],
    ['a nest without end', '['.repeat(8000)],
  ])('says that a body is not JSON: %s', async (_case, body) => {
    const { ask } = await open();
    const { status, body: problem } = await ask({ body });
    expect([status, problem.code]).toEqual([400, 'request_invalid']);
  });

  it('is no fault of ours where a body nests without end', async () => {
    const { ask } = await open();
    const body = `{"roomName":${'['.repeat(8000)}${']'.repeat(8000)}}`;
    const { status, body: problem } = await ask({ body });
    expect([status, problem.code]).toEqual([400, 'request_invalid']);
  });

  it('passes over a byte order mark in front of the JSON, and over no second one', async () => {
    const { ask } = await open();
    const bom = '\uFEFF';
    expect((await ask({ body: bom + JSON.stringify(GOOD_BODY) })).status).toBe(200);
    expect((await ask({ body: bom + bom + JSON.stringify(GOOD_BODY) })).status).toBe(400);
    expect((await ask({ body: bom })).status).toBe(400);
  });

  it.skipIf(mount.behindParser)('refuses invalid UTF-8', async () => {
    const { ask } = await open();
    const body = Buffer.concat([
      Buffer.from('{"roomName":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    expect(row(await ask({ body }))).toEqual([
      400,
      'The body is not valid UTF-8.',
      'request_invalid',
    ]);
  });

  it.each([
    'text/plain; charset=utf-8',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/vnd.api+json',
    'application/json, text/plain',
  ])('takes application/json and no other type: %s', async (type) => {
    const { ask } = await open();
    const { status, body } = await ask({ headers: { 'content-type': type } });
    expect([status, body.code]).toEqual([415, 'content_type_unsupported']);
    expect(body.error).toMatch(/application\/json/);
  });

  it('takes application/json with parameters', async () => {
    const { ask } = await open();
    const { status } = await ask({
      headers: { 'content-type': 'Application/JSON; charset=UTF-8' },
    });
    expect(status).toBe(200);
  });

  it('takes no compressed body', async () => {
    const { ask } = await open();
    const { gzipSync } = await import('node:zlib');
    const answer = await ask({
      body: gzipSync(JSON.stringify(GOOD_BODY)),
      headers: { 'content-encoding': 'gzip' },
    });
    expect([answer.status, answer.body.code]).toEqual([415, 'content_type_unsupported']);
  });

  it('takes bodies of up to 16 KiB', async () => {
    const { ask } = await open();
    const padded = (bytes: number) => {
      const frame = JSON.stringify({ ...GOOD_BODY, pad: '' }).length;
      return { ...GOOD_BODY, pad: 'x'.repeat(bytes - frame) };
    };
    expect((await ask({ body: padded(16 * 1024) })).status).toBe(200);
    for (const bytes of [16 * 1024 + 1, 1_000_000]) {
      const answer = await ask({ body: padded(bytes) });
      expect(row(answer)).toEqual([413, 'The body must be at most 16384 bytes.', 'body_too_large']);
    }
  });

  it('lets nobody ask for somebody else', async () => {
    const { ask } = await open();
    const answer = await ask({ body: { ...GOOD_BODY, participantIdentity: 'bob' } });
    expect(row(answer)).toEqual([
      403,
      'Forbidden: You can only request a token for yourself.',
      'identity_mismatch',
    ]);
    expect((await ask({ body: { ...GOOD_BODY, participantIdentity: 'Alice' } })).status).toBe(403);
    expect((await ask({ body: { ...GOOD_BODY, participantIdentity: ' alice' } })).status).toBe(403);
  });

  it('lets nobody in where the rule says no', async () => {
    const { ask } = await open({ roomAccess: 'calls' });
    expect(row(await ask())).toEqual([
      403,
      'Forbidden: You may not join this room.',
      'room_forbidden',
    ]);
  });

  it('asks the host’s own rule, which may narrow the grant', async () => {
    const asked: unknown[] = [];
    const { ask } = await open({
      authorizeRoom({ user, roomName }) {
        asked.push([user.uid, user.email, roomName]);
        return { allow: true, permissions: { sources: ['microphone'], canSubscribe: false } };
      },
    });
    const { body } = await ask();
    expect(asked).toEqual([['alice', 'alice@example.com', 'room-1']]);
    const claims = await new TokenVerifier(LIVEKIT_KEY, LIVEKIT_SECRET).verify(body.token ?? '');
    expect(claims.video).toEqual({
      room: 'room-1',
      roomJoin: true,
      canPublish: true,
      canSubscribe: false,
      canPublishSources: ['microphone'],
    });
  });

  it('gives no token where the host’s rule fails or hangs', async () => {
    let rule = (): Promise<boolean> => Promise.reject(new Error('database down'));
    const { ask, clock, log } = await open({ authorizeRoom: () => rule() });
    const unavailable = [503, 'Room access check is unavailable. Try again.', 'access_unavailable'];
    const failed = await ask();
    expect(row(failed)).toEqual(unavailable);
    expect(failed.headers.get('retry-after')).toBe('5');
    expect(log.lines.some(({ level }) => level === 'error')).toBe(true);
    const asked = Promise.withResolvers<void>();
    rule = () => {
      asked.resolve();
      return new Promise(() => {});
    };
    const hanging = ask();
    await asked.promise;
    clock.advance(2_000);
    expect(row(await hanging)).toEqual(unavailable);
  });

  it.each([
    ['none', {}, ['LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET']],
    ['no secret', { livekitApiKey: LIVEKIT_KEY }, ['LIVEKIT_API_SECRET']],
    ['an empty key', { livekitApiKey: ' ', livekitApiSecret: LIVEKIT_SECRET }, ['LIVEKIT_API_KEY']],
  ])('says that the LiveKit keys are not configured: %s', async (_case, keys, named) => {
    const missing = { livekitApiKey: undefined, livekitApiSecret: undefined };
    const { ask, log, switchboard } = await open({ ...missing, ...keys });
    expect(row(await ask())).toEqual([
      500,
      'LiveKit server keys are not configured.',
      'livekit_not_configured',
    ]);
    const errors = log.lines.filter(({ level }) => level === 'error');
    // What is set already is named by nobody.
    for (const text of [errors[0]?.message, switchboard.readiness().missing.join()]) {
      expect(text?.match(/LIVEKIT_\w+/g)).toEqual(named);
    }
  });

  it('refuses kinds of account that do not count', async () => {
    const { ask, idToken } = await open({ anonymousUsers: 'deny' });
    const token = idToken({ firebase: { sign_in_provider: 'anonymous', identities: {} } });
    expect(row(await ask({ token }))).toEqual([
      403,
      'Forbidden: Anonymous accounts may not make calls. Sign in first.',
      'account_not_allowed',
    ]);
  });

  it('refuses a session that was revoked', async () => {
    const google = await startFirebaseAdmin();
    google.on('accounts:lookup', (_body, response) => sendJson(response, 200, { users: [] }));
    const { ask } = await open({ checkRevoked: true, firebaseApp: google.app });
    const answer = await ask();
    await google.close();
    expect(row(answer)).toEqual([403, INVALID, 'id_token_revoked']);
  });

  it('refuses an app that is not recognized, where App Check is enforced', async () => {
    // Nobody listens there, and nobody is asked about a token that is missing.
    const { ask } = await open({ appCheck: 'enforce', appCheckKeysUrl: 'http://127.0.0.1:9/' });
    expect(row(await ask())).toEqual([
      403,
      'Forbidden: This app is not recognized.',
      'app_check_failed',
    ]);
  });

  it('limits the requests of one user, and a refused one does not count', async () => {
    const { ask, idToken, clock } = await open({ tokenRatePerMinute: 2 });
    await ask();
    clock.advance(20_000);
    await ask();
    const answer = await ask();
    expect(row(answer)).toEqual([429, 'Too many requests. Try again in 40 s.', 'rate_limited']);
    expect(answer.headers.get('retry-after')).toBe('40');
    expect((await ask({ token: idToken({ sub: 'bob' }) })).body.code).toBe('identity_mismatch');
    clock.advance(40_000);
    expect((await ask()).status).toBe(200);
  });

  it('limits each user by the uid as it is', async () => {
    const { ask, idToken } = await open({ tokenRatePerMinute: 1 });
    for (const sub of ['alice', 'Alice', ' alice']) {
      const token = idToken({ sub });
      const body = { ...GOOD_BODY, participantIdentity: sub };
      expect((await ask({ token, body })).status).toBe(200);
      expect((await ask({ token, body })).body.code).toBe('rate_limited');
    }
  });

  it('limits the failures of one address, and lets good tokens pass, known or new', async () => {
    const { ask, idToken, clock } = await open({ authFailuresPerMinute: 2 });
    const known = idToken();
    expect((await ask({ token: known })).status).toBe(200);
    expect((await ask({ token: null })).status).toBe(401);
    expect((await ask({ token: 'nonsense' })).status).toBe(403);
    expect((await ask({ token: 'nonsense' })).status).toBe(403);
    expect((await ask({ token: 'nonsense' })).body.code).toBe('rate_limited');
    expect((await ask({ token: null })).body.code).toBe('rate_limited');
    const expired = idToken({ exp: Math.floor(clock.now() / 1000) - 1 });
    expect((await ask({ token: expired })).body.code).toBe('rate_limited');
    const forged = `${idToken({ sub: 'bob' }).slice(0, -8)}AAAAAAAA`;
    expect((await ask({ token: forged })).body.code).toBe('rate_limited');
    const bob = { ...GOOD_BODY, participantIdentity: 'bob' };
    expect((await ask({ token: idToken({ sub: 'bob' }), body: bob })).status).toBe(200);
    expect((await ask({ token: known })).status).toBe(200);
    clock.advance(60_000);
    expect((await ask({ token: 'nonsense' })).status).toBe(403);
  });

  it('judges in the order of the table', async () => {
    const { ask, idToken } = await open({ roomAccess: 'calls', tokenRatePerMinute: 4 });
    const codes = async (ask_: Parameters<Stage['ask']>[0]) => (await ask(ask_)).body.code;
    const bob = idToken({ sub: 'bob' });
    expect(await codes({ token: null, headers: { 'content-type': 'text/plain' } })).toBe(
      'id_token_missing',
    );
    expect(await codes({ token: null, body: '{' })).toBe('id_token_missing');
    expect(
      await codes({ headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(20_000) }),
    ).toBe('content_type_unsupported');
    expect(await codes({ body: `{${' '.repeat(20_000)}` })).toBe('body_too_large');
    expect(await codes({ token: bob, body: { participantIdentity: 'alice' } })).toBe(
      'request_invalid',
    );
    expect(await codes({ token: bob })).toBe('identity_mismatch');
    expect(await codes({})).toBe('room_forbidden');
    expect(await codes({})).toBe('room_forbidden');
    expect(await codes({ headers: { 'content-type': 'text/plain' } })).toBe('rate_limited');
  });

  it.skipIf(mount.onlyOneRoute)('names the methods it has', async () => {
    const { ask } = await open();
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await ask({ method, token: null });
      expect(row(answer)).toEqual([405, 'Use POST here.', 'method_not_allowed']);
      expect(answer.headers.get('allow')).toBe('POST');
    }
  });

  it('leaves what is not its own to the host', async () => {
    const { tokenUrl } = await open();
    const response = await fetch(`${tokenUrl}/more`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(404);
    const text = await response.text();
    if (mount.hasHost) expect(text).toBe(HOST_SAYS);
    else expect(JSON.parse(text).code).toBe('not_found');
  });

  it('ignores a token in the query, and keeps it out of the log', async () => {
    const { ask, tokenUrl, log } = await open();
    const response = await fetch(`${tokenUrl}?access_token=sesame`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(GOOD_BODY),
    });
    expect(response.status).toBe(401);
    await ask();
    expect(JSON.stringify(log.lines)).not.toMatch(/sesame|eyJ/);
  });

  it('knows the host’s own user in place of an ID token', async () => {
    let userOf = (): unknown => ({ uid: 'carol', name: 'Carol' });
    const { ask, clock } = await open({
      firebaseProjectId: undefined,
      userOf: () => userOf() as never,
    });
    const carol = { token: null, body: { ...GOOD_BODY, participantIdentity: 'carol' } };
    const { body } = await ask(carol);
    const claims = await new TokenVerifier(LIVEKIT_KEY, LIVEKIT_SECRET).verify(body.token ?? '');
    expect([claims.sub, claims.name]).toEqual(['carol', 'Carol']);
    userOf = () => ({ uid: ' carol ' });
    expect((await ask(carol)).body.code).toBe('identity_mismatch');
    userOf = () => null;
    expect((await ask(carol)).body.code).toBe('id_token_missing');
    const broken: (() => unknown)[] = [
      () => {
        throw new Error('session store down');
      },
      () => ({ id: 'carol' }),
      () => ({ uid: '' }),
      () => ({ uid: 'x'.repeat(129) }),
      () => 'carol',
    ];
    for (const answer of broken) {
      userOf = answer;
      const { status, body: problem } = await ask(carol);
      expect([status, problem.code]).toEqual([503, 'identity_unavailable']);
    }
    const asked = Promise.withResolvers<void>();
    userOf = () => {
      asked.resolve();
      return new Promise(() => {});
    };
    const hanging = ask(carol);
    await asked.promise;
    clock.advance(2_000);
    expect((await hanging).body.code).toBe('identity_unavailable');
  });

  it('finishes what is in flight when it stops, and refuses what comes after', async () => {
    const gate = Promise.withResolvers<boolean>();
    const asked = Promise.withResolvers<void>();
    const { ask, switchboard } = await open({
      authorizeRoom() {
        asked.resolve();
        return gate.promise;
      },
    });
    const inFlight = ask();
    await asked.promise;
    const stopped = switchboard.stop();
    const late = await ask();
    expect([late.status, late.body.code]).toEqual([503, 'stopping']);
    expect(late.headers.get('retry-after')).toBe('5');
    gate.resolve(true);
    const { status, headers } = await inFlight;
    expect(status).toBe(200);
    expect(headers.get('connection')).toBe('close');
    await stopped;
    await vi.waitFor(async () => expect((await ask()).body.code).toBe('stopping'));
  });
});
