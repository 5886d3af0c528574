// Every check, well and in each way it can fail. Whatever was said by any of it is searched for
// secrets.
import { once } from 'node:events';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { doctor } from '../../src/doctor/doctor.ts';
import type { FirebaseParts } from '../../src/doctor/firebase.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { sendJson, startFirebaseAdmin } from '../fakes/firebase-admin.ts';
import { freePort } from '../fakes/free-port.ts';
import type { FakeLiveKit } from './fake-livekit.ts';
import { REDIS_PASSWORD, SECRETS, serviceAccount } from './secrets.ts';
import { cleanups, listener, type Row, rowOf, rowsOf, setUp } from './stage.ts';

/** Runs them while this one hangs, and lets its time-out pass. */
async function rowOfHanging(
  name: string,
  env: Record<string, string>,
  parts: Partial<FirebaseParts> & { timeoutMs?: number } = {},
): Promise<Row> {
  const { timeoutMs = 5_000, ...others } = parts;
  const clock = createFakeClock();
  const row = rowOf(name, env, { ...others, clock });
  // Whatever answers has answered then.
  await vi.waitFor(() => expect(clock.waiting()).toEqual([timeoutMs]), { timeout: 10_000 });
  clock.advance(timeoutMs);
  return row;
}

describe('a configuration', () => {
  it('with faults is all that is told, each with its variable, and passwords left out', async () => {
    const out = listener();
    const isGood = await doctor(
      { PORT: 'abc', CORS_ORIGINS: 'https://user:recognizable@app.example.com' },
      { json: false, out },
    );
    expect(isGood).toBe(false);
    expect(out.text.split('\n')).toEqual([
      'FAIL  Configuration       FIREBASE_PROJECT_ID is required. ' +
        'Fix: set FIREBASE_PROJECT_ID (The Firebase project whose users these are)',
      'FAIL  Configuration       CORS_ORIGINS must hold origins like https://app.example.com, ' +
        'and one of them is none. ' +
        'Fix: correct CORS_ORIGINS (Origins of web pages that may call, separated by commas; no `*`)',
      'FAIL  Configuration       PORT must be a whole number from 0 to 65535. ' +
        'Fix: correct PORT (The port to listen on; 0 takes any)',
      '',
    ]);
  });

  it('with a name that is nearly right is told with the one that was meant', async () => {
    const out = listener();
    await doctor({ firebase_project_id: 'my-project' }, { json: false, out });
    expect(out.text).toContain(
      'firebase_project_id is no variable of this server: FIREBASE_PROJECT_ID was meant?',
    );
  });

  it('that lacks what another variable needs says to set it, and not what its absence means', async () => {
    const { env } = await setUp();
    const { LIVEKIT_API_KEY: _key, ...others } = env;
    const row = await rowOf('Configuration', { ...others, DATABASE_URL: 'sqlite::memory:' });
    expect(row).toMatchObject({
      detail: 'LIVEKIT_API_KEY is required with DATABASE_URL',
      fix: 'set LIVEKIT_API_KEY',
    });
  });

  it('whose DATABASE_URL is misspelt has a line for the hint, and one for the database', async () => {
    const { env } = await setUp();
    const rows = await rowsOf({ ...env, DATABSE_URL: 'sqlite::memory:' });
    expect(rows.map(({ detail }) => detail)).toContain(
      'warning: DATABSE_URL is no variable of this server: DATABASE_URL was meant?',
    );
    expect(rows.at(-1)).toMatchObject({
      name: 'Database',
      result: 'skipped',
      detail: expect.stringMatching(/^DATABASE_URL is not set: tokens only/),
    });
  });

  it('with secrets that are no good is told without them', async () => {
    const { env } = await setUp();
    const bad = {
      FIREBASE_SERVICE_ACCOUNT: '{"recognizable',
      ACCESS_SECRET: 'recognizable',
      REDIS_URL: 'http://:recognizable@h',
    };
    for (const [name, value] of Object.entries(bad)) {
      const row = await rowOf('Configuration', { ...env, [name]: value });
      expect(row).toMatchObject({ result: 'failed', detail: expect.stringContaining(name) });
    }
  });

  it('that works and is worth a second thought says so', async () => {
    const { env } = await setUp();
    const rows = await rowsOf({ ...env, NODE_ENV: 'production' });
    const [first, ...warnings] = rows.filter(({ name }) => name === 'Configuration');
    expect(first).toMatchObject({ result: 'ok', detail: 'every variable is in order' });
    expect(warnings).toContainEqual(
      expect.objectContaining({
        result: 'ok',
        detail: expect.stringMatching(/^warning: ROOM_ACCESS is any/),
      }),
    );
  });
});

describe('the output', () => {
  it('is one line a check, aligned, in plain ASCII, coloured on a terminal only', async () => {
    const { env, livekit } = await setUp();
    livekit.answerWith({ refusal: 'invalid API key: x' });
    const clock = createFakeClock();
    const out = listener();
    await doctor(env, { json: false, out, parts: { clock } });
    const lines = out.text;
    expect(lines).not.toMatch(/[^\n -~]/);
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(0, 26)),
    ).toEqual([
      'ok    Configuration       ',
      'ok    Configuration       ',
      "ok    Google's keys       ",
      'ok    Clock               ',
      'skip  App Check           ',
      'skip  Service account     ',
      'skip  Account look-up     ',
      'skip  Room access         ',
      'skip  Redis               ',
      'FAIL  LiveKit             ',
      'ok    Token               ',
      'skip  Database            ',
    ]);
    expect(lines).toMatch(/^FAIL {2}LiveKit .*\. Fix: set LIVEKIT_API_KEY/m);

    const terminal = listener(() => true);
    await doctor(env, { json: false, out: terminal, parts: { clock } });
    expect(terminal.text).toContain('\u001b[31mFAIL');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colour is made of
    expect(terminal.text.replaceAll(/\u001b\[\d+m/g, '')).toBe(lines);
  });

  it('tells how long a check took', async () => {
    const { env, livekit } = await setUp();
    livekit.answerWith('hang');
    expect((await rowOfHanging('LiveKit', env)).ms).toBe(5_000);
  });
});

describe("Google's keys", () => {
  it('are counted', async () => {
    const { env, keys } = await setUp();
    const row = await rowOf("Google's keys", env);
    expect(row).toMatchObject({ result: 'ok', detail: `1 key from ${new URL(keys.url).host}` });
  });

  it.each([
    ['error', /answers 500$/],
    ['redirect', /redirects, which is not followed$/],
    ['empty', /answers without a usable key$/],
    ['nonsense', /answers something that is no JWK Set$/],
    ['huge', /answers something that is no JWK Set$/],
    ['refuse', /cuts the connection$/],
  ] as const)('that cannot be had fail: %s', async (answer, detail) => {
    const { env, keys } = await setUp();
    keys.answerWith(answer);
    const row = await rowOf("Google's keys", env);
    expect(row).toMatchObject({ result: 'failed', detail: expect.stringMatching(detail) });
    expect(row.fix).toContain('FIREBASE_KEYS_URL');
  });

  it('that never come fail in time', async () => {
    const { env, keys } = await setUp();
    keys.answerWith('hang');
    const clock = createFakeClock();
    const row = rowOf("Google's keys", env, { clock });
    await vi.waitFor(() => expect(clock.waiting()).toEqual([5_000, 5_000]));
    clock.advance(5_000);
    expect((await row).detail).toMatch(/^no answer from 127\.0\.0\.1:\d+ within 5 s$/);
  });

  it('are not needed for the Auth emulator', async () => {
    const { env } = await setUp();
    const emulated = { ...env, FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:9099' };
    expect((await rowOf("Google's keys", emulated)).result).toBe('skipped');
    expect((await rowOf('Clock', emulated)).result).toBe('skipped');
  });

  it('of App Check are asked where it is on', async () => {
    const { env, keys } = await setUp();
    expect(await rowOf('App Check', env)).toMatchObject({
      result: 'skipped',
      detail: 'APP_CHECK is off',
    });
    const checked = { ...env, APP_CHECK: 'monitor', APP_CHECK_KEYS_URL: keys.url };
    expect((await rowOf('App Check', checked)).result).toBe('ok');
    const row = await rowOf('App Check', {
      ...checked,
      APP_CHECK_KEYS_URL: `http://127.0.0.1:${await freePort()}/`,
    });
    expect(row.detail).toMatch(/^nothing listens at 127/);
    expect(row.fix).toContain('APP_CHECK_KEYS_URL');
  });
});

describe('the clock', () => {
  it.each([
    [0, 'ok', /^together with/],
    [4_000, 'ok', /^this machine's clock is [345] s ahead of/],
    [-20_000, 'ok', /^warning: .* (?:19|20|21) s behind .*NTP/],
    [90_000, 'failed', /(?:89|90|91) s ahead of .* refused/],
    [-90_000, 'failed', /(?:89|90|91) s behind .* refused/],
  ])('%i ms off is %s', async (offMs, result, detail) => {
    const { env } = await setUp();
    const row = await rowOf('Clock', env, { clock: createFakeClock(Date.now() + offMs) });
    expect(row).toMatchObject({ result, detail: expect.stringMatching(detail) });
    if (result === 'failed') expect(row.fix).toContain('NTP');
  });

  it('is compared with a cached answer by its age', async () => {
    const { env, keys } = await setUp();
    const date = new Date(Date.now() - 7_000_000).toUTCString();
    keys.sendHeaders({ date, age: '7000' });
    expect((await rowOf('Clock', env)).detail).toMatch(/^together with/);
    keys.sendHeaders({ date: new Date().toUTCString(), age: '7000' });
    expect((await rowOf('Clock', env)).detail).toMatch(/^together with/);
  });

  it('is not judged where nobody tells the time', async () => {
    const { env, keys } = await setUp();
    keys.sendHeaders({ date: 'soon' });
    expect((await rowOf('Clock', env)).result).toBe('skipped');
    keys.answerWith('refuse');
    expect((await rowOf('Clock', env)).result).toBe('skipped');
  });
});

describe('LiveKit', () => {
  it('is asked with the keys', async () => {
    const { env, livekit } = await setUp();
    expect(await rowOf('LiveKit', env)).toMatchObject({
      result: 'ok',
      detail: `127.0.0.1:${livekit.port} accepts the API key and secret`,
    });
  });

  it('is not asked without its address', async () => {
    const { env } = await setUp();
    const row = await rowOf('LiveKit', { ...env, LIVEKIT_URL: '' });
    expect(row.result).toBe('skipped');
    expect(row.detail).toContain('LIVEKIT_URL');
  });

  it.each([
    [{ LIVEKIT_API_KEY: '' }, 'LIVEKIT_API_KEY'],
    [{ LIVEKIT_API_SECRET: '' }, 'LIVEKIT_API_SECRET'],
    [{ LIVEKIT_API_KEY: '', LIVEKIT_API_SECRET: '' }, 'LIVEKIT_API_KEY and LIVEKIT_API_SECRET'],
    [{ LIVEKIT_API_KEY: '', LIVEKIT_API_SECRET: '', LIVEKIT_URL: '' }, 'LIVEKIT_API_KEY and'],
  ])('without keys fails: %j', async (missing, names) => {
    const { env } = await setUp();
    const row = await rowOf('LiveKit', { ...env, ...missing });
    expect(row).toMatchObject({ result: 'failed', fix: expect.stringContaining(`set ${names}`) });
    expect((await rowOf('Token', { ...env, ...missing })).result).toBe('skipped');
  });

  it('tells a wrong key from a wrong secret', async () => {
    const { env } = await setUp();
    const wrongKey = await rowOf('LiveKit', { ...env, LIVEKIT_API_KEY: 'APIrecognizableother' });
    expect(wrongKey.detail).toMatch(/^401 from \S+: it has no such API key$/);
    expect(wrongKey.fix).toMatch(/^set LIVEKIT_API_KEY /);
    const wrongSecret = await rowOf('LiveKit', { ...env, LIVEKIT_API_SECRET: 'recognizable' });
    expect(wrongSecret.detail).toMatch(/: the API key is right and the secret is not$/);
    expect(wrongSecret.fix).toMatch(/^set LIVEKIT_API_SECRET /);
  });

  it.each([
    [{ refusal: 'invalid token: x, error: token has invalid claims: token is expired' }, /clock/],
    [{ refusal: 'invalid token: x, error: token is not valid yet' }, /clock/],
    [{ refusal: 'permissions denied' }, /Authorization header/],
    [{ refusal: 'no' }, /the API key or the secret is not the server's/],
    [{ status: 401, type: 'text/html', body: '<html>' }, /the API key or the secret/],
    [{ status: 404, type: 'text/html', body: '<html>' }, /^404 .*: not a LiveKit server/],
    [{ status: 403, type: 'text/html', body: 'TOKEN' }, /^403 .*: not a LiveKit server/],
    [{ status: 404, type: 'application/json', body: '"TOKEN' }, /^404 .*: not a LiveKit server/],
    [{ status: 404, type: 'application/json', body: 'null' }, /^404 .*: not a LiveKit server/],
    [{ status: 502, type: 'text/html', body: 'TOKEN' }, /answers 502$/],
    [{ status: 200, type: 'text/html', body: '<html>TOKEN' }, /something else.*not a LiveKit/],
    [{ status: 200, type: 'application/json', body: '["TOKEN"]' }, /something else.*not a LiveKit/],
    [{ status: 200, type: 'application/json', body: '{"rooms":"TOKEN"}' }, /not a LiveKit/],
    ['cut', /cuts the connection$/],
  ] as const)('that answers otherwise fails: %j', async (answer, detail) => {
    const { env, livekit } = await setUp();
    const printed = ['debug', 'log', 'warn', 'error'] as const;
    const spies = printed.map((name) => vi.spyOn(console, name).mockImplementation(() => {}));
    livekit.answerWith(answer);
    const row = await rowOf('LiveKit', env);
    expect(row).toMatchObject({ result: 'failed', detail: expect.stringMatching(detail) });
    expect(row.fix).toBeTruthy();
    // The SDK prints what it can't parse.
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  it('that hangs fails in time', async () => {
    const { env, livekit } = await setUp();
    livekit.answerWith('hang');
    const row = await rowOfHanging('LiveKit', env);
    expect(row.detail).toBe(`no answer from 127.0.0.1:${livekit.port} within 5 s`);
    expect(row.fix).toContain('LIVEKIT_URL');
  });

  it.each([
    ['nobody', async () => `ws://127.0.0.1:${await freePort()}`, /^nothing listens at/],
    ['no host', async () => 'wss://recognized.invalid', /^DNS (?:knows no host|does not answer)/],
    ['a forbidden port', async () => 'ws://127.0.0.1:6667', /one that no HTTP client asks$/],
    [
      'no TLS',
      async (livekit: FakeLiveKit) => `wss://127.0.0.1:${livekit.port}`,
      /^(?:TLS with \S+ fails|\S+ cuts the connection)/,
    ],
    ['no HTTP', async () => `ws://127.0.0.1:${await listenRaw('-ERR\r\n')}`, /speaks no HTTP$/],
  ])('whose address leads to %s fails', async (_case, address, detail) => {
    const { env, livekit } = await setUp();
    const row = await rowOf('LiveKit', { ...env, LIVEKIT_URL: await address(livekit) });
    expect(row).toMatchObject({ result: 'failed', detail: expect.stringMatching(detail) });
    expect(row.fix).toMatch(/LIVEKIT_URL|DNS/);
  });
});

describe('a token', () => {
  it('is minted and verified', async () => {
    const { env } = await setUp();
    expect(await rowOf('Token', { ...env, LIVEKIT_TOKEN_TTL_SECONDS: '61' })).toMatchObject({
      result: 'ok',
      detail: "minted for 61 s and verified by LiveKit's own SDK",
    });
  });
});

/** Answers the first bytes of every connection with these. */
function listenRaw(answer: string): Promise<number> {
  return standIn((socket) => socket.write(answer));
}

async function standIn(onData: (socket: Socket, text: string) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => onData(socket, data.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

describe('Redis', () => {
  const urlOf = (port: number) => `redis://:${REDIS_PASSWORD}@127.0.0.1:${port}`;

  /** Answers each command as Redis would; `answers` go over that. */
  const redis = (answers: Record<string, string> = {}) =>
    standIn((socket, text) => {
      const INFO = 'redis_version:7.0.0';
      const known: Record<string, string> = {
        info: `$${INFO.length}\r\n${INFO}`,
        ping: '+PONG',
        ...answers,
      };
      for (const command of text.split(/(?=\*\d+\r\n)/)) {
        const name = command.split('\r\n')[2]?.toLowerCase() ?? '';
        socket.write(`${known[name] ?? '+OK'}\r\n`);
      }
    });

  it('is asked where it is configured', async () => {
    const { env } = await setUp();
    expect((await rowOf('Redis', env)).result).toBe('skipped');
    const port = await redis();
    expect(await rowOf('Redis', { ...env, REDIS_URL: urlOf(port) })).toMatchObject({
      result: 'ok',
      detail: `127.0.0.1:${port} answers PING`,
    });
  });

  it.each([
    [{ hello: '-NOAUTH Authentication required.' }, /asks for a password$/],
    [{ hello: '-WRONGPASS invalid recognizable' }, /refuses user or password$/],
    [{ ping: '-NOPERM recognizable' }, /lacks permissions at/],
    [{ ping: '-LOADING recognizable' }, /refuses \(LOADING\)$/],
    [{ select: '-ERR DB index is out of range' }, /refuses \(ERR\)$/],
  ])('that refuses fails: %j', async (answers, detail) => {
    const { env } = await setUp();
    const url = `${urlOf(await redis(answers as Record<string, string>))}/9`;
    const row = await rowOf('Redis', { ...env, REDIS_URL: url });
    expect(row).toMatchObject({ result: 'failed', detail: expect.stringMatching(detail) });
    expect(row.fix).toBeTruthy();
  });

  it.each([
    ['nobody', freePort, /^nothing listens at/],
    ['somebody else', () => listenRaw('HTTP/1.1 400 Bad Request\r\n\r\n'), /is no Redis$/],
    ['a closed door', () => standIn((socket) => socket.destroy()), /cuts the connection$/],
  ])('whose address leads to %s fails', async (_case, port, detail) => {
    const { env } = await setUp();
    const row = await rowOf('Redis', { ...env, REDIS_URL: urlOf(await port()) });
    expect(row).toMatchObject({ result: 'failed', detail: expect.stringMatching(detail) });
    expect(row.fix).toContain('REDIS_URL');
  });

  it('that hangs fails in time', async () => {
    const { env } = await setUp();
    const port = await standIn(() => {});
    const row = await rowOfHanging('Redis', { ...env, REDIS_URL: urlOf(port) });
    expect(row.detail).toBe(`no answer from 127.0.0.1:${port} within 5 s`);
  });
});

describe('the backend that decides about rooms', () => {
  const backend = async (answer: (response: ServerResponse) => void): Promise<string> => {
    const server = createHttpServer((_request, response) => answer(response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/recognizable?key=recognizable`;
  };

  it.each([200, 302, 404, 405, 500])('is in reach whatever it answers: %i', async (status) => {
    const { env } = await setUp();
    const url = await backend((response) => response.writeHead(status).end());
    const row = await rowOf('Room access', { ...env, ROOM_ACCESS: 'http', ACCESS_URL: url });
    expect(row.result).toBe('ok');
    expect(row.detail).toContain(`(${status} to HEAD)`);
  });

  it('is out of reach where nobody listens, or nobody answers', async () => {
    const { env } = await setUp();
    const nobody = `http://127.0.0.1:${await freePort()}/recognizable`;
    const row = await rowOf('Room access', { ...env, ROOM_ACCESS: 'http', ACCESS_URL: nobody });
    expect(row.detail).toMatch(/^nothing listens at/);
    expect(row.fix).toContain('ACCESS_URL');
    const hanging = { ...env, ROOM_ACCESS: 'http', ACCESS_URL: await backend(() => {}) };
    expect((await rowOfHanging('Room access', hanging)).detail).toMatch(/^no answer from 127/);
  });
});

describe('the service account', () => {
  const withAccount = async () => {
    const { env } = await setUp();
    return {
      ...env,
      FIREBASE_SERVICE_ACCOUNT: SECRETS.FIREBASE_SERVICE_ACCOUNT,
      CHECK_REVOKED: 'on',
    };
  };
  const openedWith = (getAccessToken: () => Promise<unknown>): Partial<FirebaseParts> => ({
    openFirebase: async () => ({
      app: { options: { credential: { getAccessToken } } },
      close: async () => {},
    }),
  });

  it('is tried also where no setting uses it', async () => {
    const env = { ...(await withAccount()), CHECK_REVOKED: 'off' };
    const row = await rowOf(
      'Service account',
      env,
      openedWith(async () => ({})),
    );
    expect(row.result).toBe('ok');
    expect(row.detail).toMatch(/which no setting uses$/);
  });

  // As google-auth-library has them.
  it.each([
    [
      new Error('invalid_grant: Invalid grant: account not found recognizable'),
      /was deleted$/,
      /new key/,
    ],
    [new Error('invalid_grant: Invalid JWT Signature.'), /was deleted$/, /new key/],
    [
      new Error(
        'invalid_grant: Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
      ),
      /refuses this machine's time$/,
      /NTP/,
    ],
    [
      Object.assign(new Error('request to https://oauth2.googleapis.com/token failed'), {
        code: 'ENOTFOUND',
      }),
      /^DNS knows no host oauth2/,
      /let this machine out/,
    ],
    [new Error('recognizable'), /^asking Google failed \(Error\)$/, /new key/],
    [
      new Error('CHECK_REVOKED needs firebase-admin: npm install firebase-admin'),
      /not installed$/,
      /^npm install firebase-admin$/,
    ],
  ])('that Google does not take fails: %s', async (error, detail, fix) => {
    const env = await withAccount();
    const parts = openedWith(() => Promise.reject(error));
    const row = await rowOf('Service account', env, parts);
    expect(row).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(detail),
      fix: expect.stringMatching(fix),
    });
    // One fault is told once.
    expect((await rowOf('Account look-up', env, parts)).result).toBe('skipped');
  });

  it('with a private key that is none fails', async () => {
    const env = {
      ...(await withAccount()),
      FIREBASE_SERVICE_ACCOUNT: serviceAccount('-----BEGIN PRIVATE KEY-----\\nrecognizable'),
    };
    const row = await rowOf('Service account', env);
    expect(row).toMatchObject({ result: 'failed', detail: 'its private_key cannot be read' });
    expect(row.fix).toContain('base64');
  });

  describe('of the platform', () => {
    /** As on Cloud Run: tokens and an address, for whoever asks with the header. */
    const onPlatform = async () => {
      const server = createHttpServer((request, response) => {
        response.setHeader('Metadata-Flavor', 'Google');
        const isAsked = request.headers['metadata-flavor'] === 'Google';
        if (!isAsked) response.writeHead(403).end();
        else if (request.url?.endsWith('/email'))
          response.end('calls@demo.iam.gserviceaccount.com');
        else sendJson(response, 200, { access_token: 'recognizable', expires_in: 3600 });
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      cleanups.push(() => server.close());
      const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      vi.stubEnv('GCE_METADATA_HOST', host);
      cleanups.push(() => vi.unstubAllEnvs());
      const { env } = await setUp();
      return { ...env, K_SERVICE: 'calls', GCE_METADATA_HOST: host, CHECK_REVOKED: 'on' };
    };

    it('is asked for a token, and named', async () => {
      const row = await rowOf('Service account', await onPlatform());
      expect(row).toMatchObject({
        result: 'ok',
        detail: 'Google accepts calls@demo.iam.gserviceaccount.com of Cloud Run (no key is set)',
      });
    });

    it('fails where there is none', async () => {
      const env = await onPlatform();
      const parts = openedWith(() => Promise.reject(new Error('recognizable')));
      expect(await rowOf('Service account', env, parts)).toMatchObject({
        result: 'failed',
        detail: 'no key is set, and Cloud Run hands out no credentials',
        fix: 'give the service a service account, or set FIREBASE_SERVICE_ACCOUNT',
      });
    });
  });

  it('is not needed where emulators stand in', async () => {
    const { env } = await setUp();
    const emulated = {
      ...env,
      FIREBASE_AUTH_EMULATOR_HOST: `127.0.0.1:${await freePort()}`,
      CHECK_REVOKED: 'on',
    };
    expect(await rowOf('Service account', emulated)).toMatchObject({
      result: 'skipped',
      detail: expect.stringContaining('emulators'),
    });
    const half = { ...emulated, ROOM_ACCESS: 'firestore', FIRESTORE_ROOM_PATH: 'chats/{roomName}' };
    expect(await rowOf('Configuration', half)).toMatchObject({
      result: 'failed',
      detail: expect.stringContaining('ROOM_ACCESS=firestore needs FIRESTORE_EMULATOR_HOST'),
    });
  });

  it('that Google never answers for fails in time', async () => {
    const clock = createFakeClock();
    const row = rowOf('Service account', await withAccount(), {
      ...openedWith(() => new Promise(() => {})),
      clock,
    });
    // The look-up waits for the same answer.
    await vi.waitFor(() => expect(clock.waiting()).toEqual([10_000, 10_000]), { timeout: 10_000 });
    clock.advance(10_000);
    expect((await row).detail).toBe('no answer from oauth2.googleapis.com within 10 s');
  });
});

describe('the account look-up', () => {
  async function askGoogle(answer: (response: ServerResponse) => void): Promise<Row> {
    const { env } = await setUp();
    const google = await startFirebaseAdmin();
    cleanups.push(google.close);
    google.on('accounts:lookup', (_body, response) => answer(response));
    return rowOf(
      'Account look-up',
      {
        ...env,
        FIREBASE_SERVICE_ACCOUNT: SECRETS.FIREBASE_SERVICE_ACCOUNT,
        CHECK_REVOKED: 'on',
      },
      { openFirebase: async () => ({ app: google.app, close: async () => {} }) },
    );
  }
  const refusal = (message: string) => (response: ServerResponse) =>
    sendJson(response, 403, { error: { code: 403, message, status: 'PERMISSION_DENIED' } });

  it('is good when nobody has the uid', async () => {
    expect(await askGoogle((response) => sendJson(response, 200, {}))).toMatchObject({
      result: 'ok',
      detail: 'accounts of demo-switchboard can be looked up',
    });
  });

  it.each([
    ['INSUFFICIENT_PERMISSION', /may not look up accounts/, /roles\/firebaseauth\.viewer/],
    ['The caller does not have permission', /may not look up/, /roles\/firebaseauth\.viewer/],
    [
      'Identity Toolkit API has not been used in project 1 before or it is disabled.',
      /is not enabled/,
      /^gcloud services enable identitytoolkit\.googleapis\.com --project=demo-switchboard$/,
    ],
    [
      'Caller does not have required permission to use project. Grant the caller the roles/serviceusage.serviceUsageConsumer role',
      /may not use the project/,
      /roles\/serviceusage\.serviceUsageConsumer/,
    ],
    ['CONFIGURATION_NOT_FOUND', /has no Firebase Authentication/, /FIREBASE_PROJECT_ID/],
  ])('that is refused names the role or the command: %s', async (message, detail, fix) => {
    expect(await askGoogle(refusal(message))).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(detail),
      fix: expect.stringMatching(fix),
    });
  });
});

describe('Firestore', () => {
  const asked: string[] = [];
  async function readFirestore(read: () => Promise<undefined>): Promise<Row> {
    const { env } = await setUp();
    const firestore = {
      ...env,
      FIREBASE_SERVICE_ACCOUNT: SECRETS.FIREBASE_SERVICE_ACCOUNT,
      ROOM_ACCESS: 'firestore',
      FIRESTORE_ROOM_PATH: 'chats/{roomName}',
    };
    const app = { options: { credential: { getAccessToken: async () => ({}) } } };
    return rowOf('Room access', firestore, {
      openFirebase: async () => ({ app, close: async () => {} }),
      readFirestore:
        () =>
        ({ path }) => {
          asked.push(path);
          return read();
        },
    });
  }
  const grpc = (code: number, message: string) => async () => {
    throw Object.assign(new Error(`${code} ${message}`), { code });
  };

  it('is read once', async () => {
    expect((await readFirestore(async () => undefined)).result).toBe('ok');
    expect(asked).toEqual([expect.stringMatching(/^chats\/[\w-]+$/)]);
  });

  it.each([
    [7, 'PERMISSION_DENIED: recognizable', /may not read Firestore/, /roles\/datastore\.viewer/],
    [
      7,
      'PERMISSION_DENIED: Cloud Firestore API has not been used in project x before or it is disabled',
      /is not enabled/,
      /^gcloud services enable firestore\.googleapis\.com --project=demo-switchboard$/,
    ],
    [5, 'NOT_FOUND: recognizable', /has no Firestore database/, /FIREBASE_PROJECT_ID/],
    [14, 'UNAVAILABLE: recognizable', /out of reach/, /let this machine out/],
    [13, 'INTERNAL: recognizable', /^asking firestore\.googleapis\.com failed/, /./],
  ])('that cannot be read fails: %i %s', async (code, message, detail, fix) => {
    expect(await readFirestore(grpc(code, message))).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(detail),
      fix: expect.stringMatching(fix),
    });
  });
});
