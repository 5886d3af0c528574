// Your backend's side of WEBHOOK_URLS: Switchboard tells here what becomes of calls, and each call is
// a message in its chat.
import express from 'express';
import { Webhook } from 'standardwebhooks';

// In place of your database. Keep both in one transaction there.
/** Ids of events that were taken: each comes at least once, and may come again. */
const taken = new Set();
/** Call → its message. */
const messages = new Map();

// The same WEBHOOK_SECRET as Switchboard's; without one this throws, and the server doesn't start.
const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const app = express();

// The signature is over the bytes as they came: no express.json() before this route.
app.post('/call-events', express.raw({ type: 'application/json' }), (request, response) => {
  let event;
  try {
    event = webhook.verify(request.body, request.headers);
  } catch {
    response.status(401).json({ error: 'not signed by Switchboard' });
    return;
  }
  if (!taken.has(event.id)) take(event);
  taken.add(event.id);
  // Anything else than 2xx, and it comes again.
  response.sendStatus(204);
});

function take({ sequence, call }) {
  // What was sent again later on is older than what is known.
  if (call.context === undefined || sequence <= (messages.get(call.id)?.sequence ?? 0)) return;
  messages.set(call.id, {
    sequence,
    chat: call.context,
    from: call.caller,
    text: textOf(call),
  });
}

function textOf(call) {
  const name = call.kind === 'video' ? 'video call' : 'call';
  if (call.state === 'ringing') return `Calling (${name})`;
  if (call.state === 'active') return `In a ${name}`;
  if (call.outcome === 'answered') {
    // Without it LiveKit has not said that two people were in the room.
    const { talkSeconds } = call;
    return talkSeconds === undefined
      ? capital(name)
      : `${capital(name)}, ${durationOf(talkSeconds)}`;
  }
  return `${unansweredOf(name, call.outcome)}, ${timeOf(call.createdAt)}`;
}

/** Both sides read the same message: who missed or declined it they know. */
function unansweredOf(name, outcome) {
  switch (outcome) {
    case 'declined':
      return `Declined ${name}`;
    // Whoever was called was in another call.
    case 'busy':
      return `Missed ${name} (busy)`;
    // The caller hung up, or was lost, before anybody accepted.
    case 'cancelled':
      return `Cancelled ${name}`;
    // Accepted, and the two never heard each other.
    case 'failed':
      return `Failed ${name}`;
    // And what a later version may have.
    default:
      return `Missed ${name}`;
  }
}

function durationOf(seconds) {
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}

// By the clock of this server (TZ). Your app knows its user's: give it the time itself.
const timeOf = (time) =>
  new Date(time).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

const capital = (text) => text[0].toUpperCase() + text.slice(1);

// Your app asks its chat as it always does; here anybody may.
app.get('/chats/:chat', ({ params }, response) => {
  response.json([...messages.values()].filter(({ chat }) => chat === params.chat));
});

const server = app.listen(Number(process.env.PORT ?? 4001), () => {
  process.stdout.write(`listening on port ${server.address().port}\n`);
});
