// Your backend's side of ROOM_ACCESS=http: Switchboard asks here who may enter which room.
import express from 'express';
import { Webhook } from 'standardwebhooks';

// In place of your database.
const rooms = new Map([
  ['team-standup', { speakers: ['alice', 'bob'], listeners: ['carol'] }],
  ['voice-only', { speakers: ['alice'], listeners: [], sources: ['microphone'] }],
]);

// The same ACCESS_SECRET as Switchboard's; without one this throws, and the server doesn't start.
const webhook = new Webhook(process.env.ACCESS_SECRET);
const app = express();

// The signature is over the bytes as they came: no express.json() before this route.
app.post('/room-access', express.raw({ type: 'application/json' }), (request, response) => {
  let question;
  try {
    question = webhook.verify(request.body, request.headers);
  } catch {
    response.status(401).json({ error: 'not signed by Switchboard' });
    return;
  }
  response.json(answerTo(question));
});

function answerTo({ uid, roomName, user }) {
  const room = rooms.get(roomName);
  if (room?.speakers.includes(uid)) {
    return room.sources ? { allow: true, permissions: { sources: room.sources } } : { allow: true };
  }
  // Custom claims of the ID token come along: here an auditor may listen in every room.
  if (room?.listeners.includes(uid) || (room && user?.claims.auditor === true)) {
    return { allow: true, permissions: { canPublish: false } };
  }
  return { allow: false };
}

const server = app.listen(Number(process.env.PORT ?? 4000), () => {
  process.stdout.write(`listening on port ${server.address().port}\n`);
});
