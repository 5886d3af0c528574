// node calls-lone-client.ts: a LiveKit client in a process of its own, which can be killed.
import {
  AudioFrame,
  AudioSource,
  LocalAudioTrack,
  Room,
  type RoomOptions,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';

const { SERVER_URL = '', TOKEN = '' } = process.env;
const room = new Room();
// Loopback needs no STUN server.
await room.connect(SERVER_URL, TOKEN, { rtcConfig: { iceServers: [] } } as unknown as RoomOptions);
const source = new AudioSource(48_000, 1);
await room.localParticipant?.publishTrack(
  LocalAudioTrack.createAudioTrack('microphone', source),
  new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE }),
);
console.log('joined');
for (;;) await source.captureFrame(AudioFrame.create(48_000, 1, 480));
