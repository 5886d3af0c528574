const express = require('express');
const { createSwitchboard } = require('livekit-switchboard');

const switchboard = createSwitchboard({
  firebaseProjectId: process.env.FIREBASE_PROJECT_ID,
  firebaseKeysUrl: process.env.FIREBASE_KEYS_URL,
  livekitApiKey: process.env.LIVEKIT_API_KEY,
  livekitApiSecret: process.env.LIVEKIT_API_SECRET,
});

const app = express();
app.use('/api/calls', switchboard.handler);
app.get('/hello', (_req, res) => res.send('hello'));

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

process.once('SIGTERM', async () => {
  await switchboard.stop();
  server.close();
});
