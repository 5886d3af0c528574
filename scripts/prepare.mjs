// Compiles src/ to dist/, or into the folder that is given. Runs on whatever Node npm runs on.
// Where TypeScript was left out (npm ci --omit=dev) an existing dist/ is enough.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const typescript = join(root, 'node_modules', 'typescript');
const dist = resolve(process.argv[2] ?? join(root, 'dist'));

if (!existsSync(typescript)) {
  if (existsSync(join(dist, 'cli.js'))) process.exit(0);
  console.error('dist/ is missing and TypeScript is not installed: run npm ci --include=dev');
  process.exit(1);
}
const { bin } = JSON.parse(readFileSync(join(typescript, 'package.json'), 'utf8'));

/** @param {string} project @param {string} folder @param {readonly string[]} more */
function compile(project, folder, more = []) {
  const args = ['-p', join(root, project), '--outDir', folder, ...more];
  const { status } = spawnSync(process.execPath, [join(typescript, bin.tsc), ...args], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** Deletes the declarations beside a door that nobody gets to from it. @param {string} door */
function keepDeclarations(door) {
  const kept = new Set([door]);
  for (const file of kept) {
    // Types that a file does not import by name stand as import("…") in double quotes.
    for (const [, target] of readFileSync(file, 'utf8').matchAll(/['"](\.[^'"]+)\.[jt]s['"]/g)) {
      kept.add(join(dirname(file), `${target}.d.ts`));
    }
  }
  const folder = dirname(door);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(folder, name);
    if (name.endsWith('.d.ts') && !kept.has(file)) rmSync(file);
  }
}

/**
 * Bundlers end with an error where a module is missing, unless it is required directly within a
 * `try`: an optional one then fails when it is asked for, as it does without a bundler.
 * @param {string} folder
 */
function requireOptionalInTry(folder) {
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const names = Object.keys(peerDependencies).join('|');
  const loading = new RegExp(
    `Promise\\.resolve\\(\\)\\.then\\(\\(\\) => __importStar\\((require\\('(?:${names})[\\w/-]*'\\))\\)\\)`,
    'g',
  );
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.js')) continue;
    const file = join(folder, name);
    const source = readFileSync(file, 'utf8');
    const written = source.replace(
      loading,
      '(async () => { try { return $1; } catch (error) { throw error; } })()',
    );
    if (written !== source) writeFileSync(file, written);
  }
}

rmSync(dist, { recursive: true, force: true });
compile('tsconfig.build.json', dist);
const library = join(dist, 'cjs');
compile('tsconfig.library.json', library);
requireOptionalInTry(library);
keepDeclarations(join(library, 'index.d.ts'));
// For browsers as ES modules, and once more for what requires it: jest, React Native.
const client = join(dist, 'client');
compile('tsconfig.client.json', client);
keepDeclarations(join(client, 'index.d.ts'));
const commonjs = ['--module', 'commonjs', '--moduleResolution', 'bundler'];
compile('tsconfig.client.json', join(library, 'client'), [
  ...commonjs,
  ...['--verbatimModuleSyntax', 'false'],
]);
keepDeclarations(join(library, 'client', 'index.d.ts'));
writeFileSync(join(library, 'package.json'), '{ "type": "commonjs" }\n');
// What the compiler passes over: the demo page is served as it is.
cpSync(join(root, 'src', 'dev', 'page'), join(dist, 'dev', 'page'), { recursive: true });
chmodSync(join(dist, 'cli.js'), 0o755);
