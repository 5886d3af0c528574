// Calls in Postgres: for several instances, or in the database that a host has.
import { randomUUID } from 'node:crypto';
import { type Clock, pause } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { StoreUnavailable } from '../../calls/store.ts';
import { createCallStore } from '../call-store.ts';
import type { Engine } from '../engine.ts';
import { createRecovery } from '../recovery.ts';
import { POSTGRES } from '../sql/dialect.ts';
import type { Store } from '../store.ts';
import { createWake } from '../wake.ts';
import { createConnections } from './connections.ts';
import { DatabaseError, isOverload, isUnavailable } from './faults.ts';
import { createListener } from './listener.ts';
import { ensureSchema } from './migrate.ts';
import type { PgPool } from './pool.ts';
import { placeOf, refusalOf } from './refusals.ts';
import { createRunner } from './runner.ts';
import { withClient } from './with-client.ts';

/** A transaction costs a few times what is written in it. */
const REST_MS = 20;

export interface PostgresStoreParts {
  /** An address (`postgres://…`), or the host's own pool of pg, which stays the host's to end. */
  readonly source: string | PgPool;
  readonly clock: Clock;
  readonly log: Logger;
  /** For tests: by how much the store's time is ahead of the database's. */
  readonly clockOffsetMs?: number | (() => number);
}

export function createPostgresStore(parts: PostgresStoreParts): Store {
  const { source, clock, log, clockOffsetMs = 0 } = parts;
  const name = randomUUID();
  const connections = createConnections({ source, clock, log });
  const runner = createRunner({ connections, clock, log });
  const wake = createWake(log, () => listener.need());
  let isReady = false;

  const prepare = async () => {
    await withClient(connections, ensureSchema);
    isReady = true;
  };
  const recovery = createRecovery({
    what: 'Postgres',
    clock,
    log,
    probe: () => (isReady ? runner.run({ reads: [NOTHING] }) : prepare()),
    onRecovered() {
      listener.need();
      wake.everything();
    },
    // Of a host's pool nobody knows where it leads.
    explain: typeof source === 'string' ? (error) => refusalOf(error, placeOf(source)) : undefined,
  });
  const listener = createListener({
    name,
    clock,
    log,
    wake,
    connect: connections.listening,
    notify: (payload) => runner.run({ reads: [{ text: NOTIFY, values: [payload] }] }),
  });
  const guarded = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (!isReady) throw new StoreUnavailable(recovery.fault() ?? 'it is not open');
    try {
      const result = await work();
      recovery.worked();
      return result;
    } catch (error) {
      if (!isUnavailable(error)) throw error instanceof DatabaseError ? error.cause : error;
      if (!isOverload(error)) recovery.failed(error);
      throw new StoreUnavailable(error);
    }
  };
  const ask: Engine['ask'] = (queries) =>
    guarded(async () => (await runner.run({ reads: queries })).read);
  const engine: Engine = {
    dialect: POSTGRES,
    name,
    clockValue: () => (typeof clockOffsetMs === 'number' ? clockOffsetMs : clockOffsetMs()),
    async transact(reads, plan) {
      const planned: typeof plan = (answers) => {
        const writes = plan(answers);
        // Whoever only finds that there is nothing to write wakes nobody.
        if (writes.queries.length > 0) listener.need();
        return writes;
      };
      return guarded(async () => (await runner.run({ reads, plan: planned })).result as never);
    },
    ask,
    write: ask,
    rest: () => pause(clock, REST_MS),
  };
  return {
    ...createCallStore(engine, wake),
    async open() {
      if (isReady) return;
      await connections.open();
      try {
        await prepare();
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        recovery.failed(error);
        return;
      }
      await listener.start();
    },
    async close() {
      isReady = false;
      recovery.stop();
      listener.stop();
      await connections.close();
    },
    fault: () => recovery.fault(),
  };
}

const NOTIFY = POSTGRES.notify?.('$1') as string;
const NOTHING = { text: 'select 1 as one', values: [] };
