// Calls in a file, or in memory: for one machine, and without a database to run.
import { randomUUID } from 'node:crypto';
import { type Clock, pause } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { StoreUnavailable } from '../../calls/store.ts';
import { createCallStore } from '../call-store.ts';
import type { Engine } from '../engine.ts';
import { createRecovery } from '../recovery.ts';
import { SQLITE } from '../sql/dialect.ts';
import { writeProof } from '../sql/schema.ts';
import type { Store } from '../store.ts';
import { createUnheard } from '../unheard.ts';
import { createWake } from '../wake.ts';
import type { Database } from './database.ts';
import { isBusy, isFull, isUnavailable, sentenceOf } from './faults.ts';
import { createFileWatch } from './file-watch.ts';
import { hasRoom, IN_MEMORY, openFile } from './open-file.ts';
import { createPassingTime } from './passing-time.ts';
import { createSameFile, type SameFile } from './same-file.ts';

/** How long a lock of another process is waited for, without stopping this one. */
const LOCK_MS = 5_000;
const LOOK_AGAIN_MS = 25;

export interface SqliteStoreParts {
  /** Of the file, whose folder is made where it is missing; or `:memory:`. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** There a file that was not there is worth a warning: the disk may be new at every start. */
  readonly isProduction?: boolean;
}

export function createSqliteStore(parts: SqliteStoreParts): Store {
  const { path, clock, log, isProduction = false } = parts;
  let database: Database | undefined;
  const wake = createWake(log, () => watch.look());
  const recovery = createRecovery({
    what: 'The database file',
    clock,
    log,
    async probe(why) {
      // A little fits onto a full disk for long, and a call does not.
      if (isFull(why) && !hasRoom(path)) throw why;
      probe(database);
    },
    onRecovered: () => wake.everything(),
  });
  let file: SameFile | undefined;
  const dataVersion = () => {
    file?.look();
    return database?.dataVersion();
  };
  const watch = createFileWatch({
    ...{ path: `${path}-wal`, clock, wake, dataVersion },
    unheard: () => unheard(),
  });
  // Nobody else can write to memory.
  if (path === IN_MEMORY) watch.stop();
  const patiently = createPatience(clock);

  const onDatabase = async <Result>(work: (open: Database) => Result): Promise<Result> => {
    try {
      return await patiently(() => {
        if (database === undefined) throw new StoreUnavailable('it is not open');
        return work(database);
      });
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (!isBusy(error)) recovery.failed(error);
      throw new StoreUnavailable(error);
    }
  };
  const inTransaction = <Result>(work: (run: Database['run']) => Result): Promise<Result> =>
    onDatabase((open) =>
      open.inTransaction(() => {
        open.assertSchema();
        return work(open.run);
      }),
    );
  const engine: Engine = {
    dialect: SQLITE,
    name: randomUUID(),
    clockValue: createPassingTime(clock),
    transact(reads, plan) {
      watch.active();
      return inTransaction((run) => {
        const { queries, result } = plan(reads.map(run));
        return result(queries.map(run));
      });
    },
    ask: (queries) => onDatabase(({ run }) => queries.map(run)),
    write: (queries) => inTransaction((run) => queries.map(run)),
    // Nobody is far away.
    rest: async () => {},
  };
  const unheard = createUnheard(engine, wake);
  return {
    ...createCallStore(engine, wake),
    async open() {
      if (database !== undefined) return;
      try {
        const opened = await patiently(() => openFile(path));
        database = opened.database;
        if (path !== IN_MEMORY) file = createSameFile(path, log);
        if (opened.isNew && isProduction) tellOfNew(parts);
        watch.look();
      } catch (error) {
        throw isBusy(error) ? new Error(sentenceOf(path, error), { cause: error }) : error;
      }
    },
    async close() {
      watch.stop();
      recovery.stop();
      database?.close();
      database = undefined;
    },
    fault: () => recovery.fault() ?? file?.fault(),
  };
}

function tellOfNew({ path, log }: SqliteStoreParts): void {
  log.warn(
    { path },
    'the database file was not there and is made new, which is right at the first start alone: where it comes at every start, no disk stays here, and each restart loses all calls. Put the file on a disk that stays, or set DATABASE_URL to a Postgres',
  );
}

function probe(database: Database | undefined): void {
  database?.inTransaction(() => {
    database.assertSchema();
    for (const text of writeProof(SQLITE)) database.run({ text, values: [] });
  });
}

/** One after the other; what another process has locked is tried again for a while. */
function createPatience(clock: Clock) {
  let last: Promise<unknown> = Promise.resolve();
  const tried = async <Result>(work: () => Result, untilMs: number): Promise<Result> => {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || clock.monotonic() >= untilMs) throw error;
      }
      // Timers of a clock don't keep a process alive, and a command may wait for nothing else.
      const alive = setInterval(() => {}, LOCK_MS);
      await pause(clock, LOOK_AGAIN_MS);
      clearInterval(alive);
    }
  };
  return <Result>(work: () => Result): Promise<Result> => {
    const untilMs = clock.monotonic() + LOCK_MS;
    const mine = last.then(() => tried(work, untilMs));
    last = mine.catch(() => {});
    return mine;
  };
}
