// The phones of a group are hundreds, and each of them is written down as soon as a provider has its ring.
import { StatementSync } from 'node:sqlite';
import { afterEach, expect, it, vi } from 'vitest';
import type { CallId, InstallationId, UserId } from '../../src/base/ids.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';

afterEach(() => vi.restoreAllMocks());

it('what is handed while some is written down goes with the next, in one transaction', async () => {
  const store = createSqliteStore({
    path: ':memory:',
    clock: createFakeClock(),
    log: createFakeLog(),
  });
  await store.open();
  const asked = vi.spyOn(StatementSync.prototype, 'all');
  const callId = '0b8f6f6e-6a3a-4d8e-9a57-2f5a4b1c7d10' as CallId;
  await Promise.all(
    Array.from({ length: 300 }, (_, nth) =>
      store.ringHanded({ callId, uid: `callee-${nth}` as UserId, ringAt: 1 }, [
        'phone' as InstallationId,
      ]),
    ),
  );
  const said = asked.mock.contexts.map((statement) => (statement as StatementSync).sourceSQL);
  expect(said.filter((text) => text.startsWith('update'))).toHaveLength(300);
  expect(said.filter((text) => text === 'commit').length).toBeLessThanOrEqual(2);
  await store.close();
});
