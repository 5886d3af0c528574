// The random runs of test/calls/model.ts, of two instances on one real Postgres.
import type pg from 'pg';
import { beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { checkModel, type ModelGround, PAIRS } from '../calls/model.ts';
import { createFakeLog } from '../fakes/log.ts';
import { createPool } from '../storage/pool.ts';
import { endings } from './endings.ts';
import { startPostgres } from './postgres.ts';

const TABLES = ['effects', 'timers', 'seats', 'parties', 'calls', 'people'];
const EMPTY = TABLES.map((table) => `delete from switchboard.${table}`).join(';');

const keep = endings();
let url: string;
let admin: pg.Pool;
beforeAll(async () => {
  // What is written is not held against a power cut here.
  const postgres = await startPostgres({ fsync: 'off', synchronous_commit: 'off' });
  keep({ stop: postgres.close });
  url = postgres.url;
  admin = createPool({ connectionString: url, max: 1 });
  keep({ stop: () => admin.end() });
});

it('keeps its promises in random runs of two instances on one Postgres', {
  timeout: 480_000,
}, async () => {
  let aheadMs = 0;
  const open = async () => {
    const log = createFakeLog();
    const store = createPostgresStore({
      source: url,
      clock: systemClock,
      log,
      clockOffsetMs: () => aheadMs,
    });
    keep({ stop: store.close });
    await store.open();
    return store;
  };
  const stores = [await open(), await open()] as const;
  const openGround = async (): Promise<ModelGround> => {
    await admin.query(EMPTY);
    return {
      stores,
      now: () => Date.now() + aheadMs,
      turn(ms) {
        aheadMs += ms;
      },
      async close() {},
    };
  };
  const coverage = await checkModel(openGround, { runs: Number(process.env.MODEL_RUNS ?? 40) });
  expect(PAIRS.filter((pair) => !coverage.has(pair))).toEqual([]);
});
