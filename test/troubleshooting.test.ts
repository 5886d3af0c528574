// docs/troubleshooting.md knows every code, every cause and every warning.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../src/base/errors.ts';
import { APP_CHECK_CAUSES, ID_TOKEN_CAUSES } from '../src/base/token-fault.ts';

const ROOT = join(import.meta.dirname, '..');
const text = readFileSync(join(ROOT, 'docs', 'troubleshooting.md'), 'utf8');

/** The part under a heading. */
const under = (heading: string) =>
  text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
const missing = (names: readonly string[], part: string) =>
  names.filter((name) => !part.includes(`\`${name}\``));

/** How the sentences begin that the code writes as warnings and errors, as far as they are literal. */
function sentences(): string[] {
  const call = /\blog\.(?:warn|error)\(\s*\{[^}]*\},\s*['`]([^'`$]+)/g;
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('dev/'))
    .flatMap((file) => [...readFileSync(join(ROOT, 'src', file), 'utf8').matchAll(call)])
    .map(([, sentence = '']) => sentence.split(/[:,;]/, 1)[0]?.trim() as string);
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
    const known = under('Warnings and errors in the log');
    const found = sentences();
    expect(found.length).toBeGreaterThan(8);
    expect(found.filter((sentence) => !known.includes(`\`${sentence}`))).toEqual([]);
  });
});
