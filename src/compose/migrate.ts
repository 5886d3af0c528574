// livekit-switchboard migrate: the tables of calls, made before a server needs them, or as text for
// somebody who may make them.
import { systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { ConfigError, loadDatabase } from '../settings/config.ts';
import type { Environment } from '../settings/sources.ts';
import { variableOf } from '../settings/table.ts';
import { migrationSql } from '../storage/schema.ts';
import { createStore } from './call-store.ts';

const silent = () => {};
/** What goes wrong is told by the command itself. */
const SILENT: Logger = { debug: silent, info: silent, warn: silent, error: silent };

/** Of the database that is set; without one of Postgres, where users often may make no tables. */
export const printMigration = (env: Environment): string =>
  migrationSql(loadDatabase(env)?.engine ?? 'postgres');

/** Rejects with a sentence for the operator. Where all is there already it changes nothing. */
export async function migrate(env: Environment): Promise<void> {
  const database = loadDatabase(env);
  if (database === undefined) throw new ConfigError([`${variableOf('database')} is required`]);
  const store = createStore(database, { clock: systemClock, log: SILENT });
  const fault = await store.open().then(store.fault, ({ message }: Error) => message);
  await store.close();
  if (fault !== undefined) throw new ConfigError([`${variableOf('database')}: ${fault}`]);
}
