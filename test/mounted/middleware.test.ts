// What a host's middleware and its way of testing do to a request and to an answer.
import { createServer, type ServerResponse } from 'node:http';
import { fastify } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import type { Switchboard } from '../../src/compose/house.ts';
import { compose } from '../../src/switchboard.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import { listen } from '../mounts.ts';
import { GOOD_BODY } from '../stage.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const clock = createFakeClock();
const PATH = '/api/calls/livekit-token';

function make(): Switchboard {
  const { switchboard } = compose(
    {
      livekitApiKey: 'key',
      livekitApiSecret: 'a-secret-of-at-least-32-characters',
      userOf: (request) =>
        (request as { headers: Record<string, string> }).headers['x-user'] === 'alice'
          ? { uid: 'alice' }
          : null,
      authorizeRoom: () => true,
      logger: createFakeLog(),
    },
    clock,
  );
  cleanups.push(() => switchboard.stop());
  return switchboard;
}

/** As `on-headers` 1.0 does in compression, morgan and express-session of before July 2025. */
function waitForHead(response: ServerResponse): void {
  const { writeHead } = response;
  response.writeHead = ((status: number, headers: unknown) => {
    const pairs = Array.isArray(headers) ? headers : Object.entries(headers ?? {});
    for (const pair of pairs) response.setHeader(pair[0], pair[1]);
    return writeHead.call(response, status);
  }) as typeof writeHead;
}

describe('middleware that waits for the head of an answer', () => {
  it.each(['alice', 'nobody'])('sees the headers as they are sent, to %s', async (user) => {
    const switchboard = make();
    const server = createServer((request, response) => {
      waitForHead(response);
      switchboard.handler(request, response);
    });
    const { origin, close } = await listen(server);
    cleanups.push(close);
    const response = await fetch(origin + PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': user },
      body: JSON.stringify(GOOD_BODY),
    });
    expect({
      status: response.status,
      type: response.headers.get('content-type'),
      code: ((await response.json()) as { code?: string }).code,
    }).toEqual({
      status: user === 'alice' ? 200 : 401,
      type: 'application/json; charset=utf-8',
      code: user === 'alice' ? undefined : 'id_token_missing',
    });
  });
});

describe('app.inject() of a Fastify host, which has no socket', () => {
  it.each([
    ['a good request', 'alice', JSON.stringify(GOOD_BODY), 200, undefined],
    ['nobody’s', 'nobody', JSON.stringify(GOOD_BODY), 401, 'id_token_missing'],
    ['a body that was read and is no JSON', 'alice', '{', 400, 'request_invalid'],
    ['a body that nobody reads to its end', 'nobody', 'x'.repeat(5 << 20), 401, 'id_token_missing'],
  ])('answers %s', async (_what, user, payload, status, code) => {
    const switchboard = make();
    const app = fastify();
    await app.register(switchboard.plugin, { prefix: '/api/calls' });
    cleanups.push(() => app.close());
    const headers = { 'content-type': 'application/json', 'x-user': user };
    const response = await app.inject({ method: 'POST', url: PATH, headers, payload });
    expect({ status: response.statusCode, code: response.json().code }).toEqual({ status, code });
  });
});
