// A room with camera and microphone: everybody in it is a tile.
import { $, element, say } from './dom.js';

/** LiveKit's own client is a classic script; it is loaded when it is needed. */
function loadClient() {
  if (window.LivekitClient) return Promise.resolve(window.LivekitClient);
  return new Promise((resolve, reject) => {
    const script = element('script', { src: '/dev/livekit-client.js' });
    script.onload = () => resolve(window.LivekitClient);
    script.onerror = () => reject(new Error('livekit-client could not be loaded.'));
    document.head.append(script);
  });
}

const nameOf = (participant) => participant.name || participant.identity;

function tileOf(participant) {
  const id = `tile-${participant.sid}`;
  const there = $(id);
  if (there) return there;
  const initial = [...nameOf(participant)][0].toUpperCase();
  const tile = element(
    'figure',
    { id, class: participant.isLocal ? 'tile own' : 'tile' },
    element('span', { class: 'initial', 'aria-hidden': 'true' }, initial),
    element('figcaption'),
  );
  $('tiles').append(tile);
  return tile;
}

/** Makes the tile say what the participant is doing now. */
function draw(participant) {
  const tile = tileOf(participant);
  const muted = participant.isMicrophoneEnabled ? '' : ' · muted';
  const own = participant.isLocal ? ' (you)' : '';
  tile.querySelector('figcaption').textContent = `${nameOf(participant)}${own}${muted}`;
  tile.classList.toggle('speaking', participant.isSpeaking);
  const publications = [...participant.trackPublications.values()];
  const shown = publications.find(
    ({ kind, track, isMuted }) => kind === 'video' && track && !isMuted,
  );
  const video = tile.querySelector('video');
  if (video && video.dataset.track !== shown?.trackSid) video.remove();
  if (shown && !tile.querySelector('video')) {
    const attached = shown.track.attach();
    attached.dataset.track = shown.trackSid;
    attached.setAttribute('aria-label', `Camera of ${nameOf(participant)}`);
    tile.prepend(attached);
  }
}

function listen(room, { RoomEvent, Track }, onLeft) {
  const everybody = () => [room.localParticipant, ...room.remoteParticipants.values()];
  const drawAll = () => {
    for (const participant of everybody()) draw(participant);
    const others = room.remoteParticipants.size;
    $('call-state').textContent =
      others === 0 ? 'waiting for somebody' : `with ${others} other${others === 1 ? '' : 's'}`;
  };
  for (const event of [
    RoomEvent.ParticipantConnected,
    RoomEvent.LocalTrackPublished,
    RoomEvent.LocalTrackUnpublished,
    RoomEvent.TrackUnsubscribed,
    RoomEvent.TrackMuted,
    RoomEvent.TrackUnmuted,
    RoomEvent.ActiveSpeakersChanged,
    RoomEvent.Connected,
  ]) {
    room.on(event, drawAll);
  }
  room.on(RoomEvent.TrackSubscribed, (track) => {
    // Heard, not seen.
    if (track.kind === Track.Kind.Audio) track.attach();
    drawAll();
  });
  room.on(RoomEvent.ParticipantConnected, (participant) => say(`${nameOf(participant)} is here.`));
  room.on(RoomEvent.ParticipantDisconnected, (participant) => {
    $(`tile-${participant.sid}`)?.remove();
    say(`${nameOf(participant)} has left.`);
    drawAll();
  });
  room.on(RoomEvent.Disconnected, () => {
    $('tiles').replaceChildren();
    onLeft();
  });
}

/** The devices that there are; a machine without a camera can join too. */
async function publish(participant) {
  const missing = [];
  await participant.setMicrophoneEnabled(true).catch(() => missing.push('microphone'));
  await participant.setCameraEnabled(true).catch(() => missing.push('camera'));
  return missing;
}

/** Joins and publishes. Rejects with a sentence where LiveKit does not let one in. */
export async function joinRoom({ url, token, onLeft }) {
  const client = await loadClient();
  const room = new client.Room();
  let joined = false;
  listen(room, client, () => joined && onLeft());
  // Between two tabs of one machine there is nothing to ask a STUN server.
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);
  await room.connect(url, token, loopback ? { rtcConfig: { iceServers: [] } } : {});
  joined = true;
  const missing = await publish(room.localParticipant);
  return { room, missing };
}
