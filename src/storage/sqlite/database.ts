// One open file. Node's module is loaded here and nowhere else, when somebody opens or looks at one.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Query, type Row, SQLITE } from '../sql/dialect.ts';
import {
  assertSchema,
  migrationStatements,
  SCHEMA_VERSION,
  type SchemaState,
  selectSchema,
} from '../sql/schema.ts';

/**
 * The longest that a lock of another process may stop this whole one, which answers nobody
 * meanwhile. Who needs more patience asks again later.
 */
const BUSY_TIMEOUT_MS = 3;

/** As large as it gets between two tidyings anyway. */
const WAL_KEPT_BYTES = 4 * 1024 * 1024;

export interface Database {
  run(query: Query): Row[];
  /** All of `work`, or nothing of it. */
  inTransaction<Result>(work: () => Result): Result;
  /** @throws SchemaTooNew where another process has brought it further than we can read. */
  assertSchema(): void;
  /** Rises when another connection has written. */
  dataVersion(): number;
  close(): void;
}

export function openDatabase(path: string): Database {
  const { DatabaseSync } = loadSqlite();
  const file = new DatabaseSync(path);
  const prepared = new Map<string, StatementSync>();
  const run = ({ text, values }: Query): Row[] => {
    const statement = prepared.get(text) ?? file.prepare(text);
    prepared.set(text, statement);
    return statement.all(namedValues(values)) as Row[];
  };
  const database: Database = {
    run,
    inTransaction(work) {
      run({ text: 'begin immediate', values: [] });
      try {
        const result = work();
        run({ text: 'commit', values: [] });
        return result;
      } catch (error) {
        rollBack(file);
        throw error;
      }
    },
    assertSchema: () => assertSchema(stateIn(database)),
    dataVersion: () => run({ text: 'pragma data_version', values: [] })[0]?.data_version as number,
    close: () => file.close(),
  };
  try {
    prepare(file);
    migrateFile(database);
    return database;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** `$1` is a name to SQLite. */
const namedValues = (values: Query['values']): Record<string, string | number | null> =>
  Object.fromEntries(values.map((value, index) => [index + 1, value]));

function prepare(file: DatabaseSync): void {
  file.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
  file.exec('pragma journal_mode = wal');
  // Safe when the process is killed. Power that fails may take the last moments, never consistency.
  file.exec('pragma synchronous = normal');
  file.exec('pragma foreign_keys = on');
  // While somebody reads for long, a backup say, the `-wal` file grows; it need not stay so.
  file.exec(`pragma journal_size_limit = ${WAL_KEPT_BYTES}`);
}

const NO_SCHEMA: SchemaState = { version: 0, readableFrom: 0 };

function stateIn({ run }: Pick<Database, 'run'>): SchemaState {
  const [row] = run({ text: selectSchema(SQLITE), values: [] });
  return { version: Number(row?.version ?? 0), readableFrom: Number(row?.readable_from ?? 0) };
}

function migrateFile(database: Database): void {
  database.inTransaction(() => {
    const [table] = database.run({
      text: "select 1 from sqlite_master where name = 'schema_version'",
      values: [],
    });
    const state = table === undefined ? NO_SCHEMA : stateIn(database);
    assertSchema(state);
    const { version } = state;
    if (version >= SCHEMA_VERSION) return;
    for (const text of migrationStatements(SQLITE, version)) database.run({ text, values: [] });
  });
}

/** A commit that failed, on a full disk say, may have rolled back by itself. */
function rollBack(file: DatabaseSync): void {
  try {
    file.exec('rollback');
  } catch {
    // There is none.
  }
}

/** Node 22 warns of an experiment at the first use; of that alone nobody needs to hear. */
export function loadSqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process;
  process.emitWarning = ((warning: string | Error, ...rest: []) => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) {
      emitWarning.call(process, warning, ...rest);
    }
  }) as typeof process.emitWarning;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}
