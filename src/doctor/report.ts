// Reports as lines for people, or as one JSON object.
import { styleText } from 'node:util';
import type { Report } from './check.ts';

const WORDS = { ok: 'ok', failed: 'FAIL', skipped: 'skip' } as const;
const COLORS = { ok: 'green', failed: 'red', skipped: 'gray' } as const;
const NAME_WIDTH = 18;

/** One line: how it went, what was checked, what was found and, where it failed, the fix. */
export function lineOf(report: Report, inColor: boolean): string {
  const { name, result, detail, ms } = report;
  const word = WORDS[result].padEnd(6);
  const painted = inColor ? styleText(COLORS[result], word, { validateStream: false }) : word;
  const took = result === 'ok' && ms > 0 ? `, ${ms} ms` : '';
  const fix = result === 'failed' ? `. Fix: ${report.fix}` : '';
  return `${painted}${ascii(`${name.padEnd(NAME_WIDTH)}  ${detail}${took}${fix}`)}\n`;
}

export function jsonOf(reports: readonly Report[]): string {
  const checks = reports.map((report) => ({
    name: report.name,
    result: report.result,
    detail: report.detail,
    ...(report.result === 'failed' && { fix: report.fix }),
    ms: report.ms,
  }));
  return `${JSON.stringify({ ok: isGood(reports), checks }, undefined, 2)}\n`;
}

export const isGood = (reports: readonly Report[]): boolean =>
  reports.every(({ result }) => result !== 'failed');

/** For terminals and logs of every kind; also keeps control characters of a value out of them. */
function ascii(text: string): string {
  return text
    .replaceAll(/[‘’]/g, "'")
    .replaceAll(/[“”]/g, '"')
    .replaceAll('…', '...')
    .replaceAll(/[–—]/g, '-')
    .replaceAll(/[^ -~]/g, '?');
}
