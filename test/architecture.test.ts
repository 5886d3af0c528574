// The map in ARCHITECTURE.md, held against the code.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '..', 'src');

/** Rooms and single files, from the ground up. A file imports from lower levels or its own room. */
const LEVELS: readonly (readonly string[])[] = [
  ['base', 'client'],
  ['calls'],
  ['identity', 'access', 'tokens', 'limits', 'http', 'events'],
  ['ringing'],
  ['storage', 'admission'],
  ['routes'],
  ['settings'],
  ['compose'],
  ['switchboard'],
  ['index'],
  ['server', 'doctor'],
  ['dev'],
  ['cli'],
];

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map(normalize);

const roomOf = (file: string): string => (file.split('/')[0] as string).replace(/\.ts$/, '');
const levelOf = (file: string): number => LEVELS.findIndex((rooms) => rooms.includes(roomOf(file)));

/** The files of src that a file imports; types count too. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(SRC, file), 'utf8');
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, target]) =>
    relative(SRC, join(SRC, dirname(file), target as string)),
  );
}

const arrows = files.flatMap((file) => importsOf(file).map((target) => ({ file, target })));

describe('the architecture', () => {
  it('knows the level of every file', () => {
    expect(files.filter((file) => levelOf(file) === -1)).toEqual([]);
  });

  it('finds the imports it judges', () => {
    expect(arrows).toContainEqual({ file: 'index.ts', target: 'switchboard.ts' });
    expect(arrows).toContainEqual({ file: 'cli.ts', target: 'dev/dev.ts' });
    expect(arrows.every(({ target }) => files.includes(target))).toBe(true);
  });

  it('has no import upward, and none between rooms of one level', () => {
    const sameHouse = ({ file, target }: { file: string; target: string }) =>
      roomOf(file) === roomOf(target) || levelOf(target) < levelOf(file);
    expect(arrows.filter((arrow) => !sameHouse(arrow))).toEqual([]);
  });

  it('has no cycle', () => {
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (path.includes(file) || done.has(file)) return;
      for (const target of importsOf(file)) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('reads the environment in one place', () => {
    const readers = files.filter((file) =>
      /^(?! \*).*process\.env/m.test(readFileSync(join(SRC, file), 'utf8')),
    );
    // The library looks at NODE_ENV, and whether firebase-admin will find the emulator that it was
    // told of; the command line hands the environment on, unread.
    expect(readers.sort()).toEqual(['cli.ts', 'settings/check-options.ts']);
    const library = readFileSync(join(SRC, 'settings/check-options.ts'), 'utf8');
    expect(library.match(/process\.env\.\w+/g)).toEqual([
      'process.env.NODE_ENV',
      'process.env.FIREBASE_AUTH_EMULATOR_HOST',
    ]);
  });

  it('keeps development out of reach of the server', () => {
    const importers = arrows.filter(
      ({ file, target }) => roomOf(target) === 'dev' && roomOf(file) !== 'dev',
    );
    expect(importers).toEqual([{ file: 'cli.ts', target: 'dev/dev.ts' }]);
    const cli = readFileSync(join(SRC, 'cli.ts'), 'utf8');
    expect(cli).not.toMatch(/^import .*'\.\/dev\//m);
  });

  it('keeps files small', () => {
    const long = files.filter(
      (file) => readFileSync(join(SRC, file), 'utf8').split('\n').length > 251,
    );
    expect(long).toEqual([]);
  });
});
