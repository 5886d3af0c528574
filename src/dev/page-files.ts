// What a browser is given: the page's own files, the client of this package, and livekit-client from
// wherever npm has put it.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { withoutTypes } from './without-types.ts';

const PAGE = new URL('./page/', import.meta.url);
/** TypeScript in a clone; compiled in the package. */
const CLIENT = new URL('../client/', import.meta.url);
const JAVASCRIPT = 'text/javascript; charset=utf-8';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': JAVASCRIPT,
  '.svg': 'image/svg+xml',
};

export interface PageFile {
  readonly type: string;
  readonly content: Buffer | string;
}

/** Read at every request, so that an edit needs no restart. Only names that are in the folder. */
export function pageFile(name: string): PageFile | undefined {
  const type = TYPES[extname(name)];
  if (type === undefined || !readdirSync(PAGE).includes(name)) return undefined;
  return { type, content: readFileSync(new URL(name, PAGE)) };
}

/** A module of `livekit-switchboard/client`. */
export function clientFile(name: string): PageFile | undefined {
  const extension = extname(name);
  if (!['.js', '.ts'].includes(extension) || !readdirSync(CLIENT).includes(name)) return undefined;
  const source = readFileSync(new URL(name, CLIENT), 'utf8');
  return { type: JAVASCRIPT, content: extension === '.ts' ? withoutTypes(source) : source };
}

/** One name for it in both: what the page imports. */
export function clientDoor(): PageFile {
  const name = readdirSync(CLIENT).includes('index.ts') ? 'index.ts' : 'index.js';
  return { type: JAVASCRIPT, content: `export * from "./client/${name}";\n` };
}

/** A dependency of development only: beside this package, or in the project that dev was started in. */
export function liveKitClientPath(): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return createRequire(from).resolve('livekit-client');
    } catch {
      // Not to be found from here.
    }
  }
  return undefined;
}

export function liveKitClient(): PageFile | undefined {
  const path = liveKitClientPath();
  return path === undefined ? undefined : { type: JAVASCRIPT, content: readFileSync(path) };
}
