// Whatever a switchboard has begun ends with it.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Switchboard } from '../../src/compose/house.ts';
import { compose } from '../../src/switchboard.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { type KeyEndpoint, startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { createFakeLog } from '../fakes/log.ts';

let clock: FakeClock;
let keys: KeyEndpoint;
let appCheckKeys: KeyEndpoint;
/** Listens where Redis should, and says nothing. */
let redis: Server;
let connected: Promise<Socket>;
let switchboard: Switchboard;
beforeEach(async () => {
  clock = createFakeClock();
  [keys, appCheckKeys] = await Promise.all([startKeyEndpoint(), startKeyEndpoint()]);
  redis = createServer((socket) => socket.on('error', () => {}).resume());
  connected = once(redis, 'connection').then(([socket]) => socket as Socket);
  redis.listen(0, '127.0.0.1');
  await once(redis, 'listening');
  switchboard = compose(
    {
      firebaseProjectId: 'demo-switchboard',
      firebaseKeysUrl: keys.url,
      appCheck: 'enforce',
      appCheckKeysUrl: appCheckKeys.url,
      redisUrl: `redis://127.0.0.1:${(redis.address() as AddressInfo).port}`,
      livekitApiKey: 'key',
      livekitApiSecret: 'secret',
      logger: createFakeLog(),
    },
    clock,
  ).switchboard;
});
afterEach(async () => {
  await switchboard.stop();
  await Promise.all([keys.close(), appCheckKeys.close()]);
  redis.close();
});

describe('a switchboard that was stopped', () => {
  it('fetches no more keys, and waits for nothing', async () => {
    await switchboard.start();
    // The next fetch of each.
    expect(clock.waiting()).toHaveLength(2);
    await switchboard.stop();
    expect(clock.waiting()).toEqual([]);
    clock.advance(100 * 3_600_000);
    expect([keys.requests, appCheckKeys.requests]).toEqual([1, 1]);
  });

  it('has closed its connection to Redis', async () => {
    await switchboard.start();
    const socket = await connected;
    const closed = once(socket, 'close');
    await switchboard.stop();
    await closed;
    expect(socket.destroyed).toBe(true);
  });

  it('opens none that it was about to open', async () => {
    const started = switchboard.start();
    await switchboard.stop();
    await started;
    const count = await new Promise((resolve) => redis.getConnections((_, open) => resolve(open)));
    expect(count).toBe(0);
    expect(clock.waiting()).toEqual([]);
  });
});
