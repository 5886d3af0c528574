import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Database, openDatabase } from './database.ts';
import { isBusy, isOfOpening, sentenceOf } from './faults.ts';

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
    mkdirSync(dirname(path), { recursive: true });
    return { database: openDatabase(path), isNew };
  } catch (error) {
    if (isBusy(error) || !isOfOpening(error)) throw error;
    throw new Error(sentenceOf(path, error), { cause: error });
  }
}
