// docs/operations.md: every metric with its type and labels, and every secret; and no page names a
// metric that there is not.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, SwitchboardError } from '../../src/base/errors.ts';
import { statusOf } from '../../src/http/problems.ts';
import { VARIABLES } from '../../src/settings/table.ts';
import { column, page, under } from './page-parts.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const operations = page('operations.md');

interface Metric {
  readonly type: string;
  readonly labels: readonly string[];
}

const METRIC =
  /new (Counter|Gauge|Histogram)\(\{\s*name: '(\w+)',\s*help: .*?\s(?:labelNames: \[([^\]]*)\],)?\s*(?:buckets: \[[^\]]*\],\s*)?registers\b/gs;
const NAME = /\bname: '(switchboard_\w+)'/g;

const filesIn = (folder: string, end: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(end))
    .map((name) => join(folder, name));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const code = filesIn('src', '.ts').map(read);

/** As the code makes them. */
const made = new Map<string, Metric>(
  code
    .flatMap((text) => [...text.matchAll(METRIC)])
    .map(([, type = '', name = '', labels = '']) => [
      name,
      {
        type: type.toLowerCase(),
        labels: [...labels.matchAll(/'(\w+)'/g)].map((found) => `${found[1]}`),
      },
    ]),
);

/** As the page has them: a row each. */
const told = new Map<string, Metric>(
  under(operations, 'Metrics')
    .split('\n')
    .flatMap((line) => {
      const name = /^\| `(switchboard_\w+)`/.exec(line)?.[1];
      const [, , type = '', labels = ''] = line.split('|');
      const words = [...labels.matchAll(/`(\w+)`/g)].map((found) => `${found[1]}`);
      return name === undefined ? [] : [[name, { type: type.trim(), labels: words }] as const];
    }),
);

const byName = (metrics: ReadonlyMap<string, Metric>) =>
  Object.fromEntries([...metrics].sort(([one], [other]) => (one < other ? -1 : 1)));

describe('the page of operations', () => {
  it('has every metric, with its type and its labels', () => {
    const named = code.flatMap((text) => [...text.matchAll(NAME)].map((found) => found[1]));
    expect([...made.keys()].sort()).toEqual(named.sort());
    expect(byName(told)).toEqual(byName(made));
  });

  it('names every secret', () => {
    const line = operations.split('\n').find((text) => text.startsWith('Secrets are ')) ?? '';
    const secrets = VARIABLES.filter(({ secret }) => secret).map(({ variable }) => variable);
    expect([...line.matchAll(/`(\w+)`/g)].map((found) => found[1]).sort()).toEqual(secrets.sort());
  });

  it('explains each code of a 5xx', () => {
    const codes = ERROR_CODES.map((code) => ({
      code,
      status: statusOf(new SwitchboardError(code, '')),
    }));
    const words = codes.filter(({ status }) => status >= 500).map(({ code }) => code);
    expect(column(under(operations, 'What each 5xx means'), 0).sort()).toEqual(words.sort());
  });
});

describe('a metric that a page names', () => {
  it('is there', () => {
    const pages = [
      ...filesIn('docs', '.md'),
      ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
    ];
    const unknown = pages.flatMap((name) =>
      [...read(name).matchAll(/\bswitchboard_[a-z_]+\b/g)]
        .map(([metric]) => metric.replace(/_(?:bucket|sum|count)$/, ''))
        .filter((metric) => !made.has(metric))
        .map((metric) => `${name}: ${metric}`),
    );
    expect(unknown).toEqual([]);
  });
});
