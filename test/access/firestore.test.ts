// The real SDK, before servers that are no Firestore.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, deleteApp, initializeApp } from 'firebase-admin/app';
import { getFirestore, initializeFirestore } from 'firebase-admin/firestore';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openFirestore } from '../../src/access/firestore.ts';
import { systemClock } from '../../src/base/clock.ts';
import { PROJECT_ID } from '../fakes/firebase.ts';
import { startLiveKitApi } from '../fakes/livekit-api.ts';
import { MOUNTS, type Mount } from '../mounts.ts';
import { setStage } from '../stage.ts';

let app: App;
let server: Server;
const sockets = new Set<Socket>();

beforeEach(() => {
  // Google's libraries would look for a machine of Google's around them.
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  app = initializeApp({ projectId: PROJECT_ID }, 'firestore-test');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await deleteApp(app);
  for (const socket of sockets) socket.destroy();
  await new Promise((done) => server.close(done));
});

const standIns: Record<string, () => Server> = {
  'accepts and hangs': () => createServer(),
  'cuts every connection': () => createServer((socket) => void socket.destroy()),
  'answers 500': () =>
    createHttpServer((_req, res) => void res.writeHead(500).end('{"error":"down"}')),
  'answers nonsense': () =>
    createServer((socket) => void socket.on('data', () => socket.write('<html>sign in</html>'))),
  'is not there': () => createServer(),
};

/** Starts it and leads the SDK there. */
async function startStandIn(name: string): Promise<{ connected: Promise<unknown> }> {
  const standIn = standIns[name] as () => Server;
  server = standIn();
  const connected = new Promise((resolve) => server.once('connection', resolve));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('FIRESTORE_EMULATOR_HOST', `127.0.0.1:${port}`);
  if (name !== 'is not there') return { connected };
  await new Promise((done) => server.close(done));
  return { connected: Promise.resolve() };
}

describe('a Firestore out of reach lets nobody in, within 2 s:', () => {
  it.each(Object.keys(standIns))('one that %s', async (name) => {
    const { connected } = await startStandIn(name);
    const stage = await setStage(MOUNTS[0] as Mount, {
      roomAccess: 'firestore',
      firebaseApp: app,
      firestoreRoomPath: 'chats/{roomName}',
    });
    const answer = stage.ask();
    await connected;
    await vi.waitFor(() => expect(stage.clock.waiting()).toContain(2_000));
    stage.clock.advance(2_000);
    const { status, headers, body } = await answer;
    expect({ status, code: body.code, retryAfter: headers.get('retry-after') }).toEqual({
      status: 503,
      code: 'access_unavailable',
      retryAfter: '5',
    });
    await stage.close();
  });
});

describe('the start of a switchboard', () => {
  it.each(['accepts and hangs', 'cuts every connection'])(
    'waits 5 s for a Firestore that %s, and says so in the log',
    async (name) => {
      const { connected } = await startStandIn(name);
      const stage = await setStage(MOUNTS[1] as Mount, {
        roomAccess: 'firestore',
        firebaseApp: app,
        firestoreRoomPath: 'chats/{roomName}',
      });
      let hasStarted = false;
      const started = stage.switchboard.start().then(() => {
        hasStarted = true;
      });
      await connected;
      await vi.waitFor(() => expect(stage.switchboard.readiness().ready).toBe(true));
      stage.clock.advance(4_999);
      expect(hasStarted).toBe(false);
      stage.clock.advance(1);
      await started;
      expect(stage.log.lines).toMatchObject([
        { level: 'debug', message: 'public keys fetched' },
        {
          level: 'warn',
          message: 'Firestore could not be asked yet',
          fields: { err: { name: 'DeadlineError' } },
        },
      ]);
      await stage.close();
    },
  );
});

describe('names in a Firestore out of reach', () => {
  it('stop no ring: after a second that of the ID token is taken', async () => {
    const { connected } = await startStandIn('accepts and hangs');
    const livekit = await startLiveKitApi({ clock: systemClock });
    const stage = await setStage(MOUNTS[1] as Mount, {
      database: 'sqlite::memory:',
      livekitUrl: livekit.url,
      ringAccess: 'any',
      firebaseApp: app,
      firestoreProfilePath: 'users/{uid}',
      fcm: false,
    });
    const started = stage.switchboard.start();
    await connected;
    await vi.waitFor(() => expect(stage.switchboard.readiness().missing).toEqual([]));
    stage.clock.advance(5_000);
    await started;
    const answer = fetch(stage.tokenUrl.replace(/\/livekit-token$/, ''), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${stage.idToken({ sub: 'alice', name: 'Alice' })}`,
      },
      body: JSON.stringify({ callees: ['bob'], kind: 'audio', deviceId: 'alice-1' }),
    });
    await vi.waitFor(() => expect(stage.clock.waiting()).toContain(1_000));
    stage.clock.advance(1_000);
    const response = await answer;
    const { call } = (await response.json()) as { call: { parties: { name?: string }[] } };
    expect([response.status, call.parties[0]?.name]).toEqual([201, 'Alice']);
    const warnings = stage.log.lines.filter(({ level }) => level === 'warn');
    expect(warnings.map(({ message }) => message)).toEqual([
      'Firestore could not be asked for names yet',
      'the name of a caller could not be asked for: the next source is taken',
    ]);
    await stage.close();
    await livekit.close();
  });
});

describe('without credentials', () => {
  it('nobody enters, and nothing ends the process', async () => {
    const home = mkdtempSync(join(tmpdir(), 'no-credentials-'));
    vi.stubEnv('HOME', home);
    vi.stubEnv('FIRESTORE_EMULATOR_HOST', undefined);
    server = createServer();
    const { questions } = openFirestore({ app }, systemClock);
    const room = { path: 'chats/room-1', field: ['members'] };
    // An unhandled rejection would fail the run.
    await expect(questions.isInList(room, 'alice')).rejects.toThrow(
      /cannot be asked without credentials: .* FIRESTORE_EMULATOR_HOST/,
    );
    rmSync(home, { recursive: true });
  });
});

describe('an App that no Firestore can be had of', () => {
  it('is a fault at start, is in the log, and lets nobody in', async () => {
    await startStandIn('accepts and hangs');
    const credential = { getAccessToken: async () => ({ access_token: 'x', expires_in: 3600 }) };
    const odd = initializeApp({ projectId: PROJECT_ID, credential }, 'odd');
    const stage = await setStage(MOUNTS[1] as Mount, {
      roomAccess: 'firestore',
      firebaseApp: odd,
      firestoreRoomPath: 'chats/{roomName}',
    });
    expect((await stage.ask()).body.code).toBe('access_unavailable');
    await expect(stage.switchboard.start()).rejects.toThrow(TypeError);
    expect(stage.log.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: 'Firestore cannot be asked with these settings',
      }),
    );
    await stage.close();
    await deleteApp(odd);
  });
});

describe('a Firestore that cannot be asked any more, or not so,', () => {
  const room = { path: 'chats/room-1', field: ['members'] };

  it('because the host has closed it, rejects, and ends no process', async () => {
    await startStandIn('accepts and hangs');
    const firestore = getFirestore(app);
    const { questions } = openFirestore({ app }, systemClock);
    await firestore.terminate();
    await expect(questions.isInList(room, 'alice')).rejects.toThrow(
      'this Firestore was terminated',
    );
  });

  it('because it goes by REST without credentials, rejects, and ends no process', async () => {
    await startStandIn('accepts and hangs');
    const home = mkdtempSync(join(tmpdir(), 'no-credentials-'));
    vi.stubEnv('HOME', home);
    initializeFirestore(app, { preferRest: true });
    const { questions } = openFirestore({ app }, systemClock);
    await expect(questions.isInList(room, 'alice')).rejects.toThrow(/without credentials/);
    rmSync(home, { recursive: true });
  });
});
