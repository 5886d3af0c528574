// One transaction: two trips to the database where the client sends ahead, else one a statement.
import { createHash } from 'node:crypto';
import type { Answers, Writes } from '../engine.ts';
import type { Query, Row } from '../sql/dialect.ts';
import { DatabaseError } from './faults.ts';
import { isPipelined, type PgClient, type PgQuery, rowsOf } from './pool.ts';

/** Of one statement, as the database measures it; it waits for locks as well. */
const STATEMENT_TIMEOUT_MS = 5_000;
/** A process that hangs between look and commit must not hold its people for ever. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/**
 * Every statement of ours reaches its rows by an index, one after the other: a plan is made once a
 * connection and is the same however many rows there are. Planning each time took a quarter of a
 * place, and a plan made over small tables read them whole when they had grown.
 */
export const PLANNING = [
  'set local plan_cache_mode = force_generic_plan',
  'set local enable_seqscan = off',
  'set local enable_hashjoin = off',
  'set local enable_mergejoin = off',
  // What is forbidden counts as dear, and compiling what is dear took 200 ms of a place.
  'set local jit = off',
].join('; ');

/** `set local` ends with the transaction, and so it goes through a pooler. */
const BEGIN: PgQuery = {
  text: [
    'begin isolation level read committed',
    `set local statement_timeout = ${STATEMENT_TIMEOUT_MS}`,
    `set local idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`,
    PLANNING,
  ].join('; '),
};
const COMMIT: PgQuery = { text: 'commit' };
export const ROLLBACK: PgQuery = { text: 'rollback' };

export interface Statements {
  of(query: Query): PgQuery;
  /** Prepared ones don't live in what lies between us and the database. */
  unname(): void;
}

/** Prepared once a connection, under a name that is the same for the same text. */
export function createStatements(): Statements {
  const names = new Map<string, string>();
  let isNamed = true;
  const nameOf = (text: string) => {
    const known = names.get(text);
    if (known !== undefined) return known;
    const name = `switchboard_${createHash('sha1').update(text).digest('hex').slice(0, 20)}`;
    names.set(text, name);
    return name;
  };
  return {
    of: ({ text, values }) => ({
      text,
      values: [...values],
      ...(isNamed && { name: nameOf(text) }),
    }),
    unname() {
      isNamed = false;
    },
  };
}

export interface Transaction<Result> {
  readonly reads: readonly Query[];
  /** Undefined: reading was all. */
  readonly plan?: (answers: Answers) => Writes<Result>;
}

/** Where it is run: from the abort on nothing more is sent, since whoever gave up rolls it back. */
export interface Line {
  readonly client: PgClient;
  readonly signal: AbortSignal;
}

/** Rejects with a DatabaseError, or with what `plan` threw; the transaction is open still then. */
export async function runTransaction<Result>(
  line: Line,
  statements: Statements,
  { reads, plan }: Transaction<Result>,
): Promise<{ read: Answers; result: Result | undefined }> {
  const first = [BEGIN, ...reads.map(statements.of)];
  if (plan === undefined) {
    const [, ...read] = await send(line, [...first, COMMIT]);
    return { read: read.slice(0, reads.length), result: undefined };
  }
  const [, ...read] = await send(line, first);
  const { queries, result } = plan(read);
  const written = await send(line, [...queries.map(statements.of), COMMIT]);
  return { read, result: result(written) };
}

/** After one that failed the others fail as well, and commit becomes a rollback. */
async function send({ client, signal }: Line, queries: readonly PgQuery[]): Promise<Answers> {
  signal.throwIfAborted();
  if (!isPipelined(client)) {
    const answers: (readonly Row[])[] = [];
    for (const query of queries) {
      signal.throwIfAborted();
      answers.push(await asked(client, query));
    }
    return answers;
  }
  const answers = await Promise.allSettled(queries.map((query) => asked(client, query)));
  return answers.map((answer) => {
    if (answer.status === 'rejected') throw answer.reason;
    return answer.value;
  });
}

export async function asked(client: PgClient, query: PgQuery): Promise<readonly Row[]> {
  try {
    return await rowsOf(client, query);
  } catch (error) {
    throw new DatabaseError(error);
  }
}
