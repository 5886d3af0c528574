// What a web app does: LiveKit's own token source against the backend, then the room.

/** Answers the room's name and one's own identity; a refusal is the error's message. */
async function enter({ tokenUrl, idToken, roomName }) {
  const { Room, RoomEvent, TokenSource } = window.LivekitClient;
  const source = TokenSource.endpoint(tokenUrl, {
    headers: { authorization: `Bearer ${idToken}` },
  });
  const { serverUrl, participantToken } = await source.fetch({ roomName });
  const room = new Room();
  room.on(RoomEvent.TrackSubscribed, (track) => document.body.append(track.attach()));
  // Loopback needs no STUN server.
  await room.connect(serverUrl, participantToken, { rtcConfig: { iceServers: [] } });
  await room.localParticipant.enableCameraAndMicrophone();
  return { roomName: room.name, identity: room.localParticipant.identity };
}

/** What the page can read of an answer without the help of an SDK. */
async function ask({ tokenUrl, idToken, body }) {
  const response = await fetch(tokenUrl, {
    method: 'POST',
    headers: { authorization: `Bearer ${idToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { code } = await response.json();
  return { status: response.status, code, requestId: response.headers.get('x-request-id') };
}

window.app = { enter, ask };
