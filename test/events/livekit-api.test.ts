import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RoomName } from '../../src/base/ids.ts';
import { createLiveKitApi, type LiveKitApi } from '../../src/events/livekit-api.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { freePort } from '../fakes/free-port.ts';
import {
  type FakeLiveKitApi,
  LIVEKIT_KEYS,
  type LiveKitAnswer,
  startLiveKitApi,
} from '../fakes/livekit-api.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';

const ROOM = 'call_0123456789abcdefghijkl' as RoomName;
const OTHER = 'call_0123456789abcdefghijkm' as RoomName;
const ROOM_CONFIG = { emptyTimeout: 115, departureTimeout: 40, maxParticipants: 34 };

let clock: FakeClock;
let log: FakeLog;
let livekit: FakeLiveKitApi;
let api: LiveKitApi;

const apiAt = (url: string) =>
  createLiveKitApi({ url, keys: LIVEKIT_KEYS, roomConfig: ROOM_CONFIG, clock, log });

beforeEach(async () => {
  clock = createFakeClock();
  log = createFakeLog();
  livekit = await startLiveKitApi({ clock });
  api = apiAt(livekit.url);
});
afterEach(() => livekit.close());

/** What comes of a question that LiveKit has and leaves without an answer, when its time is over. */
async function afterTimeout<T>(ask: () => Promise<T>, ms: number): Promise<T> {
  const before = livekit.asked.length;
  const answer = ask();
  await vi.waitUntil(() => livekit.asked.length > before);
  clock.advance(ms);
  return answer;
}

describe('who is in a room', () => {
  it('is answered with identity, session and time of joining', async () => {
    const alice = livekit.enter(ROOM, 'alice');
    clock.advance(1500);
    const bob = livekit.enter(ROOM, 'bob');
    livekit.enter(OTHER, 'carol');
    expect(await api.askRoom(ROOM, 2000)).toEqual([alice, bob]);
    expect(bob.joinedAtMs - alice.joinedAtMs).toBe(1500);
  });

  it('is nobody in a room that LiveKit does not know', async () => {
    expect(await api.askRoom(ROOM, 2000)).toEqual([]);
    livekit.answerWith('not-found');
    expect(await api.askRoom(ROOM, 2000)).toEqual([]);
  });

  it('holds whoever is still on his way in, and nobody who has left', async () => {
    const alice = livekit.enter(ROOM, 'alice', { state: 'JOINING' });
    livekit.enter(ROOM, 'bob', { state: 'DISCONNECTED' });
    expect(await api.askRoom(ROOM, 2000)).toEqual([alice]);
  });

  it.each(['EGRESS', 'INGRESS', 'AGENT', 'SIP'])('leaves out the host’s own %s', async (kind) => {
    const alice = livekit.enter(ROOM, 'alice');
    livekit.enter(ROOM, 'EG_1', { kind });
    expect(await api.askRoom(ROOM, 2000)).toEqual([alice]);
  });

  it('has whole seconds where an older LiveKit knows no others', async () => {
    livekit.enter(ROOM, 'alice', { joinedAtMs: '0', joinedAt: '1795000000' });
    expect(await api.askRoom(ROOM, 2000)).toMatchObject([{ joinedAtMs: 1_795_000_000_000 }]);
  });
});

describe('no answer, which proves nothing, is', () => {
  it.each<LiveKitAnswer>([
    'cut',
    'error',
    'unavailable',
    'refuse',
    'page',
    'empty',
    'no-route',
    'redirect',
    'huge',
    'not-here',
    'nameless',
  ])('%s', async (answer) => {
    livekit.enter(ROOM, 'alice');
    livekit.answerWith(answer);
    expect(await api.askRoom(ROOM, 2000)).toBeUndefined();
    expect(livekit.asked.length).toBe(1);
  });

  it.each<LiveKitAnswer>(['hang', 'hang-halfway'])(
    '%s, as soon as the time is over',
    async (answer) => {
      livekit.answerWith(answer);
      expect(await afterTimeout(() => api.askRoom(ROOM, 1000), 1000)).toBeUndefined();
    },
  );

  it('what is to be done is given up after five seconds, and a list of rooms after two', async () => {
    livekit.answerWith('hang');
    expect(await afterTimeout(() => api.deleteRoom(ROOM), 5_000)).toBe(false);
    expect(await afterTimeout(() => api.removeParticipant(ROOM, 'mallory'), 5_000)).toBe(false);
    expect(await afterTimeout(() => api.existing([ROOM]), 2_000)).toBeUndefined();
  });

  it('a dead host', async () => {
    const dead = apiAt(`ws://127.0.0.1:${await freePort()}`);
    expect(await dead.askRoom(ROOM, 2000)).toBeUndefined();
    expect(await dead.existing([ROOM])).toBeUndefined();
    expect(await dead.deleteRoom(ROOM)).toBe(false);
  });

  it('keys that LiveKit does not know', async () => {
    const keys = { ...LIVEKIT_KEYS, apiSecret: 'another-secret-of-at-least-32-characters' };
    const { url } = livekit;
    const stranger = createLiveKitApi({ url, keys, roomConfig: ROOM_CONFIG, clock, log });
    expect(await stranger.askRoom(ROOM, 2000)).toBeUndefined();
    expect(await stranger.deleteRoom(ROOM)).toBe(false);
  });

  it('more than a hundred questions at once, for those that are too many', async () => {
    livekit.answerWith('hang');
    const many = Array.from({ length: 100 }, () => api.askRoom(ROOM, 2000));
    expect(await api.askRoom(ROOM, 2000)).toBeUndefined();
    expect(api.fault()).toBeUndefined();
    await vi.waitUntil(() => livekit.asked.length === 100);
    clock.advance(2000);
    expect(await Promise.all(many)).toEqual(Array(100).fill(undefined));
  });
});

describe('a room', () => {
  it('is made as a call’s is to be', async () => {
    expect(await api.createRoom(ROOM)).toBe(true);
    expect(livekit.rooms()).toMatchObject([{ name: ROOM, ...ROOM_CONFIG }]);
  });

  it('is deleted, and one that is not there counts as deleted', async () => {
    livekit.enter(ROOM, 'alice');
    expect(await api.deleteRoom(ROOM)).toBe(true);
    expect(livekit.rooms()).toEqual([]);
    expect(await api.deleteRoom(ROOM)).toBe(true);
  });

  it('is found among others', async () => {
    livekit.enter(ROOM, 'alice');
    livekit.enter('lobby', 'carol');
    expect(await api.existing([OTHER, ROOM])).toEqual([ROOM]);
    expect(await api.existing([OTHER])).toEqual([]);
  });

  it('of others is not named, whatever LiveKit answers', async () => {
    livekit.enter(ROOM, 'alice');
    livekit.enter('lobby', 'carol');
    livekit.answerWith('all-rooms');
    expect(await api.existing([OTHER, ROOM])).toEqual([ROOM]);
  });

  it('is looked for only where there is one to look for, as no name means all', async () => {
    livekit.enter('lobby', 'carol');
    expect(await api.existing([])).toEqual([]);
    expect(livekit.asked).toEqual([]);
  });

  it('loses somebody who has no place in it, and one who is not there counts as removed', async () => {
    livekit.enter(ROOM, 'mallory');
    expect(await api.removeParticipant(ROOM, 'mallory')).toBe(true);
    expect(await api.askRoom(ROOM, 2000)).toEqual([]);
    expect(await api.removeParticipant(ROOM, 'mallory')).toBe(true);
  });

  it.each<LiveKitAnswer>(['cut', 'error', 'refuse', 'page', 'no-route'])(
    'stays where LiveKit answers with %s',
    async (answer) => {
      livekit.answerWith(answer);
      expect(await api.deleteRoom(ROOM)).toBe(false);
      expect(await api.removeParticipant(ROOM, 'mallory')).toBe(false);
      expect(await api.createRoom(ROOM)).toBe(false);
    },
  );
});

describe('an outage', () => {
  it('is in the log once when it comes and once when it is over', async () => {
    livekit.answerWith('unavailable');
    await api.askRoom(ROOM, 2000);
    await api.askRoom(ROOM, 2000);
    livekit.answerWith('right');
    await api.askRoom(ROOM, 2000);
    await api.askRoom(ROOM, 2000);
    expect(
      log.lines.map(({ level, message }) => [level, message.replace(/\S+:\d+/, 'HOST')]),
    ).toEqual([
      ['warn', 'LiveKit at HOST gives no answer'],
      ['info', 'LiveKit at HOST answers again'],
    ]);
  });

  it('that comes and goes is told once a minute', async () => {
    for (const answer of ['error', 'right', 'error', 'right', 'error', 'right'] as const) {
      livekit.answerWith(answer);
      await api.askRoom(ROOM, 2000);
    }
    expect(log.lines.length).toBe(2);
    clock.advance(60_000);
    livekit.answerWith('error');
    await api.askRoom(ROOM, 2000);
    expect(log.lines.length).toBe(3);
  });

  it('is a fault as long as it is known, and none when nobody has asked for a minute', async () => {
    livekit.answerWith('error');
    await api.askRoom(ROOM, 2000);
    clock.advance(30_000);
    await api.askRoom(ROOM, 2000);
    expect(api.fault()).toBe('no answer for 30 s');
    clock.advance(61_000);
    expect(api.fault()).toBeUndefined();
    await api.askRoom(ROOM, 2000);
    livekit.answerWith('right');
    await api.askRoom(ROOM, 2000);
    expect(api.fault()).toBeUndefined();
  });

  it.each([
    ['refuse', 'Error: status 401, unauthenticated'],
    ['talkative', 'Error: status 500'],
  ] as const)('brings no token into the log (%s)', async (answer, error) => {
    livekit.answerWith(answer);
    await api.askRoom(ROOM, 2000);
    const [{ fields } = { fields: {} }] = log.lines;
    expect(String((fields as { err: Error }).err)).toBe(error);
  });
});

it('a path before LiveKit is kept, and wss is asked by https', async () => {
  livekit.enter(ROOM, 'alice');
  expect(await apiAt(`${livekit.url}/media/`).askRoom(ROOM, 2000)).toHaveLength(1);
  const { port } = new URL(livekit.url);
  expect(await apiAt(`wss://127.0.0.1:${port}`).askRoom(ROOM, 2000)).toBeUndefined();
});
