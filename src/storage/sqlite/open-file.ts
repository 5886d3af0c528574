import { existsSync, lstatSync, mkdirSync, readlinkSync, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Database, openDatabase } from './database.ts';
import { isBusy, isOfOpening, OBSTACLES, sentenceOf } from './faults.ts';

export const IN_MEMORY = ':memory:';

export interface OpenedFile {
  readonly database: Database;
  /** It was not there before. */
  readonly isNew: boolean;
}

/**
 * The folder is made where it is missing.
 *
 * @throws Error with a sentence for the operator; SQLite's own where another process has locked it.
 */
export function openFile(path: string): OpenedFile {
  try {
    if (path === IN_MEMORY) return { database: openDatabase(path), isNew: false };
    const isNew = !existsSync(path);
    makeFolder(dirname(path));
    return { database: openDatabase(path), isNew };
  } catch (error) {
    if (isBusy(error) || !isOfOpening(error)) throw error;
    throw new Error(obstacleAt(path) ?? sentenceOf(path, error), { cause: error });
  }
}

/** What some calls take before SQLite tidies up. */
const ROOM_BYTES = 256 * 1024;

/** On the disk of a file that is there. */
export function hasRoom(path: string): boolean {
  if (path === IN_MEMORY) return true;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize >= ROOM_BYTES;
}

/** One by one: Node's own `recursive` never comes back from below /proc, which takes none. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another instance that starts at the same moment was faster.
    if (!existsSync(folder)) throw error;
  }
}

function obstacleAt(path: string): string | undefined {
  const { detail, fix } = obstacleOf(path) ?? {};
  return detail === undefined ? undefined : `${detail}. Fix: ${fix}`;
}

function obstacleOf(path: string) {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return OBSTACLES.folder(path);
    const link = brokenLinkIn(path);
    return link === undefined ? undefined : OBSTACLES.brokenLink(link);
  } catch (error) {
    // Where there is no right to look, what was thrown first says so.
    const isBelowFile = (error as NodeJS.ErrnoException).code === 'ENOTDIR';
    return isBelowFile ? OBSTACLES.noFolder(path) : undefined;
  }
}

/**
 * The link in this path that leads to nothing. The file's own may, where the folder is there that it
 * is to be made in.
 */
export function brokenLinkIn(path: string): string | undefined {
  for (let at = path; ; at = dirname(at)) {
    const entry = lstatSync(at, { throwIfNoEntry: false });
    if (entry?.isSymbolicLink() && !existsSync(at)) {
      const target = resolve(dirname(at), readlinkSync(at));
      return at === path && existsSync(dirname(target)) ? undefined : at;
    }
    if (entry !== undefined || dirname(at) === at) return undefined;
  }
}
