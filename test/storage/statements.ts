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
