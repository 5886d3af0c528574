// What belongs into the tarball: what `tsc` makes of src/, for the command and for the library, the
// demo page, the doors in entry/, and the texts at the root.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { links } from './markdown.ts';

/** The only folder of src/ whose files are copied and not compiled. */
const COPIED = 'dev/page/';

/** Compiled by itself, in both kinds of modules; declarations are there as far as the door gets to them. */
const CLIENT = 'client/';

/** Its files depend on what the library imports; that nothing of it is missing is shown by its hosts. */
const LIBRARY = 'dist/cjs/';

/** @throws Error that names every file too much and too few, and every link that leads out of it. */
export function checkContents(root: string, packed: readonly string[]): void {
  const { texts, doors, sources } = expected(root);
  const optional = texts.filter((name) => existsSync(join(root, name)));
  const compiled = sources.flatMap((name) => {
    if (name.startsWith(COPIED)) return [`dist/${name}`];
    return name === 'index.ts' ? [] : [`dist/${name.replace(/\.ts$/, '')}.js`];
  });
  const ofClient = sources
    .filter((name) => name.startsWith(CLIENT))
    .map((name) => `dist/${name.replace(/ts$/, 'd.ts')}`);
  const ofLibrary = new Set([
    ...ofClient,
    `${LIBRARY}package.json`,
    ...sources
      .filter((name) => name.endsWith('.ts') && !/^(?:cli|server|dev|doctor)\b/.test(name))
      .flatMap((name) => ['js', 'd.ts'].map((end) => LIBRARY + name.replace(/ts$/, end))),
  ]);
  const doorsOfLibrary = [
    ...['index.js', 'index.d.ts', 'package.json'].map((name) => LIBRARY + name),
    ...['index.js', 'index.d.ts'].map((name) => LIBRARY + CLIENT + name),
    `dist/${CLIENT}index.d.ts`,
  ];
  const wanted = new Set(['package.json', ...optional, ...doors, ...compiled, ...doorsOfLibrary]);
  const has = new Set(packed);
  const faults = [
    ...[...has]
      .filter((name) => !wanted.has(name) && !ofLibrary.has(name))
      .map((name) => `  ${name} does not belong there`),
    ...[...wanted].filter((name) => !has.has(name)).map((name) => `  ${name} is missing`),
  ];
  faults.push(...linkFaults(root, has));
  if (faults.length > 0) throw new Error(`The tarball has other files:\n${faults.join('\n')}`);
}

/** Whoever has the package alone follows the links of its texts too. */
function linkFaults(root: string, has: ReadonlySet<string>): string[] {
  const folders = new Set([...has].flatMap(foldersOf));
  return [...has]
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) =>
      links(readFileSync(join(root, name), 'utf8'))
        .filter((link) => !/^(?:[a-z][a-z+.-]*:|#)/i.test(link))
        .map((link) => ({ link, path: pathOf(name, link) }))
        .filter(({ path }) => !has.has(path) && !folders.has(path))
        .map(({ link }) => `  ${name} links to ${link}, which is not in it`),
    );
}

const pathOf = (text: string, link: string): string =>
  normalize(join(dirname(text), decodeURI(link.split('#', 1)[0] as string))).replace(/\/$/, '');

const foldersOf = (name: string): string[] =>
  name
    .split('/')
    .slice(0, -1)
    .map((_, index, names) => names.slice(0, index + 1).join('/'));

function expected(root: string): { texts: string[]; doors: string[]; sources: string[] } {
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const folders = ['dist', 'entry'];
  return {
    texts: [
      'README.md',
      'LICENSE',
      ...(files as string[])
        .filter((name) => !folders.includes(name))
        .flatMap((name) =>
          statSync(join(root, name)).isDirectory()
            ? filesIn(join(root, name)).map((file) => `${name}/${file}`)
            : [name],
        ),
    ],
    doors: filesIn(join(root, 'entry')).map((name) => `entry/${name}`),
    sources: filesIn(join(root, 'src')),
  };
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
