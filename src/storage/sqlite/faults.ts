// What SQLite's error codes mean for us.
import { failed } from '../../base/network-faults.ts';
import { SchemaTooNew } from '../sql/schema.ts';

const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const CANTOPEN = 14;
const FULL = 13;
const NOTADB = 26;
const CORRUPT = 11;
const NOMEM = 7;
const IOERR = 10;
const PROTOCOL = 15;

const BEYOND_US = [BUSY, LOCKED, READONLY, CANTOPEN, FULL, NOTADB, CORRUPT, NOMEM, IOERR, PROTOCOL];

/** The plain code; what SQLite adds to it in the higher bits is left out. */
function codeOf(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

/** Somebody else writes: it passes. */
export const isBusy = (error: unknown): boolean => [BUSY, LOCKED].includes(codeOf(error) ?? -1);

/** Not a bug of ours: the file, the disk, another process, another version. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof SchemaTooNew || BEYOND_US.includes(codeOf(error) ?? -1);

export const isFull = (error: unknown): boolean => codeOf(error) === FULL;

/** Or a damaged one. */
export const isNoDatabase = (error: unknown): boolean =>
  [NOTADB, CORRUPT].includes(codeOf(error) ?? -1);

/** Of SQLite, whatever it is, or of the folder. */
export const isOfOpening = (error: unknown): boolean =>
  codeOf(error) !== undefined || 'syscall' in (error as object);

/** What is in the way at a path, whoever finds it. */
export const OBSTACLES = {
  folder: (path: string) =>
    failed(`${path} is a folder`, `name a file in DATABASE_URL, like sqlite:${path}/calls.db`),
  noFolder: (path: string) =>
    failed(`a folder in ${path} is a file`, 'correct the path in DATABASE_URL'),
  brokenLink: (path: string) =>
    failed(
      `${path} is a link to what is not there`,
      'make what it leads to (is its disk mounted?), or correct the path in DATABASE_URL',
    ),
};

/** Why it can't be opened, and what to do. */
export function sentenceOf(path: string, error: unknown): string {
  const file = `The database file ${path}`;
  switch (codeOf(error)) {
    case NOTADB:
    case CORRUPT:
      return `${file} is no SQLite database, or is damaged. Name another file in DATABASE_URL, or bring a backup back.`;
    case READONLY:
      return `${file} cannot be written. The server needs the right to write the file and its folder, where SQLite keeps two files beside it.`;
    case CANTOPEN:
      return `${file} cannot be opened. The server needs the right to write its folder.`;
    case FULL:
      return `${file} cannot be written: the disk is full.`;
    case BUSY:
    case LOCKED:
      return `${file} is locked by another process, maybe a backup that never ended.`;
    default:
      return `${file} cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
  }
}
