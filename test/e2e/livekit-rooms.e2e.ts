// The rooms of calls at a real LiveKit: how they are made, who is in them, how they end, and what
// LiveKit tells of it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  RoomEvent as ClientEvent,
  DisconnectReason,
  dispose,
  Room,
  type RoomOptions,
} from '@livekit/rtc-node';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { RoomName } from '../../src/base/ids.ts';
import { userFromClaims } from '../../src/base/user.ts';
import { createLiveKitApi, type LiveKitApi } from '../../src/events/livekit-api.ts';
import {
  createWebhookVerifier,
  hashOf,
  type RoomEvent,
  roomEventIn,
} from '../../src/events/webhook.ts';
import { createTokenMint } from '../../src/tokens/livekit-token.ts';
import { createFakeLog } from '../fakes/log.ts';
import { endings } from './endings.ts';
import { LIVEKIT_KEY, LIVEKIT_SECRET, type LiveKit, startLiveKit } from './livekit.ts';
import { until } from './until.ts';

const KEYS = { apiKey: LIVEKIT_KEY, apiSecret: LIVEKIT_SECRET };
const ROOM_CONFIG = { emptyTimeout: 115, departureTimeout: 41, maxParticipants: 3 };

// The native library holds threads of its own; the last hook runs first.
afterAll(dispose);
const keep = endings();
const log = createFakeLog();
let livekit: LiveKit;
let api: LiveKitApi;
let rooms: RoomServiceClient;
const webhooks: { event: RoomEvent | undefined; fault: string | undefined }[] = [];

beforeAll(async () => {
  const verifier = createWebhookVerifier({ keys: [KEYS], clock: systemClock });
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const signed = verifier.signedHash(request.headers.authorization);
    const isOfBody = 'hash' in signed && signed.hash === hashOf(body);
    const fault = 'fault' in signed ? signed.fault : isOfBody ? undefined : 'another body';
    webhooks.push({ event: roomEventIn(body), fault });
    response.end();
  }).listen(0, '127.0.0.1');
  await until('the webhooks have somewhere to go', () => server.listening);
  keep({ stop: async () => void server.close() });
  const { port } = server.address() as AddressInfo;
  livekit = keep(
    await startLiveKit({ [LIVEKIT_KEY]: LIVEKIT_SECRET }, undefined, `http://127.0.0.1:${port}/`),
  );
  const { url } = livekit;
  api = createLiveKitApi({ url, keys: KEYS, roomConfig: ROOM_CONFIG, clock: systemClock, log });
  rooms = new RoomServiceClient(livekit.httpUrl, LIVEKIT_KEY, LIVEKIT_SECRET);
});

const roomNamed = (end: string) => `call_${end.padStart(22, 'x')}` as RoomName;

/** Joins with a token as calls have it. */
async function join(uid: string, roomName: RoomName) {
  const mint = createTokenMint({ ...KEYS, ttlSeconds: 600, roomConfig: ROOM_CONFIG });
  const user = userFromClaims(uid, {});
  const { token } = mint({ user, roomName, permissions: {} }, Date.now());
  const room = new Room();
  const { promise: gone, resolve } = Promise.withResolvers<DisconnectReason>();
  room.on(ClientEvent.Disconnected, resolve);
  await room.connect(livekit.url, token, {
    rtcConfig: { iceServers: [] },
  } as unknown as RoomOptions);
  keep({
    async stop() {
      if (room.isConnected) await room.disconnect();
    },
  });
  return { room, gone };
}

const eventsOf = (roomName: RoomName) =>
  webhooks.map(({ event }) => event).filter((event) => event?.room === roomName);

describe('a room of a call', () => {
  it('is made by its first token, with the settings in it', async () => {
    const roomName = roomNamed('by-token');
    await join('alice', roomName);
    expect(await rooms.listRooms([roomName])).toMatchObject([{ name: roomName, ...ROOM_CONFIG }]);
  });

  it('is made beforehand with the same settings', async () => {
    const roomName = roomNamed('beforehand');
    expect(await api.createRoom(roomName)).toBe(true);
    expect(await rooms.listRooms([roomName])).toMatchObject([{ name: roomName, ...ROOM_CONFIG }]);
    expect(await api.askRoom(roomName, 2000)).toEqual([]);
    expect(await api.existing([roomName, roomNamed('nowhere')])).toEqual([roomName]);
  });

  it('that LiveKit does not know has nobody in it, and can be deleted', async () => {
    const roomName = roomNamed('unknown');
    expect(await api.askRoom(roomName, 2000)).toEqual([]);
    expect(await api.existing([roomName])).toEqual([]);
    expect(await api.deleteRoom(roomName)).toBe(true);
    expect(await api.removeParticipant(roomName, 'alice')).toBe(true);
  });

  it('names who is in it as the webhook does, and who has left as he was', async () => {
    const roomName = roomNamed('people');
    const { room } = await join('bob', roomName);
    await until('LiveKit tells who has joined', () => eventsOf(roomName).length > 0);
    const present = await api.askRoom(roomName, 2000);
    expect(present).toMatchObject([{ identity: 'bob', sid: room.localParticipant?.sid }]);
    expect(Math.abs((present?.[0]?.joinedAtMs ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(eventsOf(roomName)).toMatchObject([{ type: 'joined', present: present?.[0] }]);
    await room.disconnect();
    await until('LiveKit tells who has left', () => eventsOf(roomName).length > 1);
    expect(eventsOf(roomName)[1]).toMatchObject({
      type: 'left',
      present: present?.[0],
      disconnectReason: 'CLIENT_INITIATED',
    });
    expect(await api.askRoom(roomName, 2000)).toEqual([]);
  });

  it('ends for everybody in it when it is deleted', async () => {
    const roomName = roomNamed('deleted');
    const all = await Promise.all(['carol', 'dave'].map((uid) => join(uid, roomName)));
    expect(await api.deleteRoom(roomName)).toBe(true);
    const reasons = await Promise.all(all.map(({ gone }) => gone));
    expect(reasons).toEqual([DisconnectReason.ROOM_DELETED, DisconnectReason.ROOM_DELETED]);
    await until('LiveKit tells that the room is over', () =>
      eventsOf(roomName).some((event) => event?.type === 'finished'),
    );
    const left = eventsOf(roomName).filter((event) => event?.type === 'left');
    expect(left).toMatchObject([
      { disconnectReason: 'ROOM_DELETED' },
      { disconnectReason: 'ROOM_DELETED' },
    ]);
  });

  it('loses whoever has no place in it', async () => {
    const roomName = roomNamed('removed');
    const { gone } = await join('mallory', roomName);
    expect(await api.removeParticipant(roomName, 'mallory')).toBe(true);
    expect(await gone).toBe(DisconnectReason.PARTICIPANT_REMOVED);
    expect(await api.askRoom(roomName, 2000)).toEqual([]);
  });

  it('has no room for more than it is to hold', async () => {
    const roomName = roomNamed('full');
    for (const uid of ['one', 'two', 'three']) await join(uid, roomName);
    await expect(join('four', roomName)).rejects.toThrow();
    expect(await api.askRoom(roomName, 2000)).toHaveLength(3);
  });
});

it('a person who comes again is another session, and the old one says why it has ended', async () => {
  const roomName = roomNamed('again');
  const first = await join('erin', roomName);
  await until('she is there', () => eventsOf(roomName).length > 0);
  const second = await join('erin', roomName);
  expect(await first.gone).toBe(DisconnectReason.DUPLICATE_IDENTITY);
  await until('LiveKit tells of both', () => eventsOf(roomName).length > 2);
  const sids = [first, second].map(({ room }) => room.localParticipant?.sid);
  expect(sids[0]).not.toBe(sids[1]);
  const events = eventsOf(roomName);
  const left = events.find((event) => event?.type === 'left');
  expect(left).toMatchObject({
    present: { identity: 'erin' },
    disconnectReason: 'DUPLICATE_IDENTITY',
  });
  const joined = events.flatMap((event) => (event?.type === 'joined' ? [event.present] : []));
  expect(joined[1]?.joinedAtMs).toBeGreaterThan(joined[0]?.joinedAtMs ?? Number.NaN);
  expect(await api.askRoom(roomName, 2000)).toEqual([joined[1]]);
});

it('every webhook was signed for its body, and LiveKit was never out of reach', () => {
  expect(webhooks.length).toBeGreaterThan(10);
  expect(webhooks.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(log.lines).toEqual([]);
});
