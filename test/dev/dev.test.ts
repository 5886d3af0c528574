// Development mode in this process: its routes, and who may ask them.
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevelopment, type Development } from '../../src/dev/dev.ts';
import { GOOD_BODY } from '../stage.ts';

/** What an environment of real work could hold. Nothing of it may count. */
const REAL_ENV = {
  // As toolchains and shells set it.
  HOST: 'x86_64-linux-gnu',
  FIREBASE_PROJECT_ID: 'real-project',
  FIREBASE_KEYS_URL: 'https://keys.example',
  LIVEKIT_API_KEY: 'real-key',
  LIVEKIT_API_SECRET_FILE: '/nowhere',
  GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/key.json',
  CHECK_REVOKED: 'true',
  FCM: 'on',
  FIRESTORE_PROFILE_PATH: 'users/{uid}',
  APP_CHECK: 'enforce',
};

let development: Development;
let url: string;
let said = '';
beforeAll(async () => {
  const env = { PORT: '0', LIVEKIT_SERVER: 'off', DATABASE_URL: 'sqlite::memory:', ...REAL_ENV };
  development = createDevelopment(env, (text) => {
    said += text;
  });
  url = await development.start();
});
afterAll(() => development.stop());

const textOf = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();

async function askAs(idToken: string) {
  const response = await fetch(`${url}/api/calls/livekit-token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${idToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(GOOD_BODY),
  });
  return { status: response.status, body: await response.json() };
}

/** With a Host header of one's own, which fetch does not allow. */
function statusWithHost(path: string, host: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const sent = request(`${url}${path}`, { headers: { host } }, (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  sent.on('error', reject).end();
  return promise;
}

function outcomeOfConnecting(host: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = createConnection({ host, port: Number(new URL(url).port), timeout: 2000 });
  const settle = (outcome: string | undefined) => {
    socket.destroy();
    resolve(outcome);
  };
  socket.on('connect', () => settle('connected'));
  socket.on('timeout', () => settle('timeout'));
  socket.on('error', ({ code }: NodeJS.ErrnoException) => settle(code));
  return promise;
}

describe('the identity provider', () => {
  it.each(['alice', 'bob', 'carol'])('signs %s an ID token of Firebase’s shape', async (uid) => {
    const [header, claims] = (await textOf(`/dev/id-token/${uid}`))
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    const [key] = JSON.parse(await textOf('/dev/keys')).keys;
    expect(header).toEqual({ alg: 'RS256', kid: key.kid, typ: 'JWT' });
    expect(claims).toMatchObject({
      iss: 'https://securetoken.google.com/demo-switchboard',
      aud: 'demo-switchboard',
      sub: uid,
      user_id: uid,
      exp: claims.iat + 3600,
      auth_time: claims.iat,
      firebase: { identities: {}, sign_in_provider: expect.any(String) },
    });
  });

  it('publishes the public half of its key, with a lifetime', async () => {
    const response = await fetch(`${url}/dev/keys`);
    expect(response.headers.get('cache-control')).toMatch(/max-age=3600/);
    const { keys } = (await response.json()) as { keys: object[] };
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  it('is believed by the token endpoint', async () => {
    const answer = await askAs(await textOf('/dev/id-token/alice'));
    expect(answer).toMatchObject({ status: 200, body: { server_url: 'ws://localhost:7880' } });
  });

  it('makes an expired token too, which is refused as such', async () => {
    const answer = await askAs(await textOf('/dev/id-token/alice?expired'));
    expect(answer).toMatchObject({ status: 403, body: { code: 'id_token_expired' } });
  });

  it('knows no strangers', async () => {
    expect((await fetch(`${url}/dev/id-token/mallory`)).status).toBe(404);
    expect((await fetch(`${url}/dev/id-token/`)).status).toBe(404);
  });
});

describe('the page', () => {
  it('is served with all that it names, and a policy that keeps to this machine', async () => {
    const response = await fetch(`${url}/`);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'");
    expect(policy).toContain("connect-src 'self' ws://localhost:7880 http://localhost:7880;");
    const page = await response.text();
    const named = [...page.matchAll(/(?:src|href)="(\/dev\/[^"]+)"/g)].map(([, path]) => path);
    expect(named.length).toBeGreaterThanOrEqual(3);
    for (const path of named) expect((await fetch(`${url}${path}`)).status, path).toBe(200);
    expect(page).not.toMatch(/https?:\/\//);
  });

  it('finds every module that it imports, the client’s among them, as plain JavaScript', async () => {
    const asked = new Set(['/dev/page/main.js']);
    for (const path of asked) {
      const response = await fetch(`${url}${path}`);
      expect(response.status, path).toBe(200);
      expect(response.headers.get('content-type'), path).toBe('text/javascript; charset=utf-8');
      const source = await response.text();
      expect(source, path).not.toMatch(/^(?:export )?(?:interface|type) |^import type /m);
      for (const [, name = ''] of source.matchAll(
        /^(?:import|export)\b[^;]*? from ['"]([^'"]+)['"]/gm,
      )) {
        asked.add(new URL(name, `${url}${path}`).pathname);
      }
    }
    expect(asked).toContain('/dev/page/phone.js');
    expect(asked).toContain('/dev/client/index.ts');
    expect(asked).toContain('/dev/client/feed.ts');
  });

  it('brings LiveKit’s client along', async () => {
    expect(await textOf('/dev/livekit-client.js')).toContain('LivekitClient');
    const status = JSON.parse(await textOf('/dev/status'));
    expect(status).toEqual({
      endpoint: '/api/calls/livekit-token',
      callsPath: '/api/calls',
      ringAccess: 'any',
      rules: expect.objectContaining({ ringMs: 45_000, answerGraceMs: 10_000 }),
      liveKitUrl: 'ws://localhost:7880',
      liveKitAnswers: expect.any(Boolean),
      liveKitClientInstalled: true,
      canBuildLiveKit: true,
    });
  });

  it.each([
    '/dev',
    '/dev/',
    '/dev/nothing',
    '/dev/page/',
    '/dev/page/nothing.js',
    '/dev/page/..%2fdev.ts',
    '/dev/page/%2e%2e%2fdev.ts',
    '/dev/page/%',
    '/dev/client/nothing.ts',
    '/dev/client/..%2fdev%2fdev.ts',
    '/dev/keys/x',
    '/dev/constructor',
  ])('has nothing at %s', async (path) => {
    expect((await fetch(`${url}${path}`)).status).toBe(404);
  });

  it('is only read', async () => {
    const response = await fetch(`${url}/dev/id-token/alice`, { method: 'POST' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it('leaves the switchboard’s own routes alone', async () => {
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${url}/devious`)).json()).toMatchObject({ code: 'not_found' });
  });
});

describe('calls', () => {
  const askCalls = async (uid: string, path: string, init: RequestInit = {}) => {
    const authorization = `Bearer ${await textOf(`/dev/id-token/${uid}`)}`;
    const headers = { authorization, 'content-type': 'application/json' };
    return fetch(`${url}/api/calls${path}`, { ...init, headers });
  };

  it('ring at once, without a database or a LiveKit server of one’s own', async () => {
    const body = JSON.stringify({ callees: ['bob'], kind: 'audio', deviceId: 'a test' });
    const placed = await askCalls('alice', '', { method: 'POST', body });
    expect(placed.status).toBe(201);
    const { calls } = (await (await askCalls('bob', '?live=1')).json()) as {
      calls: { caller: string; me: object }[];
    };
    expect(calls).toMatchObject([{ caller: 'alice', me: { state: 'ringing' } }]);
  });

  it('are known by who has a feed open, whatever app it is', async () => {
    expect(JSON.parse(await textOf('/dev/presence'))).toEqual({ alice: 0, bob: 0, carol: 0 });
    const feed = new AbortController();
    const { signal } = feed;
    await askCalls('carol', '/events', { signal });
    expect(JSON.parse(await textOf('/dev/presence'))).toEqual({ alice: 0, bob: 0, carol: 1 });
    feed.abort();
    await expect
      .poll(async () => JSON.parse(await textOf('/dev/presence')), { timeout: 5_000 })
      .toEqual({ alice: 0, bob: 0, carol: 0 });
  });
});

describe('who may ask', () => {
  it.each(['localhost', 'LOCALHOST:3000', '127.0.0.1:3000', '[::1]:3000'])(
    'a page at %s',
    async (host) => {
      expect(await statusWithHost('/dev/id-token/alice', host)).toBe(200);
    },
  );

  it.each(['10.0.2.2:3000', '192.168.1.20:3000', '[fd00::2]:3000'])(
    'whoever names an address, as %s: no DNS has led him here',
    async (host) => {
      expect(await statusWithHost('/dev/id-token/alice', host)).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'evil.example:3000',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    'my-laptop.local',
    '10.0.2.2.',
    '[::1',
  ])('not a page at "%s", though its name leads here', async (host) => {
    expect(await statusWithHost('/dev/id-token/alice', host)).toBe(421);
    expect(await statusWithHost('/', host)).toBe(421);
  });

  it('not a page of another origin', async () => {
    const { headers } = await fetch(`${url}/dev/id-token/alice`, {
      headers: { origin: 'https://evil.example' },
    });
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('not another machine', async () => {
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address }) => address);
    // Linux has the whole of 127/8 on its loopback.
    if (process.platform === 'linux') addresses.push('127.0.0.2');
    for (const address of addresses) {
      expect(await outcomeOfConnecting(address), address).not.toBe('connected');
    }
    expect(await outcomeOfConnecting('127.0.0.1')).toBe('connected');
  });
});

it('tells the address and the users, and no token', () => {
  expect(said).toContain(`${url}/\n`);
  expect(said).toContain('alice, bob, carol');
  expect(said).not.toContain('eyJ');
  expect(said).not.toContain('real-');
});

it('tells what of the environment counts, and what does not', () => {
  expect(said).toContain('rooms     every user may enter every room (ROOM_ACCESS=any)');
  expect(said).toContain('calls     kept where DATABASE_URL says\n');
  expect(said).toContain(
    'pushes    to stand-ins for FCM and APNs, and so to the phones on the page\n',
  );
  expect(said).toContain('settings  DATABASE_URL of the environment\n');
  expect(said).toContain(
    'put aside: FIREBASE_PROJECT_ID, FIREBASE_KEYS_URL, GOOGLE_APPLICATION_CREDENTIALS, ' +
      'CHECK_REVOKED, APP_CHECK, LIVEKIT_API_KEY, LIVEKIT_API_SECRET_FILE, FIRESTORE_PROFILE_PATH, ' +
      'FCM\n',
  );
  expect(said).toContain('put aside: HOST=x86_64-linux-gnu, which is no address\n');
  expect(said).not.toContain('WARNING');
});
