// npm run check:package: packs the package as it would be published, installs the tarball in
// projects outside the repository and uses it there in every way that is promised.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, runSteps } from './commands.ts';
import { DISABLED_UID, startAccounts } from './package-accounts.ts';
import { checkClient } from './package-client.ts';
import { checkContents } from './package-contents.ts';
import { tryFrameworks } from './package-frameworks.ts';
import { installHost, installNode, tryHost } from './package-hosts.ts';
import { runTestingPage } from './package-testing.ts';
import { checkTypes } from './package-types.ts';

const ROOT = join(import.meta.dirname, '..');
const HOSTS = join(ROOT, 'test', 'package');
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** The oldest Node that `engines` promises. */
const OLDEST_NODE = `${MANIFEST.engines.node.replace('>=', '')}.0`;
/** The newest of every major version that `peerDependencies` names. */
const FIREBASE_ADMIN = new Map([
  ['firebase-12', '12.7.0'],
  ['firebase-13', '13.10.0'],
  ['firebase-14', '14.5.1'],
]);
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
  await run(bin('attw'), [tarball(), '--no-color', '--no-emoji'], { cwd: work });
}

async function install(): Promise<void> {
  const hosts = readdirSync(HOSTS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'firebase')
    .map(({ name }) => {
      // One host shows that it does without everything that is optional.
      const extra = name === 'module' ? ['--omit=optional'] : [];
      return installHost(join(HOSTS, name), folderOf(name), [tarball(), ...extra]);
    });
  const withFirebase = [...FIREBASE_ADMIN].map(([name, version]) => {
    const packages = [tarball(), `firebase-admin@${version}`];
    return installHost(join(HOSTS, 'firebase'), folderOf(name), packages);
  });
  await Promise.all([...hosts, ...withFirebase]);
  await run('npm', ['ls', '--all', '--omit=optional'], { cwd: folderOf('module') });
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

/** Bundled, and run where no node_modules is in reach. */
async function bundles(): Promise<void> {
  const out = join(work, 'bundled');
  mkdirSync(out);
  await run(process.execPath, ['bundle.cjs', out], { cwd: folderOf('bundles') });
  for (const bundle of ['esbuild.cjs', 'esbuild.mjs', 'webpack.cjs', 'ncc/index.cjs']) {
    await tryHost({
      folder: out,
      node: process.execPath,
      args: [bundle],
      listening: HOST_SAYS_LISTENING,
      alsoServes: HELLO,
    }).catch((error: Error) => {
      throw new Error(`${bundle}: ${error.message}`);
    });
  }
}

/** As their own commands run them: by this Node, and without a flag. */
async function testRunners(): Promise<void> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, CI: 'true' };
  const command = { cwd: folderOf('tests'), env };
  await run('npx', ['--no-install', 'jest'], command);
  await run('npx', ['--no-install', 'vitest', 'run'], command);
}

/** The host's firebase-admin is the only one, and is asked about accounts. */
async function firebaseAdmin(): Promise<void> {
  const accounts = await startAccounts();
  try {
    for (const [host, version] of FIREBASE_ADMIN) {
      const folder = folderOf(host);
      const second = join(folder, 'node_modules/livekit-switchboard/node_modules/firebase-admin');
      assert.ok(!existsSync(second), `firebase-admin ${version} is installed twice`);
      await tryHost({
        folder,
        node: process.execPath,
        args: ['app.js'],
        listening: HOST_SAYS_LISTENING,
        alsoServes: HELLO,
        env: { NODE_ENV: 'development', FIREBASE_AUTH_EMULATOR_HOST: accounts.host },
        refuses: { uid: DISABLED_UID, code: 'id_token_revoked' },
      }).catch((error: Error) => {
        throw new Error(`firebase-admin ${version}: ${error.message}`);
      });
    }
  } finally {
    await accounts.close();
  }
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
    ['TypeScript 5.4 to 7 accept it in CommonJS and ES modules', () => checkTypes(folderOf)],
    [
      'esbuild, Vite, webpack and Metro bundle the client, and Node loads it: at most 12 KB',
      () => checkClient(folderOf('client'), folderOf('typescript-commonjs')),
    ],
    ['esbuild, webpack and ncc bundle it, and it runs elsewhere', bundles],
    ['jest and vitest test with it', testRunners],
    ['the hosts of docs/hosts.md serve and end', () => tryFrameworks(folderOf('frameworks'))],
    ['the tests of docs/testing.md pass and end', () => runTestingPage(folderOf('testing'))],
    ['firebase-admin 12, 13 and 14 of the host look up accounts', firebaseAdmin],
    [`npx livekit-switchboard serve serves and ends well: ${installed}`, serve],
  ]);
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
