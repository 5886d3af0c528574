// Calls in Postgres: for several instances, or in the database that a host has.
import { randomUUID } from 'node:crypto';
import { type Clock, pause } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { createCallStore } from '../call-store.ts';
import type { Engine } from '../engine.ts';
import { POSTGRES, type Row } from '../sql/dialect.ts';
import type { Store } from '../store.ts';
import { createUnheard } from '../unheard.ts';
import { createWake } from '../wake.ts';
import { createConnections } from './connections.ts';
import { createListener } from './listener.ts';
import type { PgPool } from './pool.ts';
import { createReadiness, SCHEMA } from './readiness.ts';
import { createRunner } from './runner.ts';

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
  const readiness = createReadiness({
    ...{ source, clock, log, connections, runner },
    onRecovered() {
      listener.need();
      wake.everything();
    },
  });
  const listener = createListener({
    name,
    clock,
    log,
    wake,
    connect: connections.listening,
    async notify(payload) {
      const { read } = await runner.run({ reads: [{ text: NOTIFY, values: [payload] }, SCHEMA] });
      readiness.checkSchema(read[1]?.[0] as Row);
    },
    unheard: () => unheard(),
  });
  const { guarded } = readiness;
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
  const unheard = createUnheard(engine, wake);
  return {
    ...createCallStore(engine, wake),
    async open() {
      if (readiness.isReady()) return;
      await connections.open();
      await readiness.open();
      if (readiness.isReady()) await listener.start();
    },
    async close() {
      readiness.close();
      listener.stop();
      await connections.close();
    },
    fault: readiness.fault,
  };
}

const NOTIFY = POSTGRES.notify?.('$1') as string;
