// Where calls are kept; without one there are tokens and no calls.
import { faultOfDatabaseUrl, isLoopback } from '../base/faults.ts';
import type { PgPool } from '../storage/postgres/pool.ts';
import { type Kind, text } from './kinds.ts';
import type { Say } from './say.ts';
import type { Table, ValuesOf } from './setting.ts';

/** A `Pool` of `pg` that the host has made. It stays the host's to end. */
export type HostPool = PgPool;

export type DatabaseSettings =
  | { readonly engine: 'sqlite'; readonly path: string; readonly isProduction?: boolean }
  /** An address, or the host's own. */
  | { readonly engine: 'postgres'; readonly source: string | HostPool };

const address = text(faultOfDatabaseUrl);

/** A Client has all that a Pool has, and one connection. */
const isPool = (value: unknown): value is HostPool =>
  ['connect', 'on', 'off'].every(
    (method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function',
  ) && !('connectionParameters' in (value as object));

const addressOrPool: Kind<string | HostPool> = {
  ...address,
  type: 'string | HostPool',
  take(value, owner, odd) {
    if (typeof value !== 'object') return address.take(value, owner, odd);
    if (isPool(value)) return value;
    throw new Error('must be an address, or a Pool of pg (a Client has one connection alone)');
  },
};

export const DATABASE = {
  /**
   * Where calls are kept: `sqlite:./data/calls.db`, `postgres://…`, or the host’s own `Pool` of pg.
   * Default: tokens only, and the routes of calls answer 501 `calls_not_configured`.
   */
  database: {
    variable: 'DATABASE_URL',
    meaning:
      'Where calls are kept: `sqlite:./data/calls.db` or `postgres://…`. Unset: tokens only, and ' +
      'the routes of calls answer 501',
    secret: true,
    kind: addressOrPool,
  },
} as const satisfies Table;

export function databaseOf(database: string | HostPool): DatabaseSettings {
  return typeof database === 'string' && /^sqlite:/i.test(database)
    ? { engine: 'sqlite', path: database.slice('sqlite:'.length) }
    : { engine: 'postgres', source: typeof database === 'string' ? pinned(database) : database };
}

/**
 * What pg 8 does by these words, in the one that goes on meaning it: from pg 9 on `require` looks at no
 * certificate. Until then pg warns of that at each start, in lines that are no JSON.
 */
function pinned(address: string): string {
  if (new URL(address).searchParams.get('uselibpqcompat') === 'true') return address;
  return address.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
}

/** Undefined: none is set. */
export function databaseSettings(
  { database }: ValuesOf<typeof DATABASE>,
  say: Say<keyof typeof DATABASE>,
): DatabaseSettings | undefined {
  if (database === undefined) return undefined;
  const settings = databaseOf(database);
  if (settings.engine === 'postgres') {
    if (typeof settings.source === 'string') warnOfServer(settings.source, say);
    return settings;
  }
  if (settings.path === ':memory:' && say.production) {
    const name = say.nameOf('database');
    say.warning(`${name} is sqlite::memory:: every call and all history is lost at each restart`);
  }
  return say.production ? { ...settings, isProduction: true } : settings;
}

function warnOfServer(database: string, say: Say<keyof typeof DATABASE>): void {
  const { hostname, port, searchParams } = new URL(database);
  const name = say.nameOf('database');
  // As Neon and Supabase name theirs.
  if (/-pooler\./.test(hostname) || /\bpooler\b/.test(hostname) || port === '6543') {
    say.warning(
      `${name} leads to a pooler of connections: without a direct one other instances hear of a ring seconds late (LISTEN)`,
    );
  }
  if (say.production && searchParams.get('sslmode') === 'disable' && !isLoopback(hostname)) {
    say.warning(`${name} says sslmode=disable, not encrypted: only good inside a private network`);
  }
}
