// What an operator is told when something is away: once in the log and clearly, and by readyz, however
// long it lasts; and without the address, which may hold a password.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, it } from 'vitest';
import { GATHER_MS } from '../../src/events/wake-loop.ts';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { type CallStage, PLAIN, setCallStage } from '../call-stage.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { freePort } from '../fakes/free-port.ts';
import { createFakeLog } from '../fakes/log.ts';

/** Of the wire, not of the clock. */
const PATIENCE = { interval: 5, timeout: 10_000 };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(options?: SwitchboardOptions): Promise<CallStage> {
  const stage = await setCallStage(PLAIN, options);
  cleanups.push(stage.close);
  return stage;
}

/** Lets a while pass, with everything that comes over the wire in it. */
async function pass(stage: CallStage, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    stage.clock.advance(1_000);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

const told = (stage: CallStage, sentence: RegExp) =>
  stage.log.lines.filter(
    ({ level, message }) => (level === 'warn' || level === 'error') && sentence.test(message),
  );
const missing = (stage: CallStage) => stage.switchboard.readiness().missing;

it('a Postgres out of reach', async () => {
  const address = `postgres://u:recognizable@127.0.0.1:${await freePort()}/calls`;
  const stage = await open({ database: address });
  await stage.place('alice', ['bob']);
  await pass(stage, 120);
  await stage.place('alice', ['bob']);
  expect(missing(stage)).toEqual(['the database of calls (out of reach)']);
  expect(told(stage, /^Postgres cannot be asked$/)).toHaveLength(1);
  // What comes of it.
  expect(told(stage, /^the \w+ of calls wait/)).toHaveLength(2);
  expect(JSON.stringify(stage.log.lines)).not.toContain('recognizable');
});

it('a schema of a newer version', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-said-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'calls.db');
  const store = createSqliteStore({ path, clock: createFakeClock(), log: createFakeLog() });
  await store.open();
  await store.close();
  const beside = new DatabaseSync(path);
  cleanups.push(() => beside.close());
  beside.exec('update schema_version set version = 99, readable_from = 98');
  const stage = await open({ database: `sqlite:${path}` });
  await pass(stage, 120);
  expect(missing(stage)).toEqual([
    'the database of calls (cannot be opened: the log and `livekit-switchboard doctor` say why)',
  ]);
  expect(told(stage, /^(?!no push is configured)/)).toEqual([
    expect.objectContaining({
      message: 'the database of calls cannot be opened: it is tried again',
      fields: {
        err: expect.objectContaining({
          message: expect.stringMatching(/schema 99, made by a newer.* Run the newer version\.$/),
        }),
      },
    }),
  ]);
  beside.exec('update schema_version set readable_from = 1');
  await expect
    .poll(() => {
      stage.clock.advance(1_000);
      return missing(stage);
    }, PATIENCE)
    .toEqual([]);
});

it('a LiveKit out of reach', async () => {
  const stage = await open();
  stage.livekit.answerWith('cut');
  const { call } = await stage.place('alice', ['bob']);
  await stage.accept('bob', call.id);
  await expect
    .poll(() => {
      stage.clock.advance(1_000);
      return missing(stage);
    }, PATIENCE)
    .toEqual([expect.stringMatching(/^LiveKit \(no answer for \d+ s\)$/)]);
  await pass(stage, 60);
  expect(told(stage, /^LiveKit at .* gives no answer$/)).toHaveLength(1);
});

it('webhooks that never come: no reason to take the server out of service', async () => {
  const stage = await open();
  const { call } = await stage.place('alice', ['bob']);
  await stage.accept('bob', call.id);
  stage.clock.advance(GATHER_MS);
  await expect.poll(() => stage.livekit.rooms().length).toBe(1);
  const room = stage.livekit.rooms()[0]?.name as string;
  const warnings = () => told(stage, /webhooks do not arrive: .*\/api\/calls\/livekit-webhook/);
  for (const uid of ['alice', 'bob']) stage.livekit.enter(room, uid);
  await expect
    .poll(() => {
      stage.clock.advance(1_000);
      return warnings().length;
    }, PATIENCE)
    .toBe(1);
  const asked = () => stage.livekit.asked.filter(({ method }) => method === 'ListParticipants');
  const before = asked().length;
  await expect
    .poll(() => {
      stage.clock.advance(1_000);
      return asked().length;
    }, PATIENCE)
    .toBeGreaterThan(before + 3);
  expect(warnings()).toHaveLength(1);
  expect(missing(stage).join()).not.toContain('ebhook');
});
