// examples/prometheus/alerts.yml: every rule asks for what /metrics has from the first scrape on, and
// docs/operations.md speaks of each.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallStage, PLAIN, setCallStage } from '../call-stage.ts';
import { page, under } from './page-parts.ts';

const FILE = join(import.meta.dirname, '..', '..', 'examples', 'prometheus', 'alerts.yml');
const RULE =
  /^ {6}- alert: (\w+)\n {8}expr: (.+)\n(?: {8}for: \d+m\n)? {8}labels:\n {10}severity: (?:page|ticket)\n {8}annotations:\n {10}summary: "([^"]+)"\n/gm;

const text = readFileSync(FILE, 'utf8');
const rules = [...text.matchAll(RULE)].map(([, alert = '', expr = '', summary = '']) => {
  const selectors = [...expr.matchAll(/\b(switchboard_\w+)(?:\{([^}]*)\})?/g)];
  return {
    ...{ alert, expr, summary },
    selectors: selectors.map(([, name = '', matchers = '']) => ({ name, matchers })),
  };
});

/** Of a series of a histogram. */
const metricOf = (name: string) => name.replace(/_(?:bucket|sum|count)$/, '');

let names: ReadonlySet<string>;
let series: { name: string; labels: Record<string, string>; value: number }[];
let stage: CallStage;
beforeAll(async () => {
  // Somebody sends pushes, and somebody is told of calls.
  stage = await setCallStage(PLAIN, { sendPush: async () => 'handed', onCallEvent: () => {} });
  const lines = (await stage.switchboard.metrics()).split('\n');
  names = new Set(lines.flatMap((line) => /^# TYPE (\w+)/.exec(line)?.[1] ?? []));
  series = lines.flatMap((line) => {
    const [, name = '', labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, is]) => [key, is]);
    return value === undefined
      ? []
      : [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
});
afterAll(() => stage.close());

const OPERATORS: Readonly<Record<string, (is: string, asked: string) => boolean>> = {
  '=': (is, asked) => is === asked,
  '=~': (is, asked) => new RegExp(`^(?:${asked})$`).test(is),
};

function matching({ name, matchers }: { name: string; matchers: string }) {
  const asked = [...matchers.matchAll(/(\w+)(=~?)"([^"]*)"/g)];
  return series.filter(
    (one) =>
      one.name === name &&
      asked.every(([, label = '', operator = '', value = '']) =>
        OPERATORS[operator]?.(one.labels[label] ?? '', value),
      ),
  );
}

/** What became of a call, and why a push was refused, has too many pairs for all to be there at 0. */
const COME_LATER = /^switchboard_calls_ended_total$|^switchboard_pushes_total$/;

describe('the rules for Prometheus', () => {
  it('are each in the form that is read here', () => {
    expect(rules.map(({ alert }) => alert)).toEqual(
      [...text.matchAll(/alert: (\w+)/g)].map(([, name]) => name),
    );
    expect(rules.length).toBeGreaterThan(10);
  });

  it('ask for metrics that there are', () => {
    const asked = rules.flatMap(({ selectors }) => selectors.map(({ name }) => metricOf(name)));
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
  });

  it('find what they count at 0 before the first event: else rate() never sees that one', () => {
    const unseen = rules.flatMap(({ alert, selectors }) =>
      selectors
        .filter(({ name }) => /_total$/.test(name) && !COME_LATER.test(name))
        .filter((selector) => {
          const found = matching(selector);
          return found.length === 0 || found.some(({ value }) => value !== 0);
        })
        .map(({ name, matchers }) => `${alert}: ${name}{${matchers}}`),
    );
    expect(unseen).toEqual([]);
  });

  it('are told of on the page of operations, each metric of them', () => {
    const told = under(page('operations.md'), 'Alerts');
    const asked = rules.flatMap(({ selectors }) => selectors.map(({ name }) => name));
    expect(asked.filter((name) => !told.includes(metricOf(name)))).toEqual([]);
  });
});
