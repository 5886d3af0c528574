const { createServer } = require('node:http');
const { createSwitchboard } = require('livekit-switchboard');

const switchboard = createSwitchboard({
  livekitApiKey: 'key',
  livekitApiSecret: 'a-secret-of-at-least-32-characters',
  userOf: (req) => (req.headers['x-user'] ? { uid: req.headers['x-user'] } : null),
});
const server = createServer(switchboard.handler);

exports.listen = () =>
  new Promise((done) => {
    server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`));
  });

exports.close = async () => {
  await switchboard.stop();
  await new Promise((done) => server.close(done));
};

exports.ask = async (origin, headers) => {
  const response = await fetch(`${origin}/api/calls/livekit-token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ roomName: 'room-1', participantIdentity: 'alice' }),
  });
  const { code, token } = await response.json();
  return { status: response.status, code, parts: token?.split('.').length };
};
