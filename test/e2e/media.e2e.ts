// Two people in a call: our server's tokens, a real LiveKit, real sound and picture.
import { AccessToken } from 'livekit-server-sdk';
import { beforeAll, describe, expect, it } from 'vitest';
import { base64url } from '../fakes/firebase.ts';
import { type Backend, startBackend } from './backend.ts';
import { join, knock, mediaFrom } from './clients.ts';
import { endings } from './endings.ts';
import { LIVEKIT_KEY, LIVEKIT_SECRET, type LiveKit, startLiveKit } from './livekit.ts';
import { until } from './until.ts';

const keep = endings();
let livekit: LiveKit;
let backend: Backend;

beforeAll(async () => {
  livekit = keep(await startLiveKit());
  backend = keep(await startBackend(livekit));
});

const ticket = (uid: string, roomName: string) => backend.tokenFor({ uid, roomName });
const enter = async (uid: string, roomName: string) =>
  keep(await join(livekit.url, await ticket(uid, roomName)));

describe('a call', () => {
  it('carries sound and picture both ways', async () => {
    const alice = await enter('alice', 'call');
    const bob = await enter('bob', 'call');
    for (const client of [alice, bob]) {
      expect(await client.publishMicrophone()).toBe(true);
      expect(await client.publishCamera()).toBe(true);
    }
    await mediaFrom(bob, alice);
    await mediaFrom(alice, bob);
    expect(await livekit.participants('call')).toMatchObject([
      { identity: 'alice', tracks: ['CAMERA', 'MICROPHONE'] },
      { identity: 'bob', tracks: ['CAMERA', 'MICROPHONE'] },
    ]);
  });

  it('is only for the holders of a token of its room', async () => {
    const carol = await enter('carol', 'room-a');
    const dave = await enter('dave', 'room-b');
    expect([carol.roomName, dave.roomName]).toEqual(['room-a', 'room-b']);
    expect(await identities('room-a')).toEqual(['carol']);
    expect(await identities('room-b')).toEqual(['dave']);
  });

  it('is not changed by a room name beside the token', async () => {
    const query = new URLSearchParams({
      access_token: await ticket('erin', 'room-of-erin'),
      room: 'room-of-frank',
    });
    const socket = new WebSocket(`${livekit.url}/rtc?${query}`);
    keep({ stop: async () => socket.close() });
    await until('erin is in her room', async () =>
      (await identities('room-of-erin')).includes('erin'),
    );
    expect(await livekit.roomNames()).not.toContain('room-of-frank');
  });

  it('is not for a token without a room', async () => {
    expect(await knock(livekit.url, await signed({ ttlS: 60 }))).toBe('400');
  });
});

describe('a LiveKit token', () => {
  it('of ours opens the door', async () => {
    expect(await knock(livekit.url, await ticket('grace', 'door'))).toBe('joined');
  });

  it('is refused after its room was changed', async () => {
    const [header, claims = '', signature] = (await ticket('grace', 'door')).split('.');
    const { video, ...rest } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    const changed = base64url(JSON.stringify({ ...rest, video: { ...video, room: 'vault' } }));
    expect(await knock(livekit.url, `${header}.${changed}.${signature}`)).toBe('401');
    expect(await livekit.roomNames()).not.toContain('vault');
  });

  it('is refused two minutes after its end', async () => {
    expect(await knock(livekit.url, await signed({ room: 'door', ttlS: 60 }))).toBe('joined');
    expect(await knock(livekit.url, await signed({ room: 'door', ttlS: -120 }))).toBe('401');
  });

  it('gives no power over rooms', async () => {
    const token = await ticket('grace', 'door');
    for (const method of ['ListRooms', 'CreateRoom', 'DeleteRoom', 'ListParticipants']) {
      const response = await fetch(`${livekit.httpUrl}/twirp/livekit.RoomService/${method}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(method === 'CreateRoom' ? { name: 'door' } : { room: 'door' }),
      });
      expect(await response.json(), method).toMatchObject({ code: 'unauthenticated' });
    }
  });
});

const identities = async (roomName: string): Promise<string[]> =>
  (await livekit.participants(roomName)).map(({ identity }) => identity);

function signed({ room, ttlS }: { room?: string; ttlS: number }): Promise<string> {
  const token = new AccessToken(LIVEKIT_KEY, LIVEKIT_SECRET, { identity: 'heidi', ttl: ttlS });
  token.addGrant({ roomJoin: true, ...(room === undefined ? {} : { room }) });
  return token.toJwt();
}
