// What the doctor finds of a file of calls, and that looking changes nothing.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import { SCHEMA_VERSION } from '../../src/storage/sql/schema.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import { cleanups, type Row, rowOf, rowsOf, setUp } from './stage.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-sqlite-'));
  path = join(folder, 'calls.db');
  cleanups.push(() => rmSync(folder, { recursive: true }));
});

/** A file as a server has left it. */
async function serve(at = path): Promise<void> {
  const store = createSqliteStore({ path: at, clock: createFakeClock(), log: createFakeLog() });
  await store.open();
  await store.close();
}

/** As another process has it open. */
function openBeside(at = path): DatabaseSync {
  const file = new DatabaseSync(at);
  cleanups.push(() => file.close());
  return file;
}

async function database(at = path, parts: Parameters<typeof rowOf>[2] = {}): Promise<Row> {
  const { env } = await setUp();
  return rowOf('Database', { ...env, DATABASE_URL: `sqlite:${at}` }, parts);
}

/** Every file of the folder with what is in it; the memory that readers share is left out. */
const contents = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((file) => [file, file.endsWith('-shm') ? '' : readFileSync(file).toString('base64')]);

describe('a file of calls', () => {
  it('that is there is told with its schema', async () => {
    await serve();
    const before = contents();
    expect(await database()).toMatchObject({
      result: 'ok',
      detail: `${path} is there and can be written, with schema ${SCHEMA_VERSION}`,
    });
    expect(contents()).toEqual(before);
  });

  it('that a server has open is looked at beside it', async () => {
    await serve();
    const beside = openBeside();
    beside.exec('update schema_version set version = 7');
    const before = contents();
    expect((await database()).detail).toContain('with schema 7, of a newer version');
    expect(contents()).toEqual(before);
    expect(before.map(([file]) => file)).toContain(`${path}-wal`);
  });

  it('that a killed server has left is not tidied up', async () => {
    const left = join(folder, 'left.db');
    await serve(left);
    openBeside(left).exec('update schema_version set version = 3');
    for (const end of ['', '-wal', '-shm']) copyFileSync(left + end, path + end);
    const before = contents();
    expect((await database()).detail).toContain('with schema 3');
    expect(contents()).toEqual(before);
  });

  it.each([
    ['in a folder that is there', ''],
    ['in folders that would be made', 'data/of/calls'],
  ])('that is not there, %s, is made new by a start: that is told', async (_case, below) => {
    const at = join(folder, below, 'calls.db');
    const { result, detail } = await database(at);
    expect([result, detail.startsWith(`warning: ${at} is not there`)]).toEqual(['ok', true]);
    expect(detail).toMatch(/without a disk that stays.*loses all calls.*Postgres/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that is empty, or a backup without its journal, is as good', async () => {
    writeFileSync(path, '');
    expect((await database()).detail).toBe(`${path} is there without tables, and serve makes them`);
    rmSync(path);
    await serve();
    const backup = join(folder, 'backup.db');
    openBeside().exec(`vacuum into '${backup}'`);
    expect((await database(backup)).detail).toContain(`with schema ${SCHEMA_VERSION}`);
  });

  it('that a link leads to is made where the link says', async () => {
    const link = join(folder, 'link.db');
    symlinkSync(path, link);
    expect((await database(link)).detail).toMatch(/^warning: .*link\.db is not there/);
    await serve(link);
    expect((await database(path)).detail).toContain(`with schema ${SCHEMA_VERSION}`);
  });

  it('in memory keeps nothing, and says so', async () => {
    expect(await database(':memory:')).toMatchObject({
      result: 'ok',
      detail: expect.stringMatching(/^warning: .*each restart loses all calls/),
    });
  });
});

describe('a file of calls fails', () => {
  it.each([
    [
      'is no database',
      () => writeFileSync(path, 'a shopping list'.repeat(100)),
      /is no SQLite/,
      /backup/,
    ],
    [
      'is damaged',
      async () => {
        await serve();
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.fill(7, 100, 4_000));
      },
      /is no SQLite database, or is damaged/,
      /backup/,
    ],
    ['is a folder', () => mkdirSync(path), /is a folder/, /calls\.db\/calls\.db/],
    [
      'has a table of somebody else',
      () => openBeside().exec('create table calls (number text)'),
      /has a table calls that is somebody else's/,
      /another file/,
    ],
    [
      'is of a newer schema',
      async () => {
        await serve();
        openBeside().exec('update schema_version set version = 99, readable_from = 98');
      },
      /schema 99, made by a newer livekit-switchboard, and this one knows schema \d/,
      /run the newer/,
    ],
  ])('that %s', async (_case, arrange, detail, fix) => {
    await arrange();
    const before = contents();
    expect(await database()).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(detail),
      fix: expect.stringMatching(fix),
    });
    expect(contents()).toEqual(before);
  });

  it('where a folder of its path is a file', async () => {
    writeFileSync(path, '');
    expect(await database(join(path, 'calls.db'))).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(/a folder in .* is a file/),
    });
  });

  it('where a link in its path leads to nothing', async () => {
    const link = join(folder, 'link');
    symlinkSync(join(folder, 'not', 'there'), link);
    for (const at of [link, join(link, 'data', 'calls.db')]) {
      expect(await database(at)).toMatchObject({
        result: 'failed',
        detail: `${link} is a link to what is not there`,
        fix: expect.stringMatching(/make what it leads to/),
      });
    }
  });

  it.each([
    ['a writer', 'begin immediate'],
    ['one who lets nobody read', 'pragma locking_mode = exclusive; begin exclusive'],
  ])('that %s holds for long', async (_who, sql) => {
    await serve();
    const holder = openBeside();
    // Not yet in the mode that the server sets: readers are locked out too.
    if (sql.includes('exclusive;')) holder.exec('pragma journal_mode = delete');
    holder.exec(sql);
    const clock = createFakeClock();
    const row = database(path, { clock });
    let isOver = false;
    void row.then(() => {
      isOver = true;
    });
    await expect
      .poll(
        () => {
          // Whoever waits for it waits so long at the most.
          if (clock.waiting().some((ms) => ms <= 50)) clock.advance(50);
          return isOver;
        },
        { interval: 1, timeout: 15_000 },
      )
      .toBe(true);
    expect(await row).toMatchObject({
      result: 'failed',
      detail: `${path} is locked by another process`,
      fix: expect.stringMatching(/backup that never ended/),
    });
  });

  it('that is held for a moment does not', async () => {
    await serve();
    const holder = openBeside();
    holder.exec('begin immediate');
    const clock = createFakeClock();
    const row = database(path, { clock });
    await expect.poll(() => clock.waiting().includes(50)).toBe(true);
    holder.exec('rollback');
    clock.advance(50);
    expect((await row).result).toBe('ok');
  });
});

/** Root may write everything: what keeps it from that is the disk. */
describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('a disk', () => {
  it('that can only be read fails', async (context) => {
    const disk = mkdtempSync(join(tmpdir(), 'doctor-disk-'));
    cleanups.push(() => rmSync(disk, { recursive: true }));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'pipe' });
    } catch {
      return context.skip('no right to mount');
    }
    cleanups.push(() => execFileSync('umount', ['-l', disk]));
    await serve(join(disk, 'calls.db'));
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    for (const name of ['calls.db', 'new.db']) {
      expect(await database(join(disk, name))).toMatchObject({
        result: 'failed',
        detail: `${disk} may not be written by this user`,
        fix: expect.stringMatching(/is the disk mounted read-only\?/),
      });
    }
  });
});

describe.runIf(process.getuid?.() !== 0)('a right that is missing', () => {
  it.each([
    ['to write the folder', () => folder, 0o500, 'written'],
    ['to read the file', () => path, 0o200, 'read'],
    ['to write the file', () => path, 0o400, 'written'],
  ])('%s fails', async (_case, what, mode, verb) => {
    await serve();
    chmodSync(what(), mode);
    cleanups.push(() => chmodSync(what(), 0o700));
    expect(await database()).toMatchObject({
      result: 'failed',
      detail: `${what()} may not be ${verb} by this user`,
    });
  });

  it('to write what somebody else has left beside the file fails', async () => {
    await serve();
    writeFileSync(`${path}-wal`, '');
    chmodSync(`${path}-wal`, 0o400);
    expect((await database()).detail).toBe(`${path}-wal may not be written by this user`);
  });
});

describe('where calls are on', () => {
  it('the way of webhooks is told', async () => {
    const { env } = await setUp();
    const rows = await rowsOf({ ...env, DATABASE_URL: 'sqlite::memory:' });
    expect(rows.slice(-4).map(({ name, result }) => [name, result])).toEqual([
      ['Database', 'ok'],
      ['LiveKit webhooks', 'skipped'],
      ['FCM', 'skipped'],
      ['APNs', 'skipped'],
    ]);
    const { detail } = rows.at(-3) as Row;
    expect(detail).toContain('https://THIS-SERVER/api/calls/livekit-webhook');
    expect(detail).toContain('switchboard_livekit_webhooks_total');
  });

  it('and nowhere else', async () => {
    const { env } = await setUp();
    const rows = await rowsOf(env);
    expect(rows.map(({ name }) => name)).not.toContain('LiveKit webhooks');
    expect(rows.at(-1)).toMatchObject({
      name: 'Database',
      result: 'skipped',
      detail: expect.stringContaining('DATABASE_URL is not set'),
    });
  });
});
