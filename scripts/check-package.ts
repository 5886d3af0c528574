// npm run check:package: packs the package as it would be published, installs the tarball in
// projects outside the repository and uses it there in every way that is promised.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, runSteps } from './commands.ts';
import { checkContents } from './package-contents.ts';
import { installHost, installNode, tryHost } from './package-hosts.ts';

const ROOT = join(import.meta.dirname, '..');
const HOSTS = join(ROOT, 'test', 'package');
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** The oldest Node that `engines` promises. */
const OLDEST_NODE = `${MANIFEST.engines.node.replace('>=', '')}.0`;
const HOST_SAYS_LISTENING = /listening on http:\/\/127\.0\.0\.1:(\d+)/;
const SERVER_SAYS_LISTENING = /"port":(\d+),"msg":"listening"/;
const HELLO = { path: '/hello', status: 200, text: 'hello' };
const HEALTHZ = { path: '/healthz', status: 200, text: '{"status":"ok"}' };

const work = mkdtempSync(join(tmpdir(), 'livekit-switchboard-package-'));
const tarball = () => {
  const [name, ...more] = readdirSync(work).filter((file) => file.endsWith('.tgz'));
  assert.ok(name !== undefined && more.length === 0, 'npm pack makes one tarball');
  return join(work, name);
};
const folderOf = (host: string) => join(work, host);
const bin = (name: string) => join(ROOT, 'node_modules', '.bin', name);
const nodes = new Map([[process.versions.node, process.execPath]]);

async function pack(): Promise<void> {
  await run('npm', ['pack', '--pack-destination', work], { cwd: ROOT });
  const list = await run('tar', ['-tzf', tarball()], { cwd: work });
  checkContents(
    ROOT,
    list
      .trim()
      .split('\n')
      .map((name) => name.replace(/^package\//, '')),
  );
}

async function lintPackage(): Promise<void> {
  await run(bin('publint'), ['run', tarball(), '--strict'], { cwd: work });
  // One ES module for import and require() alike: that require() works is shown below.
  const rules = ['--ignore-rules', 'cjs-resolves-to-esm'];
  await run(bin('attw'), [tarball(), '--no-color', '--no-emoji', ...rules], { cwd: work });
}

async function install(): Promise<void> {
  const hosts = readdirSync(HOSTS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  await Promise.all(
    hosts.map(({ name }) => {
      // One host shows that it does without everything that is optional.
      const extra = name === 'module' ? ['--omit=optional'] : [];
      return installHost(join(HOSTS, name), folderOf(name), [tarball(), ...extra]);
    }),
  );
}

async function oldestNode(): Promise<void> {
  nodes.set(OLDEST_NODE, await installNode(OLDEST_NODE, folderOf('node')));
}

const onEveryNode = (args: readonly string[], host: string) => async () => {
  for (const [version, node] of nodes) {
    await tryHost({
      folder: folderOf(host),
      node,
      args,
      listening: HOST_SAYS_LISTENING,
      alsoServes: HELLO,
    }).catch((error: Error) => {
      throw new Error(`Node ${version}: ${error.message}`);
    });
  }
};

/** The command, started as npx starts it, and directly by the oldest Node. */
async function serve(): Promise<void> {
  const folder = folderOf('module');
  const shim = join(folder, 'node_modules', '.bin', 'livekit-switchboard');
  const npx = ['--no-install', 'livekit-switchboard'];
  const version = await run('npx', [...npx, '--version'], { cwd: folder });
  assert.equal(version.trim(), MANIFEST.version);
  for (const node of nodes.values()) {
    await tryHost({
      folder,
      node,
      args: [shim, 'serve'],
      listening: SERVER_SAYS_LISTENING,
      alsoServes: HEALTHZ,
    });
  }
}

async function typeCheck(): Promise<void> {
  const hosts = ['typescript-commonjs', 'typescript-module'];
  const compilers = ['typescript', 'typescript-5.9'];
  const pairs = hosts.flatMap((host) => compilers.map((compiler) => [host, compiler] as const));
  await Promise.all(
    pairs.map(([host, compiler]) => {
      const folder = join(folderOf(host), 'node_modules', compiler);
      const { bin: commands } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const tsc = join(folder, commands.tsc);
      return run(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: folderOf(host) });
    }),
  );
}

const installed = `Node ${process.versions.node} and ${OLDEST_NODE}`;
try {
  const passed = await runSteps([
    ['npm pack holds the build, the texts and nothing else', pack],
    ['publint and attw are content', lintPackage],
    ['the tarball installs in every host of test/package', install],
    [`Node ${OLDEST_NODE}, the oldest that engines names, is here`, oldestNode],
    [`an ES module imports it: ${installed}`, onEveryNode(['app.js'], 'module')],
    [`an Express 4 app requires it: ${installed}`, onEveryNode(['app.js'], 'express4')],
    [`an Express 5 app requires it: ${installed}`, onEveryNode(['app.js'], 'express5')],
    ['TypeScript 7 and 5.9 accept it in CommonJS and ES modules', typeCheck],
    [`npx livekit-switchboard serve serves and ends well: ${installed}`, serve],
  ]);
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
