// What is left of us at a host's pool of pg when we have gone.
import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { createConnections } from '../../src/storage/postgres/connections.ts';
import type { PgPool } from '../../src/storage/postgres/pool.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';

it('switchboards that come and go leave one ear at each of its connections, and none at itself', async () => {
  const client = Object.assign(new EventEmitter(), { release() {}, query: async () => ({}) });
  const pool = Object.assign(new EventEmitter(), {
    async connect() {
      pool.emit('acquire', client);
      return client;
    },
  });
  for (let count = 0; count < 12; count += 1) {
    const connections = createConnections({
      ...{ source: pool as unknown as PgPool, clock: createFakeClock(), log: createFakeLog() },
    });
    await connections.open();
    (await connections.borrow()).release();
    await connections.close();
  }
  expect(client.listenerCount('error')).toBe(1);
  expect(['error', 'acquire'].map((event) => pool.listenerCount(event))).toEqual([0, 0]);
});
