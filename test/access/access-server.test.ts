// The receiving side in examples/, asked through the whole switchboard.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOUNTS, type Mount } from '../mounts.ts';
import { type Stage, setStage } from '../stage.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/access-server/server.js', import.meta.url));
const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

let example: ChildProcess;
let url: string;
let stage: Stage;

beforeAll(async () => {
  example = spawn(process.execPath, [EXAMPLE], {
    env: { ACCESS_SECRET: SECRET, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(example.stdout as NonNullable<typeof example.stdout>, 'data');
  const port = /listening on port (\d+)/.exec(String(said))?.[1];
  url = `http://127.0.0.1:${port}/room-access`;
  stage = await setStage(MOUNTS[0] as Mount, {
    roomAccess: 'http',
    accessUrl: url,
    accessSecret: SECRET,
  });
});
afterAll(async () => {
  await stage?.close();
  const gone = once(example, 'exit');
  example.kill();
  await gone;
});

/** What the token opens, or the code of the refusal. */
async function videoGrantOf(uid: string, roomName: string, claims = {}, on = stage) {
  const { body } = await on.ask({
    token: on.idToken({ sub: uid, ...claims }),
    body: { roomName, participantIdentity: uid },
  });
  return body.token === undefined ? body.code : decodeJwt(body.token).video;
}

const JOIN = { room: 'team-standup', roomJoin: true, canPublish: true, canSubscribe: true };

describe('the access server in examples/', () => {
  it('lets those in who are in the room, each with what is theirs', async () => {
    expect(await videoGrantOf('alice', 'team-standup')).toEqual(JOIN);
    expect(await videoGrantOf('carol', 'team-standup')).toEqual({ ...JOIN, canPublish: false });
    expect(await videoGrantOf('alice', 'voice-only')).toEqual({
      ...JOIN,
      room: 'voice-only',
      canPublishSources: ['microphone'],
    });
  });

  it('sees the custom claims', async () => {
    const grant = await videoGrantOf('dave', 'team-standup', { auditor: true });
    expect(grant).toEqual({ ...JOIN, canPublish: false });
  });

  it('keeps everybody else out, whether or not there is such a room', async () => {
    expect(await videoGrantOf('mallory', 'team-standup')).toBe('room_forbidden');
    expect(await videoGrantOf('alice', 'no-such-room')).toBe('room_forbidden');
    expect(await videoGrantOf('constructor', '__proto__')).toBe('room_forbidden');
  });

  it('answers nobody who does not know the secret, and then nobody enters', async () => {
    const text = JSON.stringify({ uid: 'alice', roomName: 'team-standup', user: { claims: {} } });
    const unsigned = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: text,
    });
    expect(unsigned.status).toBe(401);

    const other = await setStage(MOUNTS[0] as Mount, {
      roomAccess: 'http',
      accessUrl: url,
      accessSecret: Buffer.alloc(32, 8).toString('base64'),
    });
    expect(await videoGrantOf('alice', 'team-standup', {}, other)).toBe('access_unavailable');
    await other.close();
  });
});
