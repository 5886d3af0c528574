// A person's calls, newest first, a page at a time.
import { type CallStore, UnknownCursor } from '../calls/store.ts';
import type { ChangeParts } from './change.ts';
import { callOf } from './sql/columns.ts';
import type { Row } from './sql/dialect.ts';

/** Where a page ends; of the same moment, the higher id comes first. */
interface Place {
  readonly at: number;
  readonly id: string;
}

const FIRST: Place = { at: Number.MAX_SAFE_INTEGER, id: '' };

export function createHistory({ engine, read }: ChangeParts): CallStore['history'] {
  return async (uid, { context, after, limit }) => {
    const { at, id } = after === undefined ? FIRST : readPlace(after);
    // One more than asked for tells whether there is a next page.
    const values = [uid, at, id, limit + 1];
    const [rows, [time]] = (await engine.ask([
      context === undefined
        ? { text: read.history, values }
        : { text: read.historyInContext, values: [...values, context] },
      { text: read.now, values: [engine.clockValue()] },
    ])) as [Row[], [Row]];
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return {
      calls: shown.map(callOf),
      next: rows.length > limit && last !== undefined ? placeOf(last) : undefined,
      now: time.now as number,
    };
  };
}

const placeOf = (row: Row): string => Buffer.from(`${row.mine_at} ${row.id}`).toString('base64url');

function readPlace(cursor: string): Place {
  const [, at, id] =
    /^(\d{1,15}) ([\da-f-]{36})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (at === undefined || id === undefined) throw new UnknownCursor();
  return { at: Number(at), id };
}
