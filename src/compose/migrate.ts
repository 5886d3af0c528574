// livekit-switchboard migrate: the tables of calls, made before a server needs them, or as text for
// somebody who may make them.
import { systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { ConfigError, loadDatabase } from '../settings/config.ts';
import { misspelt } from '../settings/misspelt.ts';
import type { Environment } from '../settings/sources.ts';
import { variableOf } from '../settings/table.ts';
import { migrationSql, SCHEMA_VERSION } from '../storage/schema.ts';
import { createStore } from './call-store.ts';

const silent = () => {};
/** What goes wrong is told by the command itself. */
const SILENT: Logger = { debug: silent, info: silent, warn: silent, error: silent };

/**
 * Of the database that is set; without one of Postgres, where users often may make no tables. `from`:
 * the schema that is there.
 */
export function printMigration(env: Environment, from = '0'): string {
  const version = /^\d{1,6}$/.test(from) ? Number(from) : Number.NaN;
  if (!(version <= SCHEMA_VERSION)) {
    throw new ConfigError([
      `--from is the schema that the database has, as doctor names it: 0 (no tables) to ${SCHEMA_VERSION}`,
    ]);
  }
  return migrationSql(loadDatabase(env)?.engine ?? 'postgres', version);
}

/** Rejects with a sentence for the operator. Where all is there already it changes nothing. */
export async function migrate(env: Environment): Promise<void> {
  const database = loadDatabase(env);
  if (database === undefined) {
    const name = variableOf('database');
    const slips = misspelt(env).filter(({ sentence }) => sentence.includes(name));
    const hints = slips.map(({ sentence }) => sentence);
    throw new ConfigError([`${name} is required`], hints);
  }
  const store = createStore(database, { clock: systemClock, log: SILENT });
  const fault = await store.open().then(store.fault, ({ message }: Error) => message);
  await store.close();
  if (fault !== undefined) throw new ConfigError([`${variableOf('database')}: ${fault}`]);
}
