// Files that stand in a page of docs/, so that what people copy is what is run.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeBlocks } from './markdown.ts';

/** A block whose first line is `// <name>` is the file of that name. */
const NAMED = /^\/\/ ([\w.-]+\.(?:js|mjs|cjs))\n/;

/** Writes the page's files into `folder`, with the keys' address that only tests have. Answers their names. */
export function writeFilesOf(page: string, folder: string): string[] {
  const files = new Map<string, string>();
  for (const { code } of codeBlocks(readFileSync(page, 'utf8'))) {
    const [, name] = NAMED.exec(code) ?? [];
    if (name === undefined) continue;
    assert.ok(!files.has(name), `${page} has ${name} twice`);
    files.set(name, code);
  }
  assert.ok(files.size > 0, `${page} has no named file`);
  for (const [name, code] of files) {
    const keys = 'firebaseKeysUrl: process.env.FIREBASE_KEYS_URL,';
    writeFileSync(
      join(folder, name),
      code.replace('createSwitchboard({', `createSwitchboard({ ${keys}`),
    );
  }
  return [...files.keys()];
}
