// Brings the schema to what this code is made for.
import { LOCK_CLASS, POSTGRES } from '../sql/dialect.ts';
import {
  assertSchema,
  migrationStatements,
  SCHEMA_VERSION,
  type SchemaState,
  selectSchema,
} from '../sql/schema.ts';
import { sqlStateOf } from './faults.ts';
import type { PgClient } from './pool.ts';
import { asked, ROLLBACK } from './transaction.ts';

const MIGRATION_MS = 60_000;
const NO_RIGHT = '42501';
/** The second takes bytes as they are. */
const ENCODINGS = ['UTF8', 'SQL_ASCII'];

/** Only looks where all is as it should be: that user needs no right to make tables. */
export async function ensureSchema(client: PgClient): Promise<void> {
  await checkEncoding(client);
  try {
    if ((await stateOf(client)).version >= SCHEMA_VERSION) return;
    await migrate(client);
  } catch (error) {
    if (sqlStateOf(error) !== NO_RIGHT) throw error;
    throw new Error(
      'The tables of livekit-switchboard are not there, or not those of this version, and the user in DATABASE_URL may not make them. Run `livekit-switchboard migrate` as a user who may, or hand on what `livekit-switchboard migrate --print` prints.',
      { cause: error },
    );
  }
}

/** Of a server that runs: it makes none, which would be in the way of whoever brings a backup back. */
export async function findSchema(client: PgClient): Promise<void> {
  if ((await stateOf(client)).version >= SCHEMA_VERSION) return;
  throw new Error(
    'The tables of livekit-switchboard are gone, or those of an older version. Bring them back, or run `livekit-switchboard migrate`.',
  );
}

/** A name with a letter that the database has not would be a fault of each call it is in. */
async function checkEncoding(client: PgClient): Promise<void> {
  const [row] = await asked(client, { text: 'show server_encoding' });
  const encoding = String(row?.server_encoding);
  if (ENCODINGS.includes(encoding)) return;
  throw new Error(
    `The database in DATABASE_URL has the encoding ${encoding}, in which not every name can be written. Make one in UTF-8: createdb -E UTF8 -T template0.`,
  );
}

async function stateOf(client: PgClient): Promise<SchemaState> {
  // Out of the catalogue's rows: `to_regclass` may remember what was not there before we waited.
  const [there] = await asked(client, {
    text: "select 1 as one from pg_catalog.pg_tables where schemaname = 'switchboard' and tablename = 'schema_version'",
  });
  if (there === undefined) return { version: 0, readableFrom: 0 };
  const [row] = await asked(client, { text: selectSchema(POSTGRES) });
  const state = {
    version: Number(row?.version ?? 0),
    readableFrom: Number(row?.readable_from ?? 0),
  };
  assertSchema(state);
  return state;
}

/** Several instances that start at once wait for the first, and find it done. */
async function migrate(client: PgClient): Promise<void> {
  await asked(client, { text: `begin; set local statement_timeout = ${MIGRATION_MS}` });
  try {
    await asked(client, { text: `select pg_advisory_xact_lock(${LOCK_CLASS.migration}, 0)` });
    const { version } = await stateOf(client);
    if (version < SCHEMA_VERSION) {
      for (const text of migrationStatements(POSTGRES, version)) await asked(client, { text });
    }
    await asked(client, { text: 'commit' });
  } catch (error) {
    await asked(client, ROLLBACK).catch(() => {});
    throw error;
  }
}
