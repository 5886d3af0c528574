// npm run check:readme: what our texts tell people to do and to look at is there.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { ELSEWHERE } from '../src/settings/misspelt.ts';
import { VARIABLES } from '../src/settings/table.ts';
import { run } from './commands.ts';
import { mapFaults } from './folder-map.ts';
import { anchors, codeBlocks, codeSpans, links } from './markdown.ts';

const ROOT = join(import.meta.dirname, '..');
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** What `npm <word>` runs as a script; every other word is npm's own. */
const SHORT_SCRIPTS = ['start', 'stop', 'test', 'restart'];
const NPM_COMMANDS = [
  'ci',
  'exec',
  'i',
  'install',
  'ls',
  'pack',
  'prune',
  'publish',
  'run',
  'version',
];
/** Variables that only tools of ours read, and those of others that begin like one of ours. */
const OTHER_VARIABLES = ['FIRESTORE_EMULATOR_HOST', 'LIVEKIT_SERVER'];
const FOLDERS = ['bench', 'docs', 'examples', 'scripts', 'src', 'test'];
const FILE_AT_ROOT = /^(?:[\w-]+\.md|package\.json|render\.yaml|Dockerfile|\.env\.example)$/;

interface Text {
  readonly path: string;
  readonly text: string;
}

const variableNames = new Set([
  ...OTHER_VARIABLES,
  ...Object.keys(ELSEWHERE),
  ...VARIABLES.flatMap(({ variable, secret }) =>
    secret ? [variable, `${variable}_FILE`] : [variable],
  ),
]);
const firstWord = (name: string): string => name.slice(0, name.indexOf('_') + 1);
const ourWords = new Set([...variableNames].map(firstWord));
/** Constants look like variables of the environment, and texts name them too. */
const constants = new Set(
  readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [
      ...readFileSync(join(ROOT, 'src', name), 'utf8').matchAll(/\bconst ([A-Z][A-Z0-9_]+)\b/g),
    ])
    .map(([, name = '']) => name),
);

function textsOf(): Text[] {
  const atRoot = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const inFolders = ['docs', 'examples'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
      .map((name) => join(folder, name)),
  );
  return [...atRoot, ...inFolders].map((path) => ({
    path,
    text: readFileSync(join(ROOT, path), 'utf8'),
  }));
}

function scriptFaults({ text }: Text): string[] {
  const code = [...codeBlocks(text).map((block) => block.code), ...codeSpans(text)].join('\n');
  const scripts = [...code.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name);
  const words = [...code.matchAll(/\bnpm ([a-z]+)/g)].map(([, name = '']) => name);
  scripts.push(...words.filter((word) => SHORT_SCRIPTS.includes(word)));
  return [
    ...scripts
      .filter((name) => MANIFEST.scripts[name] === undefined)
      .map((name) => `npm run ${name}: there is no such script`),
    ...words
      .filter((word) => !SHORT_SCRIPTS.includes(word) && !NPM_COMMANDS.includes(word))
      .map((word) => `npm ${word}: not one of ${[...NPM_COMMANDS, ...SHORT_SCRIPTS].join(', ')}`),
  ];
}

function commandFaults({ text }: Text, commands: ReadonlySet<string>): string[] {
  const code = [...codeBlocks(text).map((block) => block.code), ...codeSpans(text)].join('\n');
  const used = /(?:npx livekit-switchboard|dist\/cli\.js|src\/cli\.ts) ([a-z]+)/g;
  return [...code.matchAll(used)]
    .map(([, name = '']) => name)
    .filter((name) => !commands.has(name))
    .map((name) => `livekit-switchboard ${name}: there is no such command`);
}

function linkFaults({ path, text }: Text): string[] {
  return links(text).flatMap((link) => {
    if (/^[a-z][a-z+.-]*:/i.test(link)) return [];
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : normalize(join(dirname(path), decodeURI(file)));
    if (!existsSync(join(ROOT, target))) return [`links to ${link}, which does not exist`];
    if (anchor === undefined || !target.endsWith('.md')) return [];
    const found = anchors(readFileSync(join(ROOT, target), 'utf8')).has(anchor);
    return found ? [] : [`links to ${link}, and there is no such heading`];
  });
}

function fileFaults({ text }: Text): string[] {
  return codeSpans(text)
    .filter((span) => {
      const inFolder = FOLDERS.some((folder) => span.startsWith(`${folder}/`));
      return (inFolder && /^[\w./-]+$/.test(span)) || FILE_AT_ROOT.test(span);
    })
    .filter((span) => !existsSync(join(ROOT, span)))
    .map((span) => `names the file ${span}, which does not exist`);
}

function variableFaults({ text }: Text): string[] {
  const inSpans = codeSpans(text).flatMap(
    (span) => /^[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/.exec(span) ?? [],
  );
  const inBlocks = codeBlocks(text).flatMap(({ code }) =>
    [...code.matchAll(/(?:\benv\.|^|\s)([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?==|\b(?<=env\.\w+))/gm)].map(
      ([, name = '']) => name,
    ),
  );
  return [...new Set([...inSpans, ...inBlocks])]
    .filter((name) => ourWords.has(firstWord(name)))
    .filter((name) => !variableNames.has(name) && !constants.has(name))
    .map((name) => `names the variable ${name}, which no table in src/settings has`);
}

/** Blocks that use the package must at least be JavaScript or TypeScript. */
async function codeFaults({ text }: Text, folder: string): Promise<string[]> {
  const faults: string[] = [];
  for (const { language, code, line } of codeBlocks(text)) {
    if (!['js', 'javascript', 'ts', 'typescript'].includes(language)) continue;
    if (!/(?:from |import |require\()'livekit-switchboard'/.test(code)) continue;
    const kind = /^(?:import|export) /m.test(code) ? 'm' : 'c';
    const file = join(folder, `block.${kind}${language.startsWith('t') ? 'ts' : 'js'}`);
    writeFileSync(file, code);
    try {
      await run(process.execPath, ['--check', file], { cwd: folder });
    } catch (error) {
      faults.push(`the code at line ${line} does not parse: ${(error as Error).message}`);
    }
  }
  return faults;
}

async function main(): Promise<number> {
  const usage = await run(process.execPath, [join(ROOT, 'src', 'cli.ts'), '--help'], { cwd: ROOT });
  const commands = new Set(
    [...usage.matchAll(/^ +livekit-switchboard ([a-z]+)/gm)].map(([, name = '']) => name),
  );
  const folder = mkdtempSync(join(tmpdir(), 'livekit-switchboard-readme-'));
  const texts = textsOf();
  let faults = 0;
  try {
    for (const text of texts) {
      const found = [
        ...scriptFaults(text),
        ...commandFaults(text, commands),
        ...linkFaults(text),
        ...fileFaults(text),
        ...variableFaults(text),
        ...(await codeFaults(text, folder)),
        ...(text.path === 'ARCHITECTURE.md' ? mapFaults(text.text, ROOT) : []),
      ];
      for (const fault of found) console.error(`${text.path}: ${fault}`);
      faults += found.length;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (faults === 0) console.log(`True: ${texts.map(({ path }) => path).join(', ')}`);
  return faults === 0 ? 0 : 1;
}

process.exitCode = await main();
