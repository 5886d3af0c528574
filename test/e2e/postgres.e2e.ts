// The contract on a real Postgres, over our own pool and over a host's; and what goes wrong there.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { createFakeLog } from '../fakes/log.ts';
import { describeStore, type StoreStage } from '../storage/contract.ts';
import { describeErase } from '../storage/contract-erase.ts';
import { describeLanes } from '../storage/contract-lanes.ts';
import { describeRinging } from '../storage/contract-ringing.ts';
import { createPool } from '../storage/pool.ts';
import { TABLES } from '../storage/statements.ts';
import { type Postgres, startPostgres } from './postgres.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

/** A database of its own. `asPool`: the store is given a pool that a host has made. */
async function stageOn(name: string, { asPool }: { asPool: boolean }): Promise<StoreStage> {
  const url = await postgres.database(name);
  const pool = createPool({ connectionString: url });
  let aheadMs = 0;
  const instance = async () => {
    const store = createPostgresStore({
      source: asPool ? pool : url,
      clock: systemClock,
      log: createFakeLog(),
      clockOffsetMs: () => aheadMs,
    });
    await store.open();
    return store;
  };
  const store = await instance();
  return {
    store,
    instance,
    advance(ms) {
      aheadMs += ms;
    },
    async empty() {
      await pool.query(TABLES.map((table) => `delete from switchboard.${table}`).join(';'));
    },
    async everything() {
      const { rows: tables } = await pool.query(
        "select tablename as name from pg_catalog.pg_tables where schemaname = 'switchboard'",
      );
      const all = [];
      for (const { name } of tables) {
        all.push((await pool.query(`select * from switchboard.${name}`)).rows);
      }
      return JSON.stringify(all);
    },
    async close() {
      await store.close();
      await pool.end();
    },
  };
}

for (const [what, describeContract] of Object.entries({
  store: describeStore,
  lanes: describeLanes,
  ringing: describeRinging,
  erase: describeErase,
})) {
  describeContract('Postgres', {
    setStage: () => stageOn(`own_${what}`, { asPool: false }),
    isShared: true,
  });
  describeContract("Postgres over a host's pool", {
    setStage: () => stageOn(`hosts_${what}`, { asPool: true }),
    isShared: true,
  });
}

it('never lets two transactions wait for each other', () => {
  expect(postgres.child().output()).not.toContain('deadlock');
});
