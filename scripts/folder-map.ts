// The map of folders in ARCHITECTURE.md: the code block whose first line is `src/`, two spaces a
// level, the names first in their line and two spaces before anything else.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeBlocks } from './markdown.ts';

const NAME = /^(?:[\w.-]+\/|[\w-]+(?:\.[\w-]+)+)$/;

/** What is wrong with the map: names of nothing, and rooms that it leaves out. */
export function mapFaults(text: string, root: string): string[] {
  const map = codeBlocks(text).find(({ code }) => code.startsWith('src/'));
  if (map === undefined) return ['has no map: a code block that begins with src/'];
  const named = pathsOf(map.code);
  const rooms = readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `src/${name}/`);
  return [
    ...named
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `maps ${path}, which does not exist`),
    ...rooms.filter((room) => !named.includes(room)).map((room) => `does not map ${room}`),
  ];
}

function pathsOf(code: string): string[] {
  const folders: string[] = [];
  return code.split('\n').flatMap((line) => {
    const level = Math.floor((/^ */.exec(line)?.[0].length ?? 0) / 2);
    const names: string[] = [];
    const [column = ''] = line.trim().split(/ {2,}/);
    for (const word of column.split(/[ ,]+/)) {
      if (!NAME.test(word)) break;
      names.push(word);
    }
    const parent = folders.slice(0, level).join('');
    if (names[0]?.endsWith('/')) folders[level] = names[0];
    return names.map((name) => parent + name);
  });
}
