// The contract on SQLite.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import { describeStore, type StoreStage } from './contract.ts';
import { describeErase } from './contract-erase.ts';
import { describeLanes } from './contract-lanes.ts';
import { describeRinging } from './contract-ringing.ts';
import { TABLES } from './statements.ts';

async function opened(path: string, clock = createFakeClock()) {
  const store = createSqliteStore({ path, clock, log: createFakeLog() });
  await store.open();
  return store;
}

async function fileStage(): Promise<StoreStage> {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-store-'));
  const path = join(folder, 'not', 'there', 'calls.db');
  const clock = createFakeClock();
  const store = await opened(path, clock);
  const file = new DatabaseSync(path);
  return {
    store,
    instance: () => opened(path, clock),
    advance: clock.advance,
    async empty() {
      for (const table of TABLES) file.exec(`delete from ${table}`);
    },
    async everything() {
      const tables = file.prepare("select name from sqlite_master where type = 'table'").all();
      return JSON.stringify(tables.map(({ name }) => file.prepare(`select * from ${name}`).all()));
    },
    async close() {
      file.close();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function memoryStage(): Promise<StoreStage> {
  const clock = createFakeClock();
  const open = () => opened(':memory:', clock);
  let store = await open();
  return {
    get store() {
      return store;
    },
    instance: open,
    advance: clock.advance,
    async empty() {
      await store.close();
      store = await open();
    },
    everything: async () => undefined,
    close: () => store.close(),
  };
}

for (const describeContract of [describeStore, describeLanes, describeRinging, describeErase]) {
  describeContract('SQLite in a file', { setStage: fileStage, isShared: true });
  describeContract('SQLite in memory', { setStage: memoryStage, isShared: false });
}
