// A session as the other side sees it.
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openHttp2Session } from '../src/base/http2-session.ts';

it('lets nobody send what was not asked for: an error of that would end the process', async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const asked = once(server, 'stream');
  const { signal } = new AbortController();
  const { session, end } = await openHttp2Session(`http://127.0.0.1:${port}`, signal);
  onTestFinished(end);
  session.request({ ':path': '/' }).on('error', () => {});
  const [stream] = (await asked) as [ServerHttp2Stream];
  expect(stream.pushAllowed).toBe(false);
});
