// What we need of pg: structural, so that a host's own pool fits whatever its version.
import type { Row } from '../sql/dialect.ts';

export interface PgQuery {
  readonly text: string;
  readonly values?: (string | number | null)[];
  readonly name?: string;
  readonly types?: {
    getTypeParser(oid: number, format?: string): (value: never) => unknown;
  };
}

export interface PgNotification {
  readonly channel: string;
  readonly payload?: string | undefined;
}

export interface PgConnection {
  query(query: PgQuery): Promise<unknown>;
  on(event: 'notification', listener: (message: PgNotification) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
}

export interface PgClient extends PgConnection {
  /** Whatever is true ends the connection. */
  release(destroy?: boolean): void;
}

/**
 * A `Pool` of pg. One of its clients is kept to listen on, the others are borrowed for a transaction
 * each. Whoever made it ends it.
 */
export interface PgPool {
  connect(): Promise<PgClient>;
  on(event: 'error', listener: (error: Error) => void): PgPool;
  on(event: 'acquire', listener: (client: PgConnection) => void): PgPool;
  off(event: 'error', listener: (error: Error) => void): PgPool;
  off(event: 'acquire', listener: (client: PgConnection) => void): PgPool;
}

const INT8 = 20;
const INT4 = 23;
const BOOL = 16;

/** A host may have set parsers of its own. Whole milliseconds and counts fit into a number. */
const TYPES = {
  getTypeParser(oid: number): (value: never) => unknown {
    if (oid === INT8 || oid === INT4) return Number;
    if (oid === BOOL) return (text: string) => text === 't';
    return (text: string) => text;
  },
};

export async function rowsOf(
  connection: PgConnection,
  query: Omit<PgQuery, 'types'>,
): Promise<readonly Row[]> {
  const { rows = [] } = (await connection.query({ ...query, types: TYPES })) as { rows?: Row[] };
  return rows;
}

/**
 * pg reads every answer as UTF-8, and binary ones lose bytes by that: a time came out ten years off
 * (`reader.string` in pg-protocol/src/parser.ts, `Buffer.from` in pg/lib/result.js, pg 8.23).
 */
export function assertText(client: PgConnection): void {
  if ((client as { binary?: unknown }).binary !== true) return;
  throw new TypeError(
    'this pool of pg asks for binary answers, which pg itself does not read rightly (numbers come out wrong). ' +
      'Fix: give a pool without `binary: true`',
  );
}

/** Its queries may be sent before the earlier ones are answered. A host sets it, or we do. */
export const isPipelined = (client: PgConnection): boolean =>
  (client as { pipeline?: unknown }).pipeline === true;

/** At once: pg says goodbye first, and one that is silent would keep its socket for hours. */
export function cutOff(connection: PgConnection): void {
  const { connection: wire } = connection as { connection?: { stream?: { destroy?(): void } } };
  wire?.stream?.destroy?.();
}
