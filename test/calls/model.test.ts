import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import { checkModel, type ModelGround, PAIRS } from './model.ts';
import { STARTED_AT } from './world.ts';

async function openGround(): Promise<ModelGround> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-model-'));
  const clock = createFakeClock(STARTED_AT);
  const open = async () => {
    const store = createSqliteStore({
      path: join(folder, 'calls.db'),
      clock,
      log: createFakeLog(),
    });
    await store.open();
    return store;
  };
  const stores = [await open(), await open()] as const;
  return {
    stores,
    now: clock.now,
    turn: clock.advance,
    async close() {
      for (const store of stores) await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

it('keeps its promises in random runs of two instances on one file', {
  timeout: 120_000,
}, async () => {
  const coverage = await checkModel(openGround, { runs: Number(process.env.MODEL_RUNS ?? 60) });
  expect(PAIRS.filter((pair) => !coverage.has(pair))).toEqual([]);
});
