// Native LiveKit clients: they publish a tone and a white picture, and count what really arrives
// of the others. No token may reach an assertion: LiveKit's messages quote them.
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  DisconnectReason,
  dispose,
  LocalAudioTrack,
  LocalVideoTrack,
  type RemoteTrack,
  Room,
  RoomEvent,
  type RoomOptions,
  SimulateScenarioKind,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
  VideoStream,
} from '@livekit/rtc-node';
import { afterAll } from 'vitest';
import { until } from './until.ts';

const SAMPLE_RATE = 48_000;
const SAMPLES = 480;
const TONE_HZ = 440;
const LOUD = 4_000;
const WIDTH = 320;
const HEIGHT = 240;
const FRAME_EVERY_MS = 66;
const WHITE = 235;
const BRIGHT = 200;
const PUBLISH_WITHIN_MS = 10_000;
/** One may be chance; so many are a stream. */
const FRAMES = 25;

export interface Received {
  /** Audio frames with a sound in them. */
  audio: number;
  /** Video frames with the white picture. */
  video: number;
}

export interface Client {
  readonly roomName: string;
  readonly identity: string;
  /** Resolves with false where nothing has come of it in `withinMs`. */
  publishMicrophone(withinMs?: number): Promise<boolean>;
  publishCamera(withinMs?: number): Promise<boolean>;
  /** What has arrived from this participant until now. */
  receivedFrom(identity: string): Received;
  /** Resolves with the reason, by its name in LiveKit's protocol, when it is out of the room for good. */
  readonly gone: Promise<string>;
  /** Gives up its connection, as in a network that has changed, and makes a new one. */
  reconnect(): Promise<void>;
  stop(): Promise<void>;
}

// The native library holds threads of its own.
afterAll(dispose);

export async function join(url: string, token: string): Promise<Client> {
  const room = new Room();
  const received = new Map<string, Received>();
  const endings: (() => Promise<void> | void)[] = [];
  const receivedFrom = (identity: string): Received => {
    const known = received.get(identity) ?? { audio: 0, video: 0 };
    received.set(identity, known);
    return known;
  };
  room.on(RoomEvent.TrackSubscribed, (track, _publication, { identity }) => {
    void count(track, receivedFrom(identity));
  });
  const { promise: gone, resolve: setGone } = Promise.withResolvers<string>();
  room.on(RoomEvent.Disconnected, (reason) => setGone(DisconnectReason[reason] ?? String(reason)));
  // Loopback needs no STUN server.
  await room.connect(url, token, { rtcConfig: { iceServers: [] } } as unknown as RoomOptions);
  const { localParticipant: me } = room;
  if (me === undefined) throw new Error('joined as nobody');

  async function publish(
    track: LocalAudioTrack | LocalVideoTrack,
    source: TrackSource,
    withinMs: number,
  ): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(resolve, withinMs, false);
    const published = me?.publishTrack(
      track,
      new TrackPublishOptions({ source, simulcast: false }),
    );
    try {
      return await Promise.race([Promise.resolve(published).then(() => true), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    roomName: room.name ?? '',
    identity: me.identity,
    publishMicrophone(withinMs = PUBLISH_WITHIN_MS) {
      const { source, end } = playTone();
      endings.push(end);
      const track = LocalAudioTrack.createAudioTrack('microphone', source);
      return publish(track, TrackSource.SOURCE_MICROPHONE, withinMs);
    },
    publishCamera(withinMs = PUBLISH_WITHIN_MS) {
      const { source, end } = showWhite();
      endings.push(end);
      const track = LocalVideoTrack.createVideoTrack('camera', source);
      return publish(track, TrackSource.SOURCE_CAMERA, withinMs);
    },
    receivedFrom: (identity) => ({ ...receivedFrom(identity) }),
    gone,
    reconnect: () => room.simulateScenario(SimulateScenarioKind.SIMULATE_FULL_RECONNECT),
    async stop() {
      for (const end of endings.splice(0)) await end();
      if (room.isConnected) await room.disconnect();
    },
  };
}

/** Waits until sound and picture of `sender` have reached `receiver`. */
export const mediaFrom = (sender: Client, receiver: Client): Promise<void> =>
  until(`sound and picture of ${sender.identity} reach ${receiver.identity}`, () => {
    const { audio, video } = receiver.receivedFrom(sender.identity);
    return audio >= FRAMES && video >= FRAMES;
  });

/** What the server says to this token: `joined`, or the status with which it refuses. */
export async function knock(url: string, token: string): Promise<string> {
  try {
    const client = await join(url, token);
    await client.stop();
    return 'joined';
  } catch (error) {
    return /client error: (\d{3})/.exec(String(error))?.[1] ?? 'no answer';
  }
}

async function count(track: RemoteTrack, received: Received): Promise<void> {
  if (track.kind === TrackKind.KIND_AUDIO) {
    for await (const { data } of new AudioStream(track, SAMPLE_RATE, 1)) {
      if (data.some((sample) => sample > LOUD)) received.audio += 1;
    }
  } else {
    for await (const { frame } of new VideoStream(track)) {
      const { data, width, height } = frame.convert(VideoBufferType.I420);
      const middle = data[Math.floor(height / 2) * width + Math.floor(width / 2)] ?? 0;
      if (middle > BRIGHT) received.video += 1;
    }
  }
}

function playTone(): { source: AudioSource; end(): Promise<void> } {
  const source = new AudioSource(SAMPLE_RATE, 1, 200);
  const playing = new AbortController();
  let at = 0;
  const play = async () => {
    while (!playing.signal.aborted) {
      const frame = AudioFrame.create(SAMPLE_RATE, 1, SAMPLES);
      for (let i = 0; i < SAMPLES; i++, at++) {
        frame.data[i] = 12_000 * Math.sin((2 * Math.PI * TONE_HZ * at) / SAMPLE_RATE);
      }
      await source.captureFrame(frame);
    }
  };
  const played = play();
  return {
    source,
    async end() {
      playing.abort();
      await played;
      await source.close();
    },
  };
}

function showWhite(): { source: VideoSource; end(): Promise<void> } {
  const source = new VideoSource(WIDTH, HEIGHT);
  const picture = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128);
  picture.fill(WHITE, 0, WIDTH * HEIGHT);
  const show = () =>
    source.captureFrame(new VideoFrame(picture, WIDTH, HEIGHT, VideoBufferType.I420));
  const timer = setInterval(show, FRAME_EVERY_MS);
  return {
    source,
    end() {
      clearInterval(timer);
      return source.close();
    },
  };
}
