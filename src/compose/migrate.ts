// livekit-switchboard migrate: the tables of calls, made before a server needs them, or as text for
// somebody who may make them.
import { ConfigError, loadDatabase } from '../settings/config.ts';
import type { Environment } from '../settings/sources.ts';
import { migrationSql, SCHEMA_VERSION } from '../storage/sql/schema.ts';
import { onDatabase } from './database-command.ts';

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

/** Where all is there already it changes nothing. Rejects with a sentence for the operator. */
export const migrate = (env: Environment): Promise<string> =>
  onDatabase(env, async () => 'The tables of calls are as this version needs them.', 'makes');
