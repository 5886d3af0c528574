// Whether Postgres can be asked, and is one that this code may work on.
import { StoreUnavailable } from '../../calls/store.ts';
import { createRecovery, type RecoveryParts } from '../recovery.ts';
import { POSTGRES, type Row } from '../sql/dialect.ts';
import { assertSchema, selectSchema, writeProof } from '../sql/schema.ts';
import type { Connections } from './connections.ts';
import { DatabaseError, isOverload, isUnavailable } from './faults.ts';
import { ensureSchema, findSchema } from './migrate.ts';
import type { PgPool } from './pool.ts';
import { placeOf, refusalOf } from './refusals.ts';
import type { Runner } from './runner.ts';
import { withClient } from './with-client.ts';

/** Asked along with what is asked anyway. */
export const SCHEMA = { text: selectSchema(POSTGRES), values: [] };
const WRITES = writeProof(POSTGRES).map((text) => ({ text, values: [] }));
/** A connection may have fallen silent while it lay in the pool. */
const LOOK_MS = 8_000;
/** What is cut off begins anew: it must be longer than any migration. */
const MAKE_MS = 600_000;

export interface Readiness {
  /** The first time; rejects where an operator has to do something. */
  open(): Promise<void>;
  isReady(): boolean;
  /** Rejects with StoreUnavailable where Postgres can't be asked. */
  guarded<Result>(work: () => Promise<Result>): Promise<Result>;
  /** A row of {@link SCHEMA}: a newer instance may have brought it further than we can read. */
  checkSchema(row: Row): void;
  fault(): string | undefined;
  close(): void;
}

export interface ReadinessParts extends Pick<RecoveryParts, 'clock' | 'log' | 'onRecovered'> {
  readonly source: string | PgPool;
  readonly connections: Connections;
  readonly runner: Runner;
}

export function createReadiness(parts: ReadinessParts): Readiness {
  const { source, connections, runner, ...more } = parts;
  const { clock } = more;
  let isReady = false;
  let wasReady = false;
  const prepare = async () => {
    try {
      if (wasReady) await withClient({ connections, clock, withinMs: LOOK_MS }, findSchema);
      else await withClient({ connections, clock, withinMs: MAKE_MS }, ensureSchema);
      isReady = true;
      wasReady = true;
    } catch (error) {
      if (!isUnavailable(error)) isReady = false;
      throw error;
    }
  };
  const recovery = createRecovery({
    ...more,
    what: 'Postgres',
    async probe() {
      await prepare();
      await runner.run({ reads: WRITES });
      // Whatever was found of the schema meanwhile: the fault ends now, and what is so still is found again.
      isReady = true;
    },
    // Of a host's pool nobody knows where it leads.
    explain: typeof source === 'string' ? (error) => refusalOf(error, placeOf(source)) : undefined,
  });
  return {
    async open() {
      try {
        await prepare();
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        recovery.failed(error);
      }
    },
    isReady: () => isReady,
    async guarded(work) {
      if (!isReady) throw new StoreUnavailable(recovery.fault() ?? 'it is not open');
      try {
        return await work();
      } catch (error) {
        if (!isUnavailable(error)) throw error instanceof DatabaseError ? error.cause : error;
        if (!isOverload(error)) recovery.failed(error);
        throw new StoreUnavailable(error);
      }
    },
    checkSchema({ version, readable_from: readableFrom }) {
      try {
        assertSchema({ version: version as number, readableFrom: readableFrom as number });
      } catch (error) {
        isReady = false;
        recovery.failed(error);
      }
    },
    fault: () => recovery.fault(),
    close() {
      isReady = false;
      recovery.stop();
    },
  };
}
