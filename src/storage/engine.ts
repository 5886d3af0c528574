// What a store needs of a database: to run statements in one transaction, and to tell of changes.
import type { Dialect, Query, Row } from './sql/dialect.ts';

/** The rows of each statement, in their order. */
export type Answers = readonly (readonly Row[])[];

export interface Writes<Result> {
  readonly queries: readonly Query[];
  /** Of what the writing statements answered, before the commit is told to anybody. */
  readonly result: (answers: Answers) => Result;
}

/** Rejects with StoreUnavailable where the database can't be asked; with what `plan` threw otherwise. */
export interface Engine {
  readonly dialect: Dialect;
  /** This instance among others, at random. */
  readonly name: string;
  /** The parameter of {@link Dialect.now}. */
  clockValue(): number;
  /**
   * One transaction: `reads` take the locks and look, `plan` says what to write. It is asked again
   * after a deadlock.
   */
  transact<Result>(
    reads: readonly Query[],
    plan: (answers: Answers) => Writes<Result>,
  ): Promise<Result>;
  /** Looks; each statement for itself. */
  ask(queries: readonly Query[]): Promise<Answers>;
  /** One transaction without a second look. */
  write(queries: readonly Query[]): Promise<Answers>;
  /** For as long as what need not be written at once may wait, so that more of it goes together. */
  rest(): Promise<void>;
}
