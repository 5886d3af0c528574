// What belongs into the tarball: what `tsc` makes of src/, the demo page, and the texts at the root.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The only folder of src/ whose files are copied and not compiled. */
const COPIED = 'dev/page/';

/** @throws Error that names every file too much and every file too few. */
export function checkContents(root: string, packed: readonly string[]): void {
  const { texts, compiled } = expected(root);
  const optional = texts.filter((name) => existsSync(join(root, name)));
  const wanted = new Set(['package.json', ...optional, ...compiled]);
  const has = new Set(packed);
  const faults = [
    ...[...has]
      .filter((name) => !wanted.has(name))
      .map((name) => `  ${name} does not belong there`),
    ...[...wanted].filter((name) => !has.has(name)).map((name) => `  ${name} is missing`),
  ];
  if (faults.length > 0) throw new Error(`The tarball has other files:\n${faults.join('\n')}`);
}

function expected(root: string): { texts: string[]; compiled: string[] } {
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const texts = ['README.md', 'LICENSE', ...files.filter((name: string) => name !== 'dist')];
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, 'src').length + 1));
  const compiled = sources.flatMap((name) => {
    if (name.startsWith(COPIED)) return [`dist/${name}`];
    const stem = `dist/${name.replace(/\.ts$/, '')}`;
    return [`${stem}.js`, `${stem}.d.ts`];
  });
  return { texts, compiled };
}
