// The connections: our own pool, or the host's, and one to listen on. pg is loaded here.
import { type Clock, withDeadline } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { DatabaseError } from './faults.ts';
import { assertText, cutOff, type PgClient, type PgConnection, type PgPool } from './pool.ts';

const POOL_MAX = 10;
const CONNECT_MS = 3_000;
/** A host's pool may know no limit of its own. */
const BORROW_MS = 4_000;
const IDLE_MS = 30_000;
const END_MS = 3_000;

export interface Connections {
  /** Loads pg where the pool is our own; rejects where the address can't be read. */
  open(): Promise<void>;
  /** Rejects with a DatabaseError. */
  borrow(): Promise<PgClient>;
  /** One that stays: with our own pool beside it, with a host's out of it. */
  listening(): Promise<{ connection: PgConnection; end(): void }>;
  close(): Promise<void>;
}

export interface ConnectionParts {
  readonly source: string | PgPool;
  readonly clock: Clock;
  readonly log: Logger;
}

type Pg = typeof import('pg');

export function createConnections({ source, clock, log }: ConnectionParts): Connections {
  let pg: Pg | undefined;
  let pool: PgPool | undefined = typeof source === 'string' ? undefined : source;
  // Of a connection that lies idle: the next one is made when it is needed.
  const onIdleError = (err: Error) => log.debug({ err }, 'a connection to Postgres was lost');
  const settings = () => ({
    connectionString: source as string,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    fallback_application_name: 'livekit-switchboard',
  });

  const borrow = async () => {
    if (pool === undefined) throw new DatabaseError(new Error('it is not open'));
    const asked = pool.connect();
    const client = await withDeadline(clock, BORROW_MS, () => asked).catch((error: unknown) => {
      // Who comes too late goes back.
      asked.then(
        (client) => client.release(),
        () => {},
      );
      throw new DatabaseError(error);
    });
    guarded(client);
    try {
      assertText(client);
    } catch (error) {
      client.release();
      throw error;
    }
    return client;
  };
  return {
    async open() {
      if (typeof source !== 'string') {
        source.off('error', onIdleError).off('acquire', guarded);
        source.on('error', onIdleError).on('acquire', guarded);
        return;
      }
      if (pool !== undefined) return;
      pg = await import('pg');
      assertAddress(pg, source);
      const own = new pg.Pool({
        ...settings(),
        max: POOL_MAX,
        idleTimeoutMillis: IDLE_MS,
        pipeline: true,
      } as object);
      own.on('error', onIdleError).on('acquire', guarded);
      pool = own;
    },
    borrow,
    async listening() {
      if (pg === undefined) {
        if (isOfOne(pool)) throw new Error('the pool has one connection, and none to listen on');
        const client = await borrow();
        const end = () => {
          cutOff(client);
          client.release(true);
        };
        return { connection: client, end };
      }
      const client = new pg.Client(settings());
      client.on('error', () => {});
      await client.connect();
      return { connection: client, end: () => cutOff(client) };
    },
    async close() {
      if (typeof source !== 'string') {
        source.off('error', onIdleError).off('acquire', guarded);
        return;
      }
      const own = pool as { end(): Promise<void> } | undefined;
      pool = undefined;
      await withDeadline(clock, END_MS, () => own?.end()).catch(() => {});
    },
  };
}

/** Such a pool, of a function for one request at a time, would have no connection left to ask over. */
const isOfOne = (pool: PgPool | undefined): boolean =>
  (pool as { options?: { max?: unknown } } | undefined)?.options?.max === 1;

const isHeard = new WeakSet<object>();
const hear = () => {};

/**
 * A client that is lent has nobody who hears its errors, and one that nobody hears ends the process.
 * From the moment on when the pool lets go of it: before anybody who awaits it runs, the message that
 * came right behind the last one may have been read. Once in its life, and for good: those of a host's
 * pool outlive us, and the next of us is lent the same. What was asked over it tells of its end.
 */
function guarded(client: PgConnection): void {
  if (isHeard.has(client)) return;
  isHeard.add(client);
  client.on('error', hear);
}

/** What Node says of an address that can't be read has all of it, with the password. */
function assertAddress({ Client }: Pg, connectionString: string): void {
  try {
    new Client({ connectionString });
  } catch {
    throw new Error(
      'DATABASE_URL cannot be read as an address of Postgres: postgres://user:password@host:5432/database, with every special character of the password percent-encoded.',
    );
  }
}
