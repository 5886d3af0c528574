// docs/troubleshooting.md knows every code, every cause and every warning.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeSpans } from '../scripts/markdown.ts';
import { ERROR_CODES } from '../src/base/errors.ts';
import { APP_CHECK_CAUSES, ID_TOKEN_CAUSES } from '../src/base/token-fault.ts';

const ROOT = join(import.meta.dirname, '..');
const text = readFileSync(join(ROOT, 'docs', 'troubleshooting.md'), 'utf8');

/** The part under a heading. */
const under = (heading: string) =>
  text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
const missing = (names: readonly string[], part: string) =>
  names.filter((name) => !part.includes(`\`${name}\``));

/** Where the code says what an operator reads: a sentence as it stands, or the name of one. */
const SAID =
  /\b(?:log\.(?:warn|error)|log\[level\]|complain|giveUp)\(\s*(?:\{[^}]*\}|[\w.]+),\s*(?:(['"`])((?:(?!\1|\$\{).)+)|([A-Z][A-Z_]+)\b)/g;
/** A constant of a file, and its text, or one of each entry. */
const CONSTANT = /^const ([A-Z][A-Z_]+)\b[^=]*=\s*(.*?);$/gms;
const TEXTS = /(?:^|=>|: ?)\s*(['"`])((?:(?!\1|\$\{).)+)/gm;
/** By another name where it is said. */
const ALWAYS = ['REFUSALS', 'MALFORMED'];

/** How the sentences begin that the code writes as warnings and errors, as far as they are literal. */
function sentences(): string[] {
  const found = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('dev/'))
    .flatMap((file) => saidIn(readFileSync(join(ROOT, 'src', file), 'utf8')));
  return [...new Set(found.map((sentence) => sentence.split(/[:,;(]/, 1)[0]?.trim() as string))];
}

function saidIn(file: string): string[] {
  const source = file.replace(/['"`] \+\s*['"`]/g, '');
  const said = [...source.matchAll(SAID)];
  if (said.length === 0) return [];
  const names = new Set([...said.flatMap(([, , , name]) => name ?? []), ...ALWAYS]);
  const constants = [...source.matchAll(CONSTANT)]
    .filter(([, name = '']) => names.has(name))
    .flatMap(([, , value = '']) => [...value.matchAll(TEXTS)].map(([, , text = '']) => text));
  return [...said.flatMap(([, , text]) => text ?? []), ...constants];
}

/** A page may break a sentence off with `…`, not before it can be told from others. */
function isTold(part: string): (sentence: string) => boolean {
  const spans = codeSpans(part);
  const stems = spans.flatMap((span) => /^(.{10,}?)[:,]? …$/.exec(span)?.[1] ?? []);
  return (sentence) =>
    spans.some((span) => span.startsWith(sentence)) ||
    stems.some((stem) => sentence.startsWith(stem));
}

describe('the page of symptoms', () => {
  it('has a row for each code', () => {
    expect(missing(ERROR_CODES, under('Every `code`'))).toEqual([]);
  });

  it('has each cause of a refused ID token', () => {
    expect(missing(ID_TOKEN_CAUSES, under('Every user gets 403'))).toEqual([]);
  });

  it('has those of a refused App Check token that are its own', () => {
    const own = APP_CHECK_CAUSES.filter(
      (cause) => !(ID_TOKEN_CAUSES as readonly string[]).includes(cause),
    );
    expect(missing(own, under('App Check refuses everybody'))).toEqual([]);
  });

  it('has each warning and error of the log', () => {
    const known = isTold(under('Warnings and errors in the log'));
    const found = sentences();
    expect(found.length).toBeGreaterThan(50);
    expect(found.filter((sentence) => !known(sentence))).toEqual([]);
  });
});
