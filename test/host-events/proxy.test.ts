// The way out by a proxy, which resolves names by itself. A file of its own: it changes all of the
// process.
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useOutgoingProxy } from '../../src/base/outgoing-proxy.ts';
import { PrivateAddressError } from '../../src/base/private-address.ts';
import { createPostEvent } from '../../src/events/host/webhook.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { listen } from '../mounts.ts';

const asked: string[] = [];
const proxy = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.end();
});
let close: () => Promise<void>;
beforeAll(async () => {
  const listening = await listen(proxy);
  close = listening.close;
  // By a name, which is looked up as others are.
  const url = listening.origin.replace('127.0.0.1', 'localhost');
  expect(useOutgoingProxy({ HTTP_PROXY: url })).toBeUndefined();
});
afterAll(() => close());

const { signal } = new AbortController();
const postTo = (url: string) =>
  createPostEvent({
    ...{ url, secret: Buffer.alloc(32, 5).toString('base64'), allowedHosts: [] },
    clock: createFakeClock(),
  })({ id: 'evt_1' } as never, signal);

it('a proxy may stand inside, and is told the name', async () => {
  await postTo('http://chat.example.com/hook');
  expect(asked).toEqual(['POST http://chat.example.com/hook']);
});

it('no proxy is asked for an address inside', async () => {
  await expect(postTo('http://169.254.169.254/latest')).rejects.toThrow(PrivateAddressError);
  expect(asked).toHaveLength(1);
});
