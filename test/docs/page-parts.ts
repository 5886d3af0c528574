// A page of the documentation, in parts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeSpans } from '../../scripts/markdown.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
export const page = (name: string): string => readFileSync(join(DOCS, name), 'utf8');

/** The part under a heading, up to the next one of any level. */
export function under(text: string, heading: string): string {
  const part = text.split(/^#{2,} /m).find((part) => part.startsWith(`${heading}\n`));
  if (part === undefined) throw new Error(`no heading "${heading}"`);
  return part;
}
/** What stands as code in one column of the tables of a part. */
export const column = (part: string, index: number): string[] =>
  part
    .split('\n')
    .filter((line) => /^\| /.test(line) && !/^\| -/.test(line))
    .slice(1)
    .flatMap((line) => codeSpans(line.split(/(?<!\\)\|/)[index + 1] ?? ''));
