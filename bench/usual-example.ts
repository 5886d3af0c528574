// The usual example: what the tutorials of Express, Firebase and LiveKit add up to.
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect } from 'node:tls';
import express from 'express';
import { initializeApp } from 'firebase-admin/app';
import { getAuth } from 'firebase-admin/auth';
import { AccessToken } from 'livekit-server-sdk';

const { PORT, FIREBASE_PROJECT_ID, LIVEKIT_API_KEY, LIVEKIT_API_SECRET } = process.env;
const { GOOGLE_PORT, GOOGLE_CERTIFICATE = '' } = process.env;

/** firebase-admin's key address is a constant: every connection is led to the bench's own server. */
class LoopbackAgent extends Agent {
  readonly #ca = readFileSync(GOOGLE_CERTIFICATE);
  override createConnection() {
    return connect({
      host: '127.0.0.1',
      port: Number(GOOGLE_PORT),
      servername: 'www.googleapis.com',
      ca: this.#ca,
    });
  }
}

const auth = getAuth(
  initializeApp({ projectId: FIREBASE_PROJECT_ID as string, httpAgent: new LoopbackAgent() }),
);

const app = express();
app.use(express.json());

app.post('/api/calls/livekit-token', async (req, res) => {
  const header = req.headers.authorization;
  if (!header?.startsWith('Bearer ')) {
    res.status(401).json({ error: 'Unauthorized: No token provided.' });
    return;
  }
  let uid: string;
  let name: string | undefined;
  try {
    const decoded = await auth.verifyIdToken(header.slice('Bearer '.length));
    uid = decoded.uid;
    name = decoded.name;
  } catch {
    res.status(403).json({ error: 'Unauthorized: Invalid token.' });
    return;
  }
  const { roomName, participantIdentity } = req.body;
  if (!roomName || !participantIdentity) {
    res.status(400).json({ error: 'roomName and participantIdentity are required.' });
    return;
  }
  if (participantIdentity !== uid) {
    res.status(403).json({ error: 'Forbidden: You can only request a token for yourself.' });
    return;
  }
  const token = new AccessToken(LIVEKIT_API_KEY, LIVEKIT_API_SECRET, {
    identity: uid,
    ttl: 600,
    ...(name === undefined ? {} : { name }),
  });
  token.addGrant({ room: roomName, roomJoin: true, canPublish: true, canSubscribe: true });
  res.json({ token: await token.toJwt() });
});

app.listen(Number(PORT), '127.0.0.1');
