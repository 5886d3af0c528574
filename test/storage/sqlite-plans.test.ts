// No statement reads a table whole: what it costs does not grow with the years.
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { SQLITE } from '../../src/storage/sql/dialect.ts';
import { migrationSql } from '../../src/storage/sql/schema.ts';
import { INDEXES, statementsOf } from './statements.ts';

const file = new DatabaseSync(':memory:');
file.exec(migrationSql('sqlite'));
afterAll(() => file.close());

/** What is read whole, and is no table: what an index has found, and the one row with the time. */
const SCANNED: Readonly<Record<string, string[]>> = {
  history: ['mine'],
  historyInContext: ['mine'],
  feed: ['mine'],
  scene: ['t'],
  callees: ['r'],
};

describe('SQLite', () => {
  it.each(statementsOf(SQLITE))('reaches the rows of %s by an index', (name, text) => {
    const plan = file.prepare(`explain query plan ${text}`).all() as { detail: string }[];
    const scanned = plan.flatMap(
      // A parameter's rows, and none at all, are no matter.
      ({ detail }) => /^SCAN (?!json_each|CONSTANT)(\S+)/.exec(detail)?.[1] ?? [],
    );
    expect(scanned).toEqual(SCANNED[name] ?? []);
    const lines = plan.map(({ detail }) => detail).join('\n');
    expect(lines).not.toContain('AUTOMATIC');
    expect(lines).toContain(INDEXES[name] ?? '');
  });

  it('would be found out reading one whole', () => {
    const plan = file.prepare("explain query plan select 1 from calls where kind = 'audio'").all();
    expect(plan).toEqual([expect.objectContaining({ detail: 'SCAN calls' })]);
  });
});
