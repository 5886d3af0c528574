// The tables, as numbered steps. A step that is published never changes: what is to be otherwise is
// the next one.
import { type Dialect, POSTGRES, SQLITE } from './dialect.ts';
import { ringingTables } from './schema-2.ts';

interface Migration {
  /** The oldest schema that code may be made for and still work on this one. */
  readonly readableFrom: number;
  readonly statements: (dialect: Dialect) => readonly string[];
}

const MIGRATIONS: readonly Migration[] = [
  { readableFrom: 1, statements: firstTables },
  { readableFrom: 1, statements: ringingTables },
];

/** That this code is made for. */
export const SCHEMA_VERSION = MIGRATIONS.length;

export interface SchemaState {
  readonly version: number;
  readonly readableFrom: number;
}

export const selectSchema = ({ schema }: Dialect): string =>
  `select version, readable_from from ${schema}schema_version`;

/**
 * One after the other they change nothing, and prove that it could be done: of a person whom nobody
 * is. Where a host's Postgres publishes all its tables, what has no key can't be updated.
 */
export const writeProof = ({ schema }: Dialect): string[] => [
  `insert into ${schema}people (uid, epoch, version) values ('', '', 0) on conflict (uid) do nothing`,
  `delete from ${schema}people where uid = ''`,
];

/**
 * What this code must not work on, as a sentence for the operator. A newer schema is fine as long as
 * it says so: a deploy that is rolled back is no outage.
 */
export function faultOfSchema({ version, readableFrom }: SchemaState): string | undefined {
  if (SCHEMA_VERSION >= readableFrom) return undefined;
  return `The database has schema ${version}, made by a newer livekit-switchboard, and this one knows schema ${SCHEMA_VERSION}. Run the newer version.`;
}

/** @throws SchemaTooNew where this code must not work on it. */
export function assertSchema(state: SchemaState): void {
  const fault = faultOfSchema(state);
  if (fault !== undefined) throw new SchemaTooNew(fault);
}

export class SchemaTooNew extends Error {
  constructor(fault: string) {
    super(fault);
    this.name = 'SchemaTooNew';
  }
}

/** From schema `from` (0: nothing is there) to that of this code. */
export function migrationStatements(dialect: Dialect, from: number): string[] {
  const { schema, types, tableEnd } = dialect;
  const statements: string[] = [];
  if (from === 0) {
    if (schema !== '') statements.push('create schema if not exists switchboard');
    statements.push(
      `create table ${schema}schema_version (
  version ${types.bigint} not null,
  readable_from ${types.bigint} not null
)${tableEnd}`,
      `insert into ${schema}schema_version (version, readable_from) values (0, 0)`,
    );
  }
  MIGRATIONS.slice(from).forEach((migration, index) => {
    statements.push(
      ...migration.statements(dialect),
      `update ${schema}schema_version set version = ${from + index + 1}, readable_from = ${migration.readableFrom}`,
    );
  });
  return statements;
}

/**
 * All of it as text, for hosts whose user may not make tables: from schema `from` on, the one that is
 * there (0: none).
 *
 * @example
 * ```sh
 * livekit-switchboard migrate --print | psql "$ADMIN_DATABASE_URL"
 * ```
 */
export function migrationSql(engine: 'postgres' | 'sqlite', from = 0): string {
  const dialect = engine === 'postgres' ? POSTGRES : SQLITE;
  if (from >= SCHEMA_VERSION)
    return `-- Schema ${SCHEMA_VERSION} is all that this version needs.\n`;
  const body = migrationStatements(dialect, from).map((statement) => `${statement};`);
  const rights =
    engine === 'postgres'
      ? [
          '-- Where the server signs in as another user, it needs:',
          '--   grant usage on schema switchboard to that_user;',
          '--   grant select, insert, update, delete on all tables in schema switchboard to that_user;',
        ]
      : [];
  return `${['begin;', ...body, 'commit;', ...rights].join('\n\n')}\n`;
}

function firstTables({ schema, types: { text, bigint, boolean }, tableEnd }: Dialect): string[] {
  const call = `call_id ${text} not null references ${schema}calls (id) on delete cascade`;
  return [
    `create table ${schema}people (
  uid ${text} primary key,
  epoch ${text} not null,
  version ${bigint} not null,
  name ${text},
  picture ${text}
)${tableEnd}`,
    `create table ${schema}calls (
  id ${text} primary key,
  room ${text} not null unique,
  caller ${text} not null,
  kind ${text} not null,
  context ${text},
  data ${text},
  request_hash ${text} not null,
  is_group ${boolean} not null,
  state ${text} not null,
  outcome ${text},
  reason ${text},
  created_at ${bigint} not null,
  active_at ${bigint},
  talk_at ${bigint},
  ended_at ${bigint},
  heard ${text} not null,
  check ((state = 'ended') = (outcome is not null) and (state = 'ended') = (ended_at is not null))
)${tableEnd}`,
    `create index calls_ended on ${schema}calls (ended_at) where ended_at is not null`,
    `create table ${schema}seats (
  uid ${text} primary key,
  ${call},
  device ${text},
  since ${bigint}
)${tableEnd}`,
    `create index seats_call on ${schema}seats (call_id)`,
    // `context` and `is_live` are the call's, once more: an index reaches over one table only.
    `create table ${schema}parties (
  ${call},
  uid ${text} not null,
  position ${bigint} not null,
  role ${text} not null,
  state ${text} not null,
  is_hidden ${boolean} not null,
  device ${text},
  seated_at ${bigint},
  ring_ends_at ${bigint},
  sid ${text},
  sid_at ${bigint},
  gone_sid ${text},
  answered_at ${bigint},
  left_at ${bigint},
  reason ${text},
  created_at ${bigint} not null,
  rings ${bigint},
  version ${bigint} not null,
  cause ${text} not null,
  context ${text},
  is_live ${boolean} not null,
  primary key (call_id, uid)
)${tableEnd}`,
    `create index parties_history on ${schema}parties (uid, created_at, call_id)`,
    `create index parties_context on ${schema}parties (uid, context, created_at, call_id) where context is not null`,
    `create index parties_feed on ${schema}parties (uid, version)`,
    `create index parties_live on ${schema}parties (uid) where is_live`,
    `create table ${schema}timers (
  ${call},
  key ${text} not null,
  due_at ${bigint} not null,
  primary key (call_id, key)
)${tableEnd}`,
    `create index timers_due on ${schema}timers (due_at)`,
    `create table ${schema}effects (
  id ${text} primary key,
  ${call},
  type ${text} not null,
  uid ${text},
  run_at ${bigint} not null,
  tries ${bigint} not null
)${tableEnd}`,
    `create index effects_run on ${schema}effects (run_at)`,
    `create index effects_call on ${schema}effects (call_id)`,
  ];
}
