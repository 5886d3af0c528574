// What the engines say differently. Everything else of the SQL stands once, in the files beside this.
import { createHash } from 'node:crypto';

/** One statement and its parameters, `$1` and on. */
export interface Query {
  readonly text: string;
  readonly values: readonly (string | number | null)[];
}

/** As an engine answers it; `bigint` comes as a number, JSON as text. */
export type Row = Readonly<Record<string, unknown>>;

export type ColumnType = 'text' | 'bigint' | 'boolean';

export interface Dialect {
  readonly engine: 'postgres' | 'sqlite';
  /** Before the name of every table. */
  readonly schema: string;
  readonly types: Readonly<Record<ColumnType, string>>;
  /** What comes after the columns of a table. */
  readonly tableEnd: string;
  /** `column` is one of the texts in the list that the parameter holds. */
  isIn(column: string, parameter: string): string;
  list(texts: readonly string[]): string;
  /** The rows that the parameter holds as JSON, under the name `r`. */
  rows(parameter: string, columns: Readonly<Record<string, ColumnType>>): string;
  /** JSON of one row, of many rows, and of many pairs. */
  readonly jsonArray: string;
  readonly jsonArrays: string;
  readonly jsonObjects: string;
  /** The store's time; the parameter is {@link Engine.clockValue}. */
  now(parameter: string): string;
  readonly forUpdate: string;
  readonly skipLocked: string;
  /** Holds these people until the transaction ends. */
  lockPeople(uids: readonly string[]): Query | undefined;
  /** The same of ways to devices. */
  lockTargets(targets: readonly string[]): Query | undefined;
  /** Tells other instances with the commit; undefined: there is no such way. */
  readonly notify: ((parameter: string) => string) | undefined;
  /** Statements that don't touch the same rows may be one: every one is a message there and back. */
  readonly combinesWrites: boolean;
}

export const NOTIFY_CHANNEL = 'switchboard';
/** Of our advisory locks, so that a database can be shared: "swb". */
export const LOCK_CLASS = { people: 0x737762, migration: 0x737763, targets: 0x737764 } as const;

const columnsOf = (columns: Readonly<Record<string, ColumnType>>) => Object.entries(columns);

export const POSTGRES: Dialect = {
  engine: 'postgres',
  schema: 'switchboard.',
  // Ids are compared by their bytes, whatever language the database speaks.
  types: { text: 'text collate "C"', bigint: 'bigint', boolean: 'boolean' },
  tableEnd: '',
  isIn: (column, parameter) => `${column} = any(${parameter}::text[])`,
  list: (texts) =>
    `{${texts.map((text) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join()}}`,
  rows: (parameter, columns) =>
    `json_to_recordset(${parameter}::json) as r(${columnsOf(columns)
      .map(([name, type]) => `${name} ${type}`)
      .join(', ')})`,
  jsonArray: 'json_build_array',
  jsonArrays: 'json_agg',
  jsonObjects: 'json_object_agg',
  // In a query of its own, or no index could serve what is compared with it.
  now: (parameter) =>
    `(select floor(extract(epoch from clock_timestamp()) * 1000)::bigint + ${parameter}::bigint)`,
  forUpdate: 'for update',
  skipLocked: 'for update skip locked',
  lockPeople: (uids) => advisoryLocks(LOCK_CLASS.people, uids),
  lockTargets: (targets) => advisoryLocks(LOCK_CLASS.targets, targets),
  notify: (parameter) => `select pg_notify('${NOTIFY_CHANNEL}', ${parameter})`,
  combinesWrites: true,
};

export const SQLITE: Dialect = {
  engine: 'sqlite',
  schema: '',
  types: { text: 'text', bigint: 'integer', boolean: 'integer' },
  tableEnd: ' strict',
  isIn: (column, parameter) => `${column} in (select value from json_each(${parameter}))`,
  list: (texts) => JSON.stringify(texts),
  rows: (parameter, columns) =>
    `(select ${columnsOf(columns)
      .map(([name]) => `value ->> '${name}' as ${name}`)
      .join(', ')} from json_each(${parameter})) as r`,
  jsonArray: 'json_array',
  jsonArrays: 'json_group_array',
  jsonObjects: 'json_group_object',
  now: (parameter) => parameter,
  forUpdate: '',
  skipLocked: '',
  // The one writer holds everything.
  lockPeople: () => undefined,
  lockTargets: () => undefined,
  notify: undefined,
  combinesWrites: false,
};

/** Sorted, so that no two wait for each other. */
function advisoryLocks(lockClass: number, texts: readonly string[]): Query | undefined {
  const keys = [...new Set(texts.map(lockKeyOf))].sort((a, b) => a - b);
  if (keys.length === 0) return undefined;
  return {
    text: `select pg_advisory_xact_lock(${lockClass}, key) from unnest($1::int[]) as key`,
    values: [`{${keys.join()}}`],
  };
}

/** Two may have the same: then one waits for the other now and then. */
const lockKeyOf = (text: string): number => createHash('sha1').update(text).digest().readInt32BE();
