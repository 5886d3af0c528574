// Every statement that the stores have, by name.
import type { Dialect } from '../../src/storage/dialect.ts';
import { readStatements } from '../../src/storage/read-statements.ts';
import { listStatements, writeStatements } from '../../src/storage/write-statements.ts';

export function statementsOf(dialect: Dialect): [name: string, text: string][] {
  const lists = Object.entries(listStatements(dialect));
  return [
    ...Object.entries(readStatements(dialect)),
    ...Object.entries(writeStatements(dialect)),
    ...lists.map(([name, text]): [string, string] => [name, text('$1')]),
  ];
}

/** By which index each list is found: another one would do, and read a person's whole life. */
export const INDEXES: Readonly<Record<string, string>> = {
  history: 'parties_history',
  historyInContext: 'parties_context',
  feed: 'parties_feed',
  snapshot: 'parties_live',
  live: 'parties_live',
  unansweredRings: 'parties_history',
  due: 'timers_due',
  nextDue: 'effects_run',
  leaseEffects: 'effects_run',
  roomsEnded: 'calls_ended',
  lockEnded: 'calls_ended',
};
