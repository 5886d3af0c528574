// Compiles src/ to dist/. Runs on whatever Node npm runs on. Where TypeScript was left out
// (npm ci --omit=dev) an existing dist/ is enough.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const typescript = join(root, 'node_modules', 'typescript');

if (!existsSync(typescript)) {
  if (existsSync(join(root, 'dist', 'index.js'))) process.exit(0);
  console.error('dist/ is missing and TypeScript is not installed: run npm ci --include=dev');
  process.exit(1);
}
const { bin } = JSON.parse(readFileSync(join(typescript, 'package.json'), 'utf8'));
rmSync(join(root, 'dist'), { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [join(typescript, bin.tsc), '-p', join(root, 'tsconfig.build.json')],
  { stdio: 'inherit' },
);
if (status !== 0) process.exit(status ?? 1);
// What the compiler passes over: the demo page is served as it is.
const page = join('dev', 'page');
cpSync(join(root, 'src', page), join(root, 'dist', page), { recursive: true });
const cli = join(root, 'dist', 'cli.js');
if (existsSync(cli)) chmodSync(cli, 0o755);
