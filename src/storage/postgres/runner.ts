// A transaction from the borrowed connection to its return: with an end to all patience, and again
// after what passes by itself.
import { type Clock, DeadlineError, pause, withDeadline } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Answers } from '../engine.ts';
import type { Connections } from './connections.ts';
import { DatabaseError, isOfNamedStatement, isWorthAnotherTry } from './faults.ts';
import { cutOff, type PgClient } from './pool.ts';
import {
  asked,
  createStatements,
  ROLLBACK,
  runTransaction,
  type Transaction,
} from './transaction.ts';

const TRIES_MAX = 6;
const AGAIN_MS = 10;
/** Above the time that the database itself gives a statement: for one that says nothing at all. */
const ANSWER_MS = 8_000;
const ROLLBACK_MS = 1_000;

export interface Runner {
  /** Rejects with a DatabaseError, or with what `plan` threw. */
  run<Result>(
    transaction: Transaction<Result>,
  ): Promise<{ read: Answers; result: Result | undefined }>;
}

export interface RunnerParts {
  readonly connections: Connections;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createRunner({ connections, clock, log }: RunnerParts): Runner {
  const statements = createStatements();
  const once = async <Result>(transaction: Transaction<Result>) => {
    const client = await connections.borrow();
    try {
      const done = await withDeadline(clock, ANSWER_MS, (signal) =>
        runTransaction({ client, signal }, statements, transaction),
      );
      client.release();
      return done;
    } catch (error) {
      await giveBack(client);
      throw error instanceof DeadlineError ? new DatabaseError(error) : error;
    }
  };
  /** Open still, or broken: whatever can't be rolled back at once ends with its connection. */
  const giveBack = async (client: PgClient) => {
    try {
      await withDeadline(clock, ROLLBACK_MS, () => asked(client, ROLLBACK));
      client.release();
    } catch {
      cutOff(client);
      client.release(true);
    }
  };
  return {
    async run(transaction) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await once(transaction);
        } catch (error) {
          if (tries >= TRIES_MAX) throw error;
          if (isOfNamedStatement(error)) {
            statements.unname();
            log.info({}, 'Postgres is reached through a pooler: statements are not prepared');
          } else if (!isWorthAnotherTry(error)) throw error;
        }
        // Not both at once again.
        const waitMs = AGAIN_MS * tries * (1 + Math.random());
        await pause(clock, waitMs);
      }
    },
  };
}
