// What an error of Postgres, or of the way to it, means for us.

/** Whatever came of asking the database; all else that is thrown is our own or a decision's. */
export class DatabaseError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'DatabaseError';
  }
}

/** What answers speaks another protocol. */
export class NotPostgresError extends Error {
  constructor() {
    super('what answers is no Postgres');
    this.name = 'NotPostgresError';
  }
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Of Postgres itself; without one the error is of the connection, or of pg. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
  return typeof code === 'string' && SQLSTATE.test(code) && !code.startsWith('E')
    ? code
    : undefined;
}

const DEADLOCK = '40P01';
const SERIALIZATION = '40001';
const UNIQUE = '23505';

/** The same again may work: nothing of it was kept. */
export function isWorthAnotherTry(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state === UNIQUE) {
    // Two have placed a call under one id; whoever looks again sees that of the other.
    const { constraint } = (error as Error).cause as { constraint?: unknown };
    return constraint === 'calls_pkey';
  }
  return state === DEADLOCK || state === SERIALIZATION;
}

/** A pooler hands each transaction to another backend, which knows no statement of ours by its name. */
export const isOfNamedStatement = (error: unknown): boolean =>
  ['26000', '42P05', '0A000'].includes(sqlStateOf(error) ?? '');

/**
 * By their first two characters: connection, invalid transaction state (read-only, idle for too
 * long), sign-in, no such database, rollback, resources, limits (a queue of notifications that is full), not ready, operator, system,
 * internal.
 */
const CLASSES_BEYOND_US = ['08', '25', '28', '3D', '40', '53', '54', '55', '57', '58', 'XX'];
/** No right, no such table, no such column, no such schema. */
const STATES_BEYOND_US = ['42501', '42P01', '42703', '3F000'];

/** Not a bug of ours: the database, or the way to it. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  const state = sqlStateOf(error);
  return (
    state === undefined ||
    CLASSES_BEYOND_US.includes(state.slice(0, 2)) ||
    STATES_BEYOND_US.includes(state)
  );
}

const STATEMENT_TIMEOUT = '57014';
const LOCK_NOT_AVAILABLE = '55P03';
const POOL_IS_FULL = 'timeout exceeded when trying to connect';

/** It is there, and has too much to do: no reason to take this server out of service. */
export function isOverload(error: unknown): boolean {
  return (
    [STATEMENT_TIMEOUT, LOCK_NOT_AVAILABLE].includes(sqlStateOf(error) ?? '') ||
    (error as Error).message === POOL_IS_FULL
  );
}
