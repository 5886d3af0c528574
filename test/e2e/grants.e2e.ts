// A host's rule narrows what a token allows, and LiveKit holds to it.
import { beforeAll, describe, expect, it } from 'vitest';
import type { RoomPermissions } from '../../src/index.ts';
import { type Backend, startHost } from './backend.ts';
import { join, mediaFrom } from './clients.ts';
import { endings } from './endings.ts';
import { type LiveKit, startLiveKit } from './livekit.ts';
import { until } from './until.ts';

/** What each user of these tests may do, by uid; the others may do everything. */
const PERMISSIONS: Readonly<Record<string, RoomPermissions>> = {
  singer: { sources: ['microphone'] },
  painter: { sources: ['camera'] },
  listener: { canPublish: false },
  'listener-by-list': { sources: [] },
  deaf: { canSubscribe: false },
  renamer: { canUpdateOwnMetadata: true },
};
/**
 * LiveKit leaves a publish that it refuses without an answer. The client waits 10 s for one and
 * does nothing else meanwhile, so these attempts come last.
 */
const UNANSWERED_AFTER_MS = 2_000;
const MORE_FRAMES = 50;

const keep = endings();
let livekit: LiveKit;
let host: Backend;

beforeAll(async () => {
  livekit = keep(await startLiveKit());
  host = keep(
    await startHost(livekit, ({ user, roomName }) => {
      if (roomName === 'private') return false;
      return { allow: true, permissions: PERMISSIONS[user.uid] ?? {} };
    }),
  );
});

const enter = async (uid: string, roomName: string) =>
  keep(await join(livekit.url, await host.tokenFor({ uid, roomName })));

const tracksOf = async (identity: string, roomName: string) =>
  (await livekit.participants(roomName)).find((present) => present.identity === identity)?.tracks;

describe('a token of', () => {
  it('the microphone alone publishes no camera', async () => {
    const singer = await enter('singer', 'concert');
    const audience = await enter('audience', 'concert');
    expect(await singer.publishMicrophone()).toBe(true);
    expect(await singer.publishCamera(UNANSWERED_AFTER_MS)).toBe(false);
    const { audio } = audience.receivedFrom('singer');
    await until('the audience hears on', () => {
      return audience.receivedFrom('singer').audio > audio + MORE_FRAMES;
    });
    expect(audience.receivedFrom('singer').video).toBe(0);
    expect(await tracksOf('singer', 'concert')).toEqual(['MICROPHONE']);
  });

  it('the camera alone publishes no microphone', async () => {
    const painter = await enter('painter', 'studio');
    const audience = await enter('audience', 'studio');
    expect(await painter.publishCamera()).toBe(true);
    expect(await painter.publishMicrophone(UNANSWERED_AFTER_MS)).toBe(false);
    const { video } = audience.receivedFrom('painter');
    await until('the audience sees on', () => {
      return audience.receivedFrom('painter').video > video + MORE_FRAMES;
    });
    expect(audience.receivedFrom('painter').audio).toBe(0);
    expect(await tracksOf('painter', 'studio')).toEqual(['CAMERA']);
  });

  it.each(['listener', 'listener-by-list'])('a %s publishes nothing and hears', async (uid) => {
    const roomName = `lecture-of-${uid}`;
    const listener = await enter(uid, roomName);
    const speaker = await enter('speaker', roomName);
    await speaker.publishMicrophone();
    await speaker.publishCamera();
    await mediaFrom(speaker, listener);
    const attempts = [
      listener.publishMicrophone(UNANSWERED_AFTER_MS),
      listener.publishCamera(UNANSWERED_AFTER_MS),
    ];
    expect(await Promise.all(attempts)).toEqual([false, false]);
    expect(await tracksOf(uid, roomName)).toEqual([]);
    expect(speaker.receivedFrom(uid)).toEqual({ audio: 0, video: 0 });
  });

  it('somebody who may not subscribe receives nothing and is heard', async () => {
    const deaf = await enter('deaf', 'stage');
    const hearing = await enter('hearing', 'stage');
    const speaker = await enter('speaker', 'stage');
    await speaker.publishMicrophone();
    await speaker.publishCamera();
    await deaf.publishMicrophone();
    await deaf.publishCamera();
    await mediaFrom(deaf, hearing);
    await mediaFrom(speaker, hearing);
    // What would come has had as long again.
    const before = hearing.receivedFrom('speaker');
    await until('the hearing one receives on', () => {
      const { audio, video } = hearing.receivedFrom('speaker');
      return audio > before.audio + MORE_FRAMES && video > before.video + MORE_FRAMES;
    });
    expect(deaf.receivedFrom('speaker')).toEqual({ audio: 0, video: 0 });
    expect(await tracksOf('speaker', 'stage')).toEqual(['CAMERA', 'MICROPHONE']);
  });
});

const EVERYTHING = {
  canPublish: true,
  canSubscribe: true,
  canPublishData: true,
  canUpdateMetadata: false,
  sources: [],
};

it.each([
  ['anybody', EVERYTHING],
  ['singer', { ...EVERYTHING, sources: ['MICROPHONE'] }],
  ['painter', { ...EVERYTHING, sources: ['CAMERA'] }],
  ['listener', { ...EVERYTHING, canPublish: false, canPublishData: false }],
  ['listener-by-list', { ...EVERYTHING, canPublish: false, canPublishData: false }],
  ['deaf', { ...EVERYTHING, canSubscribe: false }],
  ['renamer', { ...EVERYTHING, canUpdateMetadata: true }],
])('LiveKit holds %s to exactly what the rule said', async (uid, powers) => {
  await enter(uid, 'powers');
  expect(await livekit.powersOf(uid, 'powers')).toEqual(powers);
});

it('a refused room gets no token, and LiveKit never hears of it', async () => {
  const refused = host.tokenFor({ uid: 'singer', roomName: 'private' });
  await expect(refused).rejects.toThrow('room_forbidden');
  expect(await livekit.roomNames()).not.toContain('private');
});
