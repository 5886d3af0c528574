// A file of calls as a start would find it, looked at without changing anything: not even the two
// files that SQLite keeps beside it are made, which would then belong to whoever has looked.
import { access, constants, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Clock, pause } from '../../base/clock.ts';
import { SQLITE } from '../sql/dialect.ts';
import { migrationStatements, type SchemaState, selectSchema } from '../sql/schema.ts';
import { loadSqlite } from './database.ts';
import { isBusy, isNoDatabase } from './faults.ts';
import { brokenLinkIn } from './open-file.ts';

export type FileLook =
  /** It is not there, and would be made. */
  | { readonly found: 'nothing' }
  /** Version 0: it has no tables yet. */
  | ({ readonly found: 'schema' } & SchemaState)
  /** A table of ours that is somebody else's. */
  | { readonly found: 'foreign'; readonly table: string }
  /** `path` is what may not be read or written: the file, its folder, or one of the two beside it. */
  | { readonly found: 'unreadable' | 'unwritable'; readonly path: string }
  /** `path` is the link. */
  | { readonly found: 'broken link'; readonly path: string }
  /** `unread`: this Node can't look at it without making files. */
  | { readonly found: 'folder' | 'no folder' | 'no database' | 'locked' | 'unread' };

const PATIENCE_MS = 3_000;
const LOOK_AGAIN_MS = 50;
const MAGIC = 'SQLite format 3\0';
/** Where the header says that a `-wal` file goes with it. */
const WAL = { at: 18, is: 2 };

/** Waits a while where another process has locked it. */
export async function lookAtFile(path: string, clock: Clock): Promise<FileLook> {
  const obstacle = await obstacleAt(path);
  if (obstacle !== undefined) return obstacle;
  const header = await headerOf(path);
  if (header.length > 0 && !header.toString('latin1').startsWith(MAGIC)) {
    return { found: 'no database' };
  }
  const isWal = header[WAL.at] === WAL.is;
  // Nobody has it open and all is in it, or whoever opens it would make them.
  const isAlone = isWal && !((await isThere(`${path}-wal`)) && (await isThere(`${path}-shm`)));
  const untilMs = clock.monotonic() + PATIENCE_MS;
  for (;;) {
    try {
      return isAlone ? read(asItLies(path)) : readUnlocked(path);
    } catch (error) {
      if (isNoDatabase(error)) return { found: 'no database' };
      // Before 22.15 a path is all that it takes.
      if (isAlone && error instanceof TypeError) return { found: 'unread' };
      if (!isBusy(error)) throw error;
      if (clock.monotonic() >= untilMs) return { found: 'locked' };
    }
    await pause(clock, LOOK_AGAIN_MS);
  }
}

/** What keeps the process from it, or that there is nothing. */
async function obstacleAt(path: string): Promise<FileLook | undefined> {
  const file = await kindOf(path);
  if (file === 'no folder' || file === 'folder') return { found: file };
  if (file === 'unreadable') return { found: 'unreadable', path };
  const link = brokenLinkIn(path);
  if (link !== undefined) return { found: 'broken link', path: link };
  const folder = await nearestFolder(dirname(path));
  if (!(await may(folder, constants.W_OK | constants.X_OK))) {
    return { found: 'unwritable', path: folder };
  }
  if (file === 'nothing') return { found: 'nothing' };
  if (!(await may(path, constants.R_OK))) return { found: 'unreadable', path };
  for (const one of [path, `${path}-wal`, `${path}-shm`]) {
    if ((await isThere(one)) && !(await may(one, constants.W_OK))) {
      return { found: 'unwritable', path: one };
    }
  }
  return undefined;
}

async function kindOf(path: string) {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'nothing';
    if (code === 'ENOTDIR') return 'no folder';
    if (code === 'EACCES') return 'unreadable';
    throw error;
  }
}

const isThere = async (path: string): Promise<boolean> => (await kindOf(path)) !== 'nothing';

/** Those below it would be made. */
async function nearestFolder(folder: string): Promise<string> {
  const parent = dirname(folder);
  return parent === folder || (await isThere(folder)) ? folder : nearestFolder(parent);
}

const may = (path: string, mode: number): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );

async function headerOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(100), 0, 100, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Without locks, and without a thought of the files beside it. */
function asItLies(path: string): URL {
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return url;
}

function read(location: string | URL, meanwhile = () => {}): FileLook {
  const { DatabaseSync } = loadSqlite();
  const file = new DatabaseSync(location, { readOnly: true });
  try {
    const tables = file
      .prepare("select name from sqlite_master where type = 'table'")
      .all()
      .map(({ name }) => String(name));
    meanwhile();
    if (tables.includes('schema_version')) {
      const row = file.prepare(selectSchema(SQLITE)).get();
      const [version, readableFrom] = [Number(row?.version), Number(row?.readable_from)];
      return { found: 'schema', version, readableFrom };
    }
    const table = tablesOfOurs().find((name) => tables.includes(name));
    if (table !== undefined) return { found: 'foreign', table };
    return { found: 'schema', version: 0, readableFrom: 0 };
  } finally {
    file.close();
  }
}

/**
 * Whether it can be written is asked for by the lock that a writer takes, and nothing is written
 * under it. The reader beside it, who closes last, keeps SQLite from tidying up.
 */
function readUnlocked(path: string): FileLook {
  const { DatabaseSync } = loadSqlite();
  return read(path, () => {
    const writer = new DatabaseSync(path);
    try {
      writer.exec('begin immediate');
      writer.exec('rollback');
    } finally {
      writer.close();
    }
  });
}

const tablesOfOurs = (): string[] =>
  migrationStatements(SQLITE, 0).flatMap((text) => /^create table (\w+)/.exec(text)?.[1] ?? []);
