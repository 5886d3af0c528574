// The backend of a chat app: ES modules, Express 5, the switchboard before the JSON parser.
import express from 'express';
import { createSwitchboard } from 'livekit-switchboard';

const { env } = process;
const switchboard = createSwitchboard({
  firebaseProjectId: env.FIREBASE_PROJECT_ID,
  firebaseAuthEmulatorHost: env.FIREBASE_AUTH_EMULATOR_HOST,
  livekitApiKey: env.LIVEKIT_API_KEY,
  livekitApiSecret: env.LIVEKIT_API_SECRET,
  livekitUrl: env.LIVEKIT_URL,
});

const app = express();
app.use('/api/calls', switchboard.handler);
app.use(express.json());
app.get('/api/hello', (_req, res) => res.send('hello'));
app.post('/api/messages', (req, res) => res.status(201).json({ said: req.body.text }));
app.get('/api/calls/of-the-host', (_req, res) => res.send('still here'));

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
process.once('SIGTERM', async () => {
  await switchboard.stop();
  server.close();
  server.closeIdleConnections();
});
