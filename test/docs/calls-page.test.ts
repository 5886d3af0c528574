// docs/calls.md names every route, state, outcome, reason, cause and code of calls, and no other.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeSpans } from '../../scripts/markdown.ts';
import { ERROR_CODES } from '../../src/base/errors.ts';
import { CALL_STATES, CAUSES, OUTCOMES, PARTY_STATES, REASONS } from '../../src/calls/call.ts';
import { VARIABLES } from '../../src/settings/table.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(ROOT, 'docs', 'calls.md'), 'utf8');

/** The part under a heading, up to the next one of any level. */
function under(heading: string): string {
  const part = text.split(/^#{2,} /m).find((part) => part.startsWith(`${heading}\n`));
  if (part === undefined) throw new Error(`docs/calls.md has no heading "${heading}"`);
  return part;
}

/** What stands as code in one column of the tables of a part. */
const column = (part: string, index: number): string[] =>
  part
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| -/.test(line))
    .slice(1)
    .flatMap((line) => codeSpans(line.split(' | ')[index] ?? ''));

const sorted = (names: readonly string[]) => [...names].sort();

describe('the page of calls', () => {
  it.each([
    ['States of a call', CALL_STATES],
    ['States of a party', PARTY_STATES],
    ['Outcomes', OUTCOMES],
    ['Reasons', REASONS],
    ['The feed', CAUSES],
  ] as const)('has a row for each of: %s', (heading, names) => {
    expect(sorted(column(under(heading), 0))).toEqual(sorted(names));
  });

  it('has each route of the API, and no other', () => {
    const document = JSON.parse(readFileSync(join(ROOT, 'docs', 'openapi.json'), 'utf8'));
    const routes = Object.entries<object>(document.paths)
      .filter(([path]) => path.startsWith('/api/calls') && !path.endsWith('/livekit-token'))
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => {
          const pattern = path.replace(/\{(\w+)\}/g, ':$1').replace(/\/$/, '');
          return `${method.toUpperCase()} ${pattern}`;
        }),
      );
    const named = column(under('Over HTTP'), 0);
    expect(sorted(named)).toEqual(sorted(routes));
  });

  it('has a row for each code that is thrown about calls', () => {
    const named = column(under('Errors'), 1);
    expect(named.filter((code) => !(ERROR_CODES as readonly string[]).includes(code))).toEqual([]);
    const thrown = sourcesOfCalls().join('\n');
    const codes = ERROR_CODES.filter((code) => thrown.includes(`'${code}'`));
    expect(codes.length).toBeGreaterThan(8);
    expect(codes.filter((code) => !named.includes(code))).toEqual([]);
  });

  it('has the limits that hold where nothing is set', () => {
    const named = [...under('Limits').matchAll(/`([A-Z_]+)`, (\d+)/g)];
    expect(named.length).toBeGreaterThan(5);
    const standard = new Map(VARIABLES.map((row) => [row.variable, row.default]));
    const wrong = named.filter(([, name = '', limit]) => standard.get(name) !== limit);
    expect(wrong.map(([limit]) => limit)).toEqual([]);
  });

  it('tells the status of each code as the answers have it', () => {
    const table = readFileSync(join(ROOT, 'src', 'http', 'problems.ts'), 'utf8');
    const rows = under('Errors').matchAll(/^\| (\d{3}) \| `(\w+)` \|/gm);
    const wrong = [...rows].filter(
      ([, status, code]) => !new RegExp(`\\b${code}: ${status}\\b`).test(table),
    );
    expect(wrong.map(([row]) => row)).toEqual([]);
  });
});

/** What may throw a code that only calls have. */
function sourcesOfCalls(): string[] {
  const at = [
    'calls',
    'routes/calls',
    'routes/feed.ts',
    'routes/webhook.ts',
    'access/ring-access.ts',
  ];
  return at
    .map((name) => join(ROOT, 'src', name))
    .filter((path) => existsSync(path))
    .flatMap((path) =>
      statSync(path).isFile()
        ? [path]
        : readdirSync(path, { recursive: true, encoding: 'utf8' })
            .filter((name) => name.endsWith('.ts'))
            .map((name) => join(path, name)),
    )
    .map((path) => readFileSync(path, 'utf8'));
}
