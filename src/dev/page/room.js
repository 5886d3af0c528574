// A LiveKit room with microphone and camera, and who is in it.
import { element } from './dom.js';

/** LiveKit's own client is a classic script; it is loaded when it is needed. */
function loadClient() {
  if (window.LivekitClient) return Promise.resolve(window.LivekitClient);
  return new Promise((resolve, reject) => {
    const script = element('script', { src: '/dev/livekit-client.js' });
    script.onload = () => {
      // What a developer looks for in the console is not drowned.
      window.LivekitClient.setLogLevel('warn');
      resolve(window.LivekitClient);
    };
    script.onerror = () => reject(new Error('livekit-client could not be loaded.'));
    document.head.append(script);
  });
}

function personOf(participant) {
  const publications = [...participant.trackPublications.values()];
  const shown = publications.find(
    ({ kind, track, isMuted }) => kind === 'video' && track && !isMuted,
  );
  return {
    uid: participant.identity,
    name: participant.name || participant.identity,
    isOwn: participant.isLocal,
    isMuted: !participant.isMicrophoneEnabled,
    isSpeaking: participant.isSpeaking,
    video: shown && { track: shown.track, sid: shown.trackSid },
  };
}

/** Oneself first. */
export const peopleIn = ({ localParticipant, remoteParticipants }) =>
  [localParticipant, ...remoteParticipants.values()].map(personOf);

function listen(room, { RoomEvent, Track, DisconnectReason }, on) {
  for (const event of [
    RoomEvent.LocalTrackPublished,
    RoomEvent.LocalTrackUnpublished,
    RoomEvent.TrackUnsubscribed,
    RoomEvent.TrackMuted,
    RoomEvent.TrackUnmuted,
    RoomEvent.ActiveSpeakersChanged,
    RoomEvent.AudioPlaybackStatusChanged,
    RoomEvent.Connected,
    RoomEvent.Reconnecting,
    RoomEvent.Reconnected,
  ]) {
    room.on(event, () => on.changed());
  }
  room.on(RoomEvent.TrackSubscribed, (track) => {
    // Heard, not seen.
    if (track.kind === Track.Kind.Audio) track.attach();
    on.changed();
  });
  room.on(RoomEvent.ParticipantConnected, (participant) => {
    on.came?.(personOf(participant));
    on.changed();
  });
  room.on(RoomEvent.ParticipantDisconnected, (participant) => {
    on.went?.(personOf(participant));
    on.changed();
  });
  room.on(RoomEvent.Disconnected, (reason) => on.over(DisconnectReason[reason] ?? ''));
}

/** The devices that there are; a machine without a camera can join too. */
async function publish(participant, wantsCamera) {
  const missing = [];
  await participant.setMicrophoneEnabled(true).catch(() => missing.push('microphone'));
  if (wantsCamera) await participant.setCameraEnabled(true).catch(() => missing.push('camera'));
  return missing;
}

/** After a reload a browser plays nothing before the page was touched. */
function soundAtTouch(room) {
  const start = () => {
    if (!room.canPlaybackAudio) void room.startAudio().catch(() => {});
  };
  for (const touch of ['pointerdown', 'keydown']) addEventListener(touch, start);
  return () => {
    for (const touch of ['pointerdown', 'keydown']) removeEventListener(touch, start);
  };
}

/**
 * Joins and publishes. Rejects with a sentence where LiveKit does not let one in. `on.over` is told
 * of the end of what was joined, and of nothing else.
 */
export async function joinRoom({ url, token, camera = true, on, signal }) {
  const client = await loadClient();
  signal?.throwIfAborted();
  const room = new client.Room();
  let joined = false;
  const untouch = soundAtTouch(room);
  listen(room, client, {
    ...on,
    over(reason) {
      untouch();
      if (joined) on.over(reason);
    },
  });
  signal?.addEventListener('abort', () => void room.disconnect());
  // Between two tabs of one machine there is nothing to ask a STUN server.
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);
  await room.connect(url, token, loopback ? { rtcConfig: { iceServers: [] } } : {});
  joined = true;
  on.changed(room);
  const missing = await publish(room.localParticipant, camera);
  return { room, missing };
}
