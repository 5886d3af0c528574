// What a browser is given: the page's own files, and livekit-client from wherever npm has put it.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';

const PAGE = new URL('./page/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
}

/** Read at every request, so that an edit needs no restart. Only names that are in the folder. */
export function pageFile(name: string): PageFile | undefined {
  const type = TYPES[extname(name)];
  if (type === undefined || !readdirSync(PAGE).includes(name)) return undefined;
  return { type, content: readFileSync(new URL(name, PAGE)) };
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
  return path === undefined
    ? undefined
    : { type: 'text/javascript; charset=utf-8', content: readFileSync(path) };
}
