// The rows of a change as queries, in the order in which they may be written.

import type { Difference } from './difference.ts';
import type { Dialect, Query } from './sql/dialect.ts';
import { type ListStatements, listStatements } from './sql/write-statements.ts';

/** The message goes out with the commit. */
export type WriteQueries = (rows: Difference, message: string | undefined) => Query[];

type List = keyof Difference & keyof ListStatements;

/** Alone, since others look at what they have written: versions, and seats that are free now. */
const FIRST = ['people', 'seatsGivenUp'] as const satisfies readonly List[];
/** A call before what belongs to it. */
const THEN = [
  'calls',
  'changedCalls',
  'seatsTaken',
  'parties',
  'timersGone',
  'timers',
  'effects',
  'pushEffects',
  'hostEffects',
] as const satisfies readonly List[];

export function createWriteQueries(dialect: Dialect): WriteQueries {
  const statements = listStatements(dialect);
  const texts = new Map<List, string>();
  const alone = (list: List): string => {
    const text = texts.get(list) ?? statements[list]('$1');
    texts.set(list, text);
    return text;
  };
  const combined = createCombined(dialect, statements);
  return (rows, message) => {
    const isThere = (list: List) => rows[list].length > 0;
    const jsonOf = (list: List) => JSON.stringify(rows[list]);
    const query = (list: List): Query => ({ text: alone(list), values: [jsonOf(list)] });
    const first = FIRST.filter(isThere).map(query);
    const then = THEN.filter(isThere);
    if (!dialect.combinesWrites) return [...first, ...then.map(query)];
    if (then.length === 0 && message === undefined) return first;
    const values = [...then.map(jsonOf), ...(message === undefined ? [] : [message])];
    return [...first, { text: combined(then, message !== undefined), values }];
  };
}

/** Every statement sees the rows as they were before all of them; their references are checked after. */
function createCombined({ notify }: Dialect, statements: ListStatements) {
  const texts = new Map<string, string>();
  return (lists: readonly List[], isTold: boolean): string => {
    const key = `${lists.join()} ${isTold}`;
    const known = texts.get(key);
    if (known !== undefined) return known;
    const parts = lists.map((list, index) => `w${index} as (${statements[list](`$${index + 1}`)})`);
    const last = isTold ? notify?.(`$${lists.length + 1}`) : undefined;
    const text = `${parts.length > 0 ? `with ${parts.join(', ')} ` : ''}${last ?? 'select 1'}`;
    texts.set(key, text);
    return text;
  };
}
