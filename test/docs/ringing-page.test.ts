// docs/ringing.md and docs/privacy.md name what there is: all of it, and nothing else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeSpans } from '../../scripts/markdown.ts';
import type { CallId, DeviceId, UserId } from '../../src/base/ids.ts';
import { RING_ENDS } from '../../src/calls/event.ts';
import { DEVICE_DAYS, DEVICES_MAX, PLATFORMS, TARGET_KINDS } from '../../src/ringing/device.ts';
import { fieldsOf } from '../../src/ringing/push-fields.ts';
import { NAMES } from '../../src/settings/names.ts';
import { PUSH } from '../../src/settings/push.ts';
import { migrationSql } from '../../src/storage/sql/schema.ts';
import { read } from './foreign-sources.ts';
import { column, page, under } from './page-parts.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const ringing = page('ringing.md');
const privacy = page('privacy.md');

const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

describe('the page of ringing', () => {
  it('has every setting of pushes and of names', () => {
    const part = under(ringing, 'This server');
    const rows = Object.entries({ ...PUSH, ...NAMES });
    const variables = rows.flatMap(([, row]) => ('variable' in row ? [row.variable] : []));
    expect(sorted(column(part, 0))).toEqual(sorted(variables));
    expect(sorted(column(part, 1))).toEqual(sorted(rows.map(([option]) => option)));
  });

  it('has a row for each way a ring ends', () => {
    expect(column(under(ringing, 'How a ring stops'), 0)).toEqual([...RING_ENDS]);
  });

  it('has each field of a push', () => {
    const common = { callId: 'c' as CallId, to: 'bob' as UserId, now: 0 };
    const about = {
      callerName: 'A',
      callerUid: 'a' as UserId,
      kind: 'audio',
      isGroup: false,
      context: 'c',
    } as const;
    const ring = fieldsOf({ ...common, type: 'ring', ringMs: 1, ticket: 't', about }, 4096);
    const stop = fieldsOf(
      {
        ...common,
        type: 'stop_ring',
        cause: 'over',
        device: 'd' as DeviceId,
        missed: { title: 't', body: 'b' },
      },
      4096,
    );
    const fields = sorted([...Object.keys(ring), ...Object.keys(stop)]);
    expect(sorted(column(under(ringing, 'What a push holds'), 0))).toEqual(fields);
    const told = column(under(privacy, 'In a push'), 0);
    for (const name of fields.filter(
      (name) => !['v', 'type', 'id', 'title', 'body'].includes(name),
    )) {
      expect(told, name).toContain(name);
    }
    for (const kind of TARGET_KINDS.filter((kind) => kind !== 'host')) expect(told).toContain(kind);
  });

  it('has each kind of device, platform and bound', () => {
    const part = under(ringing, 'Devices');
    expect(sorted(column(part, 0))).toEqual(sorted(TARGET_KINDS));
    expect(sorted(column(part, 1))).toEqual(sorted(PLATFORMS));
    expect(part).toContain(`At most ${DEVICES_MAX} a person`);
    expect(part).toContain(`${DEVICE_DAYS} days`);
    expect(privacy).toContain(`${DEVICE_DAYS} days`);
  });

  it('has each route that takes a ticket', () => {
    const { paths } = JSON.parse(page('openapi.json')) as {
      paths: Record<string, Record<string, { security?: Record<string, unknown>[] }>>;
    };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { security = [] }]) => security.some((way) => 'ringTicket' in way))
        .map(([method]) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(routes.length).toBeGreaterThan(4);
    expect(sorted(column(under(ringing, 'The ticket'), 0))).toEqual(sorted(routes));
  });

  it('has the metrics of rings', () => {
    const code = readFileSync(join(ROOT, 'src', 'ringing', 'ring-metrics.ts'), 'utf8');
    const metrics = [...code.matchAll(/name: '(\w+)'/g)].map(([, name = '']) => name);
    expect(column(under(ringing, 'Did it ring?'), 0)).toEqual(metrics);
  });

  it('names the versions that the example asks for', () => {
    const pubspec = read('pubspec.yaml');
    const rows = [...ringing.matchAll(/^\| `(\w+)` \| (\d+\.\d+\.\d+) \|/gm)];
    for (const [, name = '', version] of rows.filter(
      ([, name]) => name !== 'flutter_callkit_incoming',
    )) {
      expect(pubspec).toContain(`  ${name}: ^${version}\n`);
      expect(read('README.md')).toContain(`\`${name}\` ${version}`);
    }
    expect(rows.length).toBeGreaterThan(5);
  });
});

describe('the page of privacy', () => {
  const tables = new Map<string, string[]>();
  for (const statement of migrationSql('sqlite').split(';')) {
    const [, created, members = ''] = /create table (\w+) \(\n([\s\S]*)\n\)/.exec(statement) ?? [];
    const names = [...members.matchAll(/^ {2}(\w+) (?:text|integer|bigint)/gim)].map(
      ([, name = '']) => name,
    );
    if (created !== undefined) tables.set(created, names);
    const [, altered = '', added] = /alter table (\w+) add column (\w+)/.exec(statement) ?? [];
    if (added !== undefined) tables.get(altered)?.push(added);
  }
  const rows = under(privacy, 'In the database')
    .split('\n')
    .filter((line) => /^\| `/.test(line))
    .map((line) => line.split('|'));

  /** What says nothing of a person: whoever adds a column decides. */
  const TECHNICAL = new Set([
    ...[
      'id',
      'call_id',
      'room',
      'run_at',
      'tries',
      'due_at',
      'is_group',
      'is_live',
      'heard',
      'told',
    ],
    ...['position', 'version', 'target', 'sequence', 'type', 'epoch'],
  ]);

  it('has a row for each table', () => {
    expect(tables.size).toBeGreaterThan(10);
    const named = rows.map(([, table = '']) => codeSpans(table)[0] ?? '');
    expect(sorted(named)).toEqual(
      sorted([...tables.keys()].filter((name) => name !== 'schema_version')),
    );
  });

  it('has each column that is about a person, and none that is not there', () => {
    for (const [, table = '', told = ''] of rows) {
      const columns = tables.get(codeSpans(table)[0] ?? '') ?? [];
      expect(columns.length, table).toBeGreaterThan(1);
      const spans = codeSpans(told);
      const untold = columns.filter((name) => !spans.includes(name) && !TECHNICAL.has(name));
      expect(untold, table).toEqual([]);
      expect(
        spans.filter((name) => !columns.includes(name)),
        table,
      ).toEqual([]);
    }
  });

  it('tells of each table what erasing does to it', () => {
    const part = under(privacy, 'Erasing a person');
    const told = column(part, 0).map((name) => name.split('.')[0] ?? '');
    for (const name of tables.keys()) {
      // A seat is given up before.
      if (!['schema_version', 'seats'].includes(name)) expect(told, name).toContain(name);
    }
  });
});
