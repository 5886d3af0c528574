// The whole way of a Flutter app, request by request: it signs in with Firebase's SDK, asks the
// backend that the packed package was installed in, and meets somebody in a LiveKit room.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../scripts/commands.ts';
import { installHost } from '../../scripts/package-hosts.ts';
import { base64url, PROJECT_ID } from '../fakes/firebase.ts';
import { SERVER_SAYS_LISTENING } from './backend.ts';
import { startChild } from './child.ts';
import { join, mediaFrom } from './clients.ts';
import { endings } from './endings.ts';
import {
  type AuthEmulator,
  INSTALLED_WITHIN_MS,
  type SignedIn,
  startAuthEmulator,
} from './firebase.ts';
import { LIVEKIT_KEY, LIVEKIT_SECRET, type LiveKit, startLiveKit } from './livekit.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const HOSTS = fileURLToPath(new URL('./hosts/', import.meta.url));
const SHIM = joinPath('node_modules', '.bin', 'livekit-switchboard');
const keep = endings();
let work: string;
let livekit: LiveKit;
let auth: AuthEmulator;
let alice: SignedIn;
let bob: SignedIn;

beforeAll(async () => {
  work = mkdtempSync(joinPath(tmpdir(), 'livekit-switchboard-e2e-'));
  keep({ stop: async () => rmSync(work, { recursive: true, force: true }) });
  await run('npm', ['pack', '--pack-destination', work], { cwd: ROOT });
  const tarball = joinPath(work, readdirSync(work).find((name) => name.endsWith('.tgz')) ?? '');
  const install = (host: string) =>
    installHost(joinPath(HOSTS, host), joinPath(work, host), [tarball, '--prefer-offline']);
  await Promise.all(['express4', 'express5'].map(install));
  livekit = keep(await startLiveKit());
  auth = keep(await startAuthEmulator());
  alice = await auth.signUp('alice@example.com', 'Alice Ångström');
  bob = await auth.signUp('bob@example.com', 'Bob 🎧 Okafor');
}, INSTALLED_WITHIN_MS);

interface Answer {
  readonly status: number;
  readonly body: Record<string, string>;
}

const HOST = { args: ['app.js'], says: /listening on http.*:(\d+)/, hasOwnRoutes: true };
const SERVE = { args: [SHIM, 'serve'], says: SERVER_SAYS_LISTENING, hasOwnRoutes: false };

describe.each([
  { backend: 'Express 5', folder: 'express5', ...HOST },
  { backend: 'CommonJS, Express 4', folder: 'express4', ...HOST },
  { backend: 'our own server', folder: 'express5', ...SERVE },
])('against $backend', ({ backend, folder, args, says, hasOwnRoutes }) => {
  let origin: string;

  beforeAll(async () => {
    const child = startChild({
      command: process.execPath,
      args,
      cwd: joinPath(work, folder),
      env: {
        FIREBASE_PROJECT_ID: PROJECT_ID,
        FIREBASE_AUTH_EMULATOR_HOST: auth.host,
        LIVEKIT_API_KEY: LIVEKIT_KEY,
        LIVEKIT_API_SECRET: LIVEKIT_SECRET,
        LIVEKIT_URL: livekit.url,
        HOST: '127.0.0.1',
        PORT: '0',
        DRAIN_SECONDS: '0',
      },
    });
    keep(child);
    const [, port] = await child.says(says);
    origin = `http://127.0.0.1:${port}`;
  });

  /** As Dart's `http.post(url, headers: …, body: jsonEncode(…))` sends it. */
  async function post(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(origin + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }
  const ask = (body: unknown, idToken: string, headers = {}) =>
    post('/api/calls/livekit-token', body, { authorization: `Bearer ${idToken}`, ...headers });
  const wish = (user: SignedIn, roomName = backend) => ({
    roomName,
    participantIdentity: user.uid,
  });

  it('two people sign in, ask, and see and hear each other', async () => {
    const clients = [];
    for (const user of [alice, bob]) {
      const { status, body } = await ask(wish(user), await user.idToken());
      const { token = '', server_url: serverUrl, expires_at: expiresAt = '' } = body;
      expect([status, serverUrl, body.participant_token === token]).toEqual([
        200,
        livekit.url,
        true,
      ]);
      expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
      const client = keep(await join(livekit.url, token));
      await client.publishMicrophone();
      await client.publishCamera();
      clients.push(client);
    }
    const [first, second] = clients as [(typeof clients)[0], (typeof clients)[0]];
    await mediaFrom(first, second);
    await mediaFrom(second, first);
    const byName = (await livekit.participants(backend)).toSorted((a, b) =>
      a.name.localeCompare(b.name),
    );
    expect(byName).toEqual([
      { identity: alice.uid, name: 'Alice Ångström', tracks: ['CAMERA', 'MICROPHONE'] },
      { identity: bob.uid, name: 'Bob 🎧 Okafor', tracks: ['CAMERA', 'MICROPHONE'] },
    ]);
    for (const client of clients) await client.stop();
  });

  it('livekit_client’s TokenSource asks in its own form', async () => {
    const answer = await ask({ room_name: 'standard', room_config: {} }, await bob.idToken());
    expect(answer).toMatchObject({ status: 200, body: { server_url: livekit.url } });
  });

  it('a renewed ID token is as good', async () => {
    expect(await ask(wish(alice), await alice.idToken(true))).toMatchObject({ status: 200 });
  });

  it('somebody without an account but signed in gets a token too', async () => {
    const guest = await auth.signInAnonymously();
    expect(await ask(wish(guest), await guest.idToken())).toMatchObject({ status: 200 });
  });

  it('nobody gets a token without signing in', async () => {
    expect(await post('/api/calls/livekit-token', wish(alice))).toMatchObject({
      status: 401,
      body: { error: 'Unauthorized: No token provided.', code: 'id_token_missing' },
    });
  });

  it('nobody gets a token for somebody else', async () => {
    expect(await ask(wish(alice), await bob.idToken())).toMatchObject({
      status: 403,
      body: { code: 'identity_mismatch' },
    });
  });

  it('an ID token of another project is refused', async () => {
    const [header, claims = ''] = (await alice.idToken()).split('.');
    const own = JSON.parse(Buffer.from(claims, 'base64url').toString());
    const foreign = base64url(JSON.stringify({ ...own, aud: 'demo-other' }));
    expect(await ask(wish(alice), `${header}.${foreign}.`)).toMatchObject({
      status: 403,
      body: { error: 'Unauthorized: Invalid token.', code: 'id_token_invalid' },
    });
  });

  it('a request without a room, and one whose content type was forgotten, learn what is wrong', async () => {
    const idToken = await alice.idToken();
    expect(await ask({ participantIdentity: alice.uid }, idToken)).toMatchObject({
      status: 400,
      body: { error: 'roomName and participantIdentity are required.' },
    });
    const asText = { 'content-type': 'text/plain; charset=utf-8' };
    expect(await ask(wish(alice), idToken, asText)).toMatchObject({
      status: 415,
      body: {
        code: 'content_type_unsupported',
        error: expect.stringContaining('application/json'),
      },
    });
  });

  if (!hasOwnRoutes) return;

  it('the backend’s own routes are as they were', async () => {
    const text = async (path: string) => (await fetch(origin + path)).text();
    expect(await text('/api/hello')).toBe('hello');
    expect(await text('/api/calls/of-the-host')).toBe('still here');
    expect(await post('/api/messages', { text: 'good morning' })).toEqual({
      status: 201,
      body: { said: 'good morning' },
    });
  });
});
