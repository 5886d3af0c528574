// A command of the operator's that works on the database of calls, beside the server or without one.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { type CallStore, StoreUnavailable } from '../calls/store.ts';
import { ConfigError, loadDatabase } from '../settings/config.ts';
import { misspelt } from '../settings/misspelt.ts';
import type { Environment } from '../settings/sources.ts';
import { variableOf } from '../settings/table.ts';
import { placeOf } from '../storage/postgres/refusals.ts';
import { createStore } from './call-store.ts';

const silent = () => {};
/** What goes wrong is told by the command itself. */
export const SILENT: Logger = { debug: silent, info: silent, warn: silent, error: silent };

/**
 * Opens the database that is set, whose tables are made where they are missing. A file that is not there
 * is made for `makes` alone: else nothing could be in it, and the path is a wrong one. Rejects with a
 * sentence for the operator.
 */
export async function onDatabase<Result>(
  env: Environment,
  work: (store: CallStore) => Promise<Result>,
  makes?: 'makes',
): Promise<Result> {
  const database = loadDatabase(env);
  const name = variableOf('database');
  if (database === undefined) {
    const slips = misspelt(env).filter(({ sentence }) => sentence.includes(name));
    const hints = slips.map(({ sentence }) => sentence);
    throw new ConfigError([`${name} is required`], hints);
  }
  if (database.engine === 'sqlite' && database.path === ':memory:') {
    throw new ConfigError([
      `${name} is sqlite::memory:, which is nowhere but in the server that runs: there is nothing to do this in`,
    ]);
  }
  if (database.engine === 'sqlite' && makes === undefined && !existsSync(database.path)) {
    throw new ConfigError([
      `${name}: there is no file ${resolve(database.path)}. Run this where the server runs, with its path`,
    ]);
  }
  const store = createStore(database, { clock: systemClock, log: SILENT });
  try {
    const fault = await store.open().then(store.fault, ({ message }: Error) => message);
    if (fault !== undefined) throw new ConfigError([`${name}: ${fault}`]);
    return await work(store);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw new ConfigError([
      `${name}: the database was lost on the way. Nothing breaks by trying again`,
    ]);
  } finally {
    await store.close();
  }
}

/** The database that is set, as it may be shown: a file, or a host alone. */
export function shownDatabase(env: Environment): string {
  const database = loadDatabase(env);
  if (database?.engine === 'sqlite') return resolve(database.path);
  return typeof database?.source === 'string' ? placeOf(database.source).host : 'none';
}
