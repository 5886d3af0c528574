// A file of an older version, and an older version on a file of this one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import type { CallId } from '../../src/base/ids.ts';
import { SQLITE } from '../../src/storage/sql/dialect.ts';
import { migrationSql, migrationStatements, SCHEMA_VERSION } from '../../src/storage/sql/schema.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import { end, place, user } from './scenes.ts';
import { OLD_CALL, OLD_CALL_READ, OLD_PLACE, SCHEMA_1 } from './schema-1.ts';

function fileOfOld() {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-migration-'));
  const path = join(folder, 'calls.db');
  const file = new DatabaseSync(path);
  onTestFinished(() => {
    file.close();
    rmSync(folder, { recursive: true });
  });
  file.exec('pragma foreign_keys = on');
  for (const statement of SCHEMA_1.sqlite.tables) file.exec(statement);
  return { path, file };
}

function placeAsOld(file: DatabaseSync) {
  for (const [statement, rows] of OLD_PLACE) {
    file.prepare(SCHEMA_1.sqlite.statements[statement] as string).all({ 1: JSON.stringify(rows) });
  }
}

async function opened(path: string) {
  const store = createSqliteStore({ path, clock: createFakeClock(), log: createFakeLog() });
  await store.open();
  onTestFinished(() => store.close());
  return store;
}

const stateOf = (file: DatabaseSync) =>
  file.prepare('select version, readable_from from schema_version').get();

it('schema 1 is as it was published', () => {
  const first = migrationStatements(SQLITE, 0).slice(0, SCHEMA_1.sqlite.tables.length);
  expect(first).toEqual(SCHEMA_1.sqlite.tables);
});

it('a file of schema 1 is brought up as it is opened, and its calls go on', async () => {
  const { path, file } = fileOfOld();
  placeAsOld(file);
  const store = await opened(path);
  expect(stateOf(file)).toEqual({ version: SCHEMA_VERSION, readable_from: 1 });
  const { call } = await store.call(OLD_CALL.id as CallId);
  expect(call).toMatchObject(OLD_CALL_READ);
  expect(call).not.toHaveProperty('told');
  expect(await end(store, OLD_CALL.id as CallId)).toMatchObject({ state: 'ended' });
  const [effect] = await store.leaseEffects('livekit', 1, 1_000);
  expect(effect?.effect).toEqual({ type: 'create_room' });
});

it('a file that is brought up by hand is the same', async () => {
  const [byHand, opening] = [fileOfOld(), fileOfOld()];
  byHand.file.exec(migrationSql('sqlite', 1));
  await opened(opening.path);
  const tables = ({ file }: typeof byHand) =>
    file.prepare('select name, sql from sqlite_master order by name').all();
  expect(tables(byHand)).toEqual(tables(opening));
  expect(stateOf(byHand.file)).toEqual(stateOf(opening.file));
});

it('code for schema 1 still works on a file of this version: a deploy was rolled back', async () => {
  const { path, file } = fileOfOld();
  const store = await opened(path);
  for (const [name, text] of Object.entries(SCHEMA_1.sqlite.statements)) {
    expect(() => file.prepare(text), name).not.toThrow();
  }
  placeAsOld(file);
  expect((await store.call(OLD_CALL.id as CallId)).call).toMatchObject(OLD_CALL_READ);
  const call = await place(store, {
    caller: 'bob',
    callees: ['carol'],
    effects: [{ type: 'ring', uid: user('carol'), ringAt: 1_000 }],
  });
  const [read] = file
    .prepare(SCHEMA_1.sqlite.statements.call as string)
    .all({ 1: call?.id as string });
  expect(read).toMatchObject({ id: call?.id, state: 'ringing' });
  // It knows nothing of the new tables, and what hangs on a call goes with it.
  file
    .prepare(SCHEMA_1.sqlite.statements.forget as string)
    .all({ 1: JSON.stringify([OLD_CALL.id, call?.id]) });
  expect((await store.call(OLD_CALL.id as CallId)).call).toBeUndefined();
  expect(await store.leaseEffects('push', 1, 1_000)).toEqual([]);
});
