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

/** More of them, for a long look: MODEL_RUNS=5000. */
const runs = Number(process.env.MODEL_RUNS ?? 60);

it('keeps its promises in random runs of two instances on one file', {
  timeout: 60_000 + runs * 1_000,
}, async () => {
  const coverage = await checkModel(openGround, { runs });
  expect(PAIRS.filter((pair) => !coverage.has(pair))).toEqual([]);
});
