// The phones of a group are hundreds, and each of them is written down as soon as a provider has its ring.
import { StatementSync } from 'node:sqlite';
import { afterEach, expect, it, vi } from 'vitest';
import type { CallId, InstallationId, UserId } from '../../src/base/ids.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import type { Store } from '../../src/storage/store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';

afterEach(() => vi.restoreAllMocks());

const CALL = '0b8f6f6e-6a3a-4d8e-9a57-2f5a4b1c7d10' as CallId;
const RINGS = Array.from({ length: 300 }, (_, nth) => ({
  callId: CALL,
  uid: `callee-${nth}` as UserId,
  ringAt: 1,
}));

/** What SQLite is asked meanwhile. */
async function askedWhile(work: (store: Store) => Promise<unknown>): Promise<string[]> {
  const store = createSqliteStore({
    path: ':memory:',
    clock: createFakeClock(),
    log: createFakeLog(),
  });
  await store.open();
  const asked = vi.spyOn(StatementSync.prototype, 'all');
  await work(store);
  const said = asked.mock.contexts.map((statement) => (statement as StatementSync).sourceSQL);
  await store.close();
  return said;
}

it('what is handed while some is written down goes with the next, in one statement', async () => {
  const phone = ['phone' as InstallationId];
  const said = await askedWhile((store) =>
    Promise.all(RINGS.map((ring) => store.ringHanded(ring, phone))),
  );
  expect(said.filter((text) => text.startsWith('update')).length).toBeLessThanOrEqual(2);
});

it('the phones of many who are rung at once are asked for together, and their call is', async () => {
  const said = await askedWhile((store) => Promise.all(RINGS.map((ring) => store.takeRing(ring))));
  expect(said.filter((text) => text.includes('devices')).length).toBeLessThanOrEqual(2);
  expect(said.filter((text) => text === 'commit').length).toBeLessThanOrEqual(2);
});
