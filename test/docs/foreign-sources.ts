// Dart, Kotlin and Swift as text: as much of them as can be known where none of them runs.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Language, type Node, Parser } from 'web-tree-sitter';

export const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'flutter');
export const read = (path: string): string => readFileSync(join(EXAMPLE, path), 'utf8');

/** All files below a folder of the example, with their paths in it. */
export const filesIn = (folder: string): string[] =>
  readdirSync(join(EXAMPLE, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(EXAMPLE.length + 1))
    .sort();

const GRAMMARS = { dart: 'dart', kt: 'kotlin', swift: 'swift' } as const;
const languages = new Map<string, Promise<Language>>();

/** Where a parser stumbles: `line:column`, and what stands there. */
export async function faultsOf(path: string): Promise<string[]> {
  const name = GRAMMARS[path.split('.').at(-1) as keyof typeof GRAMMARS];
  await Parser.init();
  const wasm = createRequire(import.meta.url).resolve(
    `tree-sitter-wasms/out/tree-sitter-${name}.wasm`,
  );
  if (!languages.has(name)) languages.set(name, Language.load(wasm));
  const parser = new Parser();
  parser.setLanguage((await languages.get(name)) as Language);
  const tree = parser.parse(read(path));
  const faults = tree === null ? ['not parsed'] : faultsIn(tree.rootNode);
  tree?.delete();
  parser.delete();
  return faults;
}

function faultsIn(node: Node): string[] {
  if (node.isError || node.isMissing) {
    const { row, column } = node.startPosition;
    return [`${row + 1}:${column + 1} ${node.text.slice(0, 60)}`];
  }
  if (!node.hasError) return [];
  return node.children.flatMap((child) => (child === null ? [] : faultsIn(child)));
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' };

/** From the bracket at `start` to the one that closes it, both without. */
export function inside(text: string, start: number): string {
  const open = text[start] ?? '';
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === open) depth += 1;
    if (text[at] === CLOSING[open] && --depth === 0) return text.slice(start + 1, at);
  }
  throw new Error(`nothing closes: ${text.slice(start, start + 80)}`);
}

/** What stands in the braces after `head`. */
export function bodyOf(text: string, head: RegExp): string {
  const found = head.exec(text);
  if (found === null) throw new Error(`no ${head}`);
  return inside(text, text.indexOf('{', found.index + found[0].length - 1));
}

/** The first group of each match, each once, in order. */
export const named = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort();
