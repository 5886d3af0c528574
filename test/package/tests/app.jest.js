const { ERROR_CODES } = require('livekit-switchboard');
const { ask, close, listen } = require('./app.js');

let origin;
beforeAll(async () => {
  origin = await listen();
});
afterAll(close);

test('a caller gets a token', async () => {
  expect(await ask(origin, { 'x-user': 'alice' })).toEqual({ status: 200, parts: 3 });
});

test('nobody gets none', async () => {
  const { status, code } = await ask(origin, {});
  expect(status).toBe(401);
  expect(ERROR_CODES).toContain(code);
});
