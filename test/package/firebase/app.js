const { createServer } = require('node:http');
const { initializeApp } = require('firebase-admin/app');
const { createSwitchboard } = require('livekit-switchboard');

const switchboard = createSwitchboard({
  firebaseApp: initializeApp({ projectId: process.env.FIREBASE_PROJECT_ID }),
  firebaseKeysUrl: process.env.FIREBASE_KEYS_URL,
  livekitApiKey: process.env.LIVEKIT_API_KEY,
  livekitApiSecret: process.env.LIVEKIT_API_SECRET,
  checkRevoked: true,
});

const server = createServer((req, res) => {
  switchboard.handler(req, res, () => res.end('hello'));
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

process.once('SIGTERM', async () => {
  await switchboard.stop();
  server.close();
});
