// A page may read every answer, refusals too: without the headers of CORS a browser shows a wrong
// path, a stop or a header that is too long as one and the same fault of CORS.
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { originIn, UNREAD } from '../../src/http/cors.ts';
import { MOUNTS } from '../mounts.ts';
import { sendRaw } from '../raw.ts';
import { type Stage, setStage } from '../stage.ts';

const ORIGIN = 'https://app.example.com';
const OTHER = 'https://other.example.com';
const origins = [ORIGIN, 'http://localhost:5173'];
const standalone = MOUNTS[0] as (typeof MOUNTS)[0];
const plain = MOUNTS[1] as (typeof MOUNTS)[1];

let stage: Stage;
afterEach(() => stage.close());

/** What a browser looks at. */
const read = ({ status, headers }: { status: number; headers: Headers }) => [
  status,
  headers.get('access-control-allow-origin'),
];

const asPage = (path: string, init: RequestInit & { origin?: string } = {}) =>
  fetch(new URL(path, stage.tokenUrl), {
    ...init,
    headers: { origin: init.origin ?? ORIGIN, ...init.headers },
  });

describe.each([standalone, plain])('a page of a listed origin: $name', (mount) => {
  it('can read a wrong path and a wrong method, with a body or without', async () => {
    stage = await setStage(mount, { corsOrigins: origins });
    const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
    expect(read(await asPage('/api/calls/livekit-tokens', post))).toEqual([404, ORIGIN]);
    expect(read(await asPage('/nothing/here'))).toEqual([404, ORIGIN]);
    expect(read(await asPage('/%g1'))).toEqual([404, ORIGIN]);
    const answer = await asPage('/api/calls/livekit-token');
    expect(read(answer)).toEqual([405, ORIGIN]);
    expect(answer.headers.get('vary')).toBe('Origin');
    expect(answer.headers.get('access-control-expose-headers')).toBe('X-Request-Id, Retry-After');
    expect(await answer.json()).toMatchObject({ code: 'method_not_allowed' });
  });

  it('is let through to the 404 by the preflight of a wrong path', async () => {
    stage = await setStage(mount, { corsOrigins: origins });
    const headers = { 'access-control-request-method': 'POST' };
    const answer = await asPage('/nothing/here', { method: 'OPTIONS', headers });
    expect(read(answer)).toEqual([204, ORIGIN]);
  });

  it('can read every other refusal', async () => {
    stage = await setStage(mount, { corsOrigins: origins });
    const path = '/api/calls/livekit-token';
    const post = (headers: Record<string, string>, body = '{}') =>
      asPage(path, { method: 'POST', body, headers });
    const good = { authorization: `Bearer ${stage.idToken()}`, 'content-type': 'application/json' };
    expect(read(await post({}))).toEqual([401, ORIGIN]);
    expect(read(await post({ authorization: 'Bearer x' }))).toEqual([403, ORIGIN]);
    expect(read(await post({ ...good, 'content-type': 'text/plain' }))).toEqual([415, ORIGIN]);
    expect(read(await post(good))).toEqual([400, ORIGIN]);
    expect(read(await post(good, 'x'.repeat(20_000)))).toEqual([413, ORIGIN]);
  });

  it('of another origin, or of none, is told nothing', async () => {
    stage = await setStage(mount, { corsOrigins: origins });
    expect(read(await asPage('/nothing/here', { origin: OTHER }))).toEqual([404, null]);
    expect(read(await fetch(new URL('/nothing/here', stage.tokenUrl)))).toEqual([404, null]);
  });

  it('can read nothing where no origins are listed; the log says so of a preflight', async () => {
    stage = await setStage(mount, {});
    const headers = { 'access-control-request-method': 'POST' };
    expect(read(await asPage('/nothing/here'))).toEqual([404, null]);
    const preflight = await asPage('/api/calls/livekit-token', { method: 'OPTIONS', headers });
    expect(read(preflight)).toEqual([405, null]);
    expect(preflight.headers.get('vary')).toBeNull();
    expect(stage.log.lines.at(-1)?.fields).toMatchObject({
      code: 'method_not_allowed',
      err: { message: 'a page of another origin asks, and CORS_ORIGINS is unset' },
    });
  });
});

describe('what never becomes a request', () => {
  const ask = async (corsOrigins: string[], text: string) => {
    stage = await setStage(standalone, { corsOrigins });
    const [answer] = await sendRaw(stage.tokenUrl, text);
    const headers = new Headers(answer?.headers as Record<string, string>);
    return read({ status: answer?.status ?? 0, headers });
  };
  const tooLong = (origin: string) =>
    `POST /api/calls/livekit-token HTTP/1.1\r\nhost: x\r\norigin: ${origin}\r\n` +
    `x-long: ${'x'.repeat(20_000)}\r\n\r\n`;
  const broken = (origin: string) =>
    `GET / HTTP/1.1\r\nhost: x\r\nOrigin:${origin}\r\nbad line\r\n\r\n`;

  it('can be read by a listed origin where its head was too long (431)', async () => {
    expect(await ask(origins, tooLong(ORIGIN))).toEqual([431, ORIGIN]);
  });
  it('can be read by a listed origin where it was broken (400)', async () => {
    expect(await ask(origins, broken(ORIGIN))).toEqual([400, ORIGIN]);
  });
  it('can be read by no other', async () => {
    expect(await ask(origins, tooLong(OTHER))).toEqual([431, null]);
  });
  it('can be read by a listed origin where it named no host', async () => {
    expect(await ask(origins, `GET / HTTP/1.1\r\norigin: ${ORIGIN}\r\n\r\n`)).toEqual([
      400,
      ORIGIN,
    ]);
  });
  it('names the only origin where the one that asks was not read', async () => {
    expect(await ask([ORIGIN], 'nonsense\r\n\r\n')).toEqual([400, ORIGIN]);
  });
  it('names none of several where the one that asks was not read', async () => {
    expect(await ask(origins, 'nonsense\r\n\r\n')).toEqual([400, null]);
  });
});

describe('an Origin in bytes', () => {
  it.each<[string, string | typeof UNREAD]>([
    [`GET / HTTP/1.1\r\nORIGIN: \t${ORIGIN} \r\nx`, ORIGIN],
    [`origin: ${OTHER}\r\n\r\nGET / HTTP/1.1\r\norigin: ${ORIGIN}\r\n`, ORIGIN],
    [`x-origin: ${ORIGIN}\r\n`, UNREAD],
    [`origin: ${ORIGIN}`, UNREAD],
    [`origin: a b\r\n`, UNREAD],
    [`origin: ${'x'.repeat(256)}\r\n`, UNREAD],
  ])('is its value, whole and alone: %j', (text, origin) => {
    expect(originIn(Buffer.from(text))).toBe(origin);
    expect(originIn(undefined)).toBe(UNREAD);
  });
});

describe('a stop', () => {
  it('can be read as one by a listed origin, beside what the host has set', async () => {
    stage = await setStage(plain, { corsOrigins: origins });
    const app = express();
    app.use((_request, response, next) => {
      response.setHeader('vary', 'Accept-Encoding');
      next();
    });
    app.use('/api/calls', stage.switchboard.handler);
    await stage.switchboard.stop();
    const server = app.listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as { port: number };
    const answer = await fetch(`http://127.0.0.1:${port}/api/calls/livekit-token`, {
      method: 'POST',
      headers: { origin: ORIGIN },
    });
    server.close();
    expect([...read(answer), answer.headers.get('vary')]).toEqual([
      503,
      ORIGIN,
      'Accept-Encoding, Origin',
    ]);
    expect(await answer.json()).toMatchObject({ code: 'stopping' });
  });
});
