// A Postgres as a start would find it, looked at without changing anything: for `doctor`.
import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import type { Client } from 'pg';
import type { Clock } from '../../base/clock.ts';
import { POSTGRES } from '../sql/dialect.ts';
import { type SchemaState, selectSchema } from '../sql/schema.ts';
import { DatabaseError, NotPostgresError } from './faults.ts';
import { rowsOf } from './pool.ts';

export interface PostgresLook {
  /** 150003 of 15.3 */
  readonly version: number;
  readonly encoding: string;
  /** A replica, or a database that has been told so. */
  readonly isReadOnly: boolean;
  readonly nowMs: number;
  /** Of the tables that are there; true where there are none. */
  readonly mayUse: boolean;
  /** Version 0: there are no tables, or this user may not look. */
  readonly schema: SchemaState;
  readonly mayMigrate: boolean;
  /** As SQL has to write it. */
  readonly user: string;
}

const LONGEST_QUERY_MS = 4_000;
const HEARD_WITHIN_MS = 2_000;

const SERVER = `select current_setting('server_version_num')::int as version,
  current_setting('server_encoding') as encoding,
  pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean as is_read_only,
  floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now,
  quote_ident(current_user) as who,
  has_database_privilege(current_database(), 'create') as may_create`;

/** Comma-separated rights would mean any of them. */
const RIGHTS = ['select', 'insert', 'update', 'delete'];
const TABLES = `select count(distinct n.oid) as schemas,
  count(c.oid) filter (where c.relname = 'schema_version') as version_tables,
  coalesce(bool_and(has_schema_privilege(n.oid, 'usage')), true)
    and coalesce(bool_and(${RIGHTS.map((right) => `has_table_privilege(c.oid, '${right}')`).join(' and ')}), true) as may_use,
  coalesce(bool_and(has_schema_privilege(n.oid, 'create')), true)
    and coalesce(bool_and(pg_has_role(c.relowner, 'usage')), true) as may_change
from pg_catalog.pg_namespace n
  left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
where n.nspname = 'switchboard'`;

/** Rejects with a DatabaseError, whose cause may be a {@link NotPostgresError}. */
export function lookAtPostgres(address: string, signal: AbortSignal): Promise<PostgresLook> {
  return withConnection(address, signal, async (ask) => {
    await ask(`begin read only; set local statement_timeout = ${LONGEST_QUERY_MS}`);
    const [server] = await ask(SERVER);
    const [tables] = await ask(TABLES);
    const mayUse = tables?.may_use === true;
    const isThere = tables?.version_tables === 1;
    const [row] = isThere && mayUse ? await ask(selectSchema(POSTGRES)) : [];
    return {
      version: Number(server?.version),
      encoding: String(server?.encoding),
      isReadOnly: server?.is_read_only === true,
      nowMs: Number(server?.now),
      schema: { version: Number(row?.version ?? 0), readableFrom: Number(row?.readable_from ?? 0) },
      mayUse,
      mayMigrate: tables?.schemas === 1 ? tables.may_change === true : server?.may_create === true,
      user: String(server?.who),
    };
  });
}

/**
 * Whether what is told over one connection is heard on another, on a channel that nobody else knows.
 * A pooler in transaction mode lets none through.
 */
export function hearsPostgres(
  address: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<boolean> {
  const channel = `switchboard_doctor_${randomUUID().replaceAll('-', '')}`;
  return withConnection(address, signal, async (askHere, here) => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    here.on('notification', () => resolve(true));
    await askHere(`listen ${channel}`);
    await withConnection(address, signal, (askThere) => askThere(`notify ${channel}`));
    const cancel = clock.after(HEARD_WITHIN_MS, () => resolve(false));
    const isHeard = await promise;
    cancel();
    await askHere(`unlisten ${channel}`);
    return isHeard;
  });
}

type Ask = (text: string) => ReturnType<typeof rowsOf>;

async function withConnection<Result>(
  address: string,
  signal: AbortSignal,
  work: (ask: Ask, client: Client) => Promise<Result>,
): Promise<Result> {
  const { Client } = await import('pg');
  const socket = new Socket();
  socket.once('data', (first) => {
    if (!isOfPostgres(first)) socket.destroy(new NotPostgresError());
  });
  const cut = () => void socket.destroy();
  try {
    const client = new Client({ connectionString: address, stream: () => socket });
    client.on('error', () => {});
    signal.addEventListener('abort', cut);
    if (signal.aborted) cut();
    await client.connect();
    try {
      return await work((text) => rowsOf(client, { text }), client);
    } finally {
      // Its goodbye goes out first.
      void client.end().catch(() => {});
    }
  } catch (error) {
    socket.destroy();
    throw error instanceof DatabaseError ? error : new DatabaseError(error);
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

/** An answer about TLS, or a message: its kind, and a length that a sign-in can have. */
function isOfPostgres(first: Buffer): boolean {
  const kind = String.fromCharCode(first[0] ?? 0);
  if (first.length === 1) return ['S', 'N'].includes(kind);
  if (!['R', 'E', 'N', 'v'].includes(kind)) return false;
  const length = first.length < 5 ? 4 : first.readInt32BE(1);
  return length >= 4 && length < 100_000;
}
