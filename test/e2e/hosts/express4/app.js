// The backend of a chat app as it often is: CommonJS, Express 4, the JSON parser before everything.
const express = require('express');
const { createSwitchboard } = require('livekit-switchboard');

const { env } = process;
const switchboard = createSwitchboard({
  firebaseProjectId: env.FIREBASE_PROJECT_ID,
  firebaseAuthEmulatorHost: env.FIREBASE_AUTH_EMULATOR_HOST,
  livekitApiKey: env.LIVEKIT_API_KEY,
  livekitApiSecret: env.LIVEKIT_API_SECRET,
  livekitUrl: env.LIVEKIT_URL,
});

const app = express();
app.use(express.json());
app.get('/api/hello', (_req, res) => res.send('hello'));
app.post('/api/messages', (req, res) => res.status(201).json({ said: req.body.text }));
app.use('/api/calls', switchboard.handler);
app.get('/api/calls/of-the-host', (_req, res) => res.send('still here'));
app.use(switchboard.errorHandler);

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
process.once('SIGTERM', async () => {
  await switchboard.stop();
  server.close();
  server.closeIdleConnections();
});
