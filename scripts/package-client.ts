// The client of the package, as pages, phones and Node take it: bundled, required and imported, by
// its types, and by its size.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { run } from './commands.ts';

/** Minified and gzipped. */
const MOST_BYTES = 12 * 1024;
const ALONE = 'alone.mjs';
const SAYS = '[["/api/calls?live=1 Bearer token"],[],"function","closed"]';
/** All that it may take from where it runs. React Native has no more than this. */
const PHONE = { AbortController, clearTimeout, performance, queueMicrotask, setTimeout };

/** @throws Error of the first way in which it can't be had. */
export async function checkClient(folder: string, compilers: string): Promise<void> {
  const out = join(folder, 'out');
  await run(process.execPath, ['bundle.js', out], { cwd: folder });
  const bytes = gzipSync(readFileSync(join(out, ALONE)), { level: 9 }).length;
  assert.ok(bytes <= MOST_BYTES, `the client has ${bytes} bytes, ${MOST_BYTES} at most`);
  const bundles = readdirSync(out).filter((name) => name.endsWith('.js'));
  assert.equal(bundles.length, 5, `bundles: ${bundles}`);
  for (const name of bundles) await runBundle(join(out, name));
  for (const name of ['app.js', 'app.cjs']) {
    const program = `import(${JSON.stringify(`./${name}`)}).then(async () => console.log(await client))`;
    const said = await run(process.execPath, ['-e', program], { cwd: folder });
    assert.equal(said.trim(), SAYS, name);
  }
  await checkClientTypes(folder, compilers);
}

async function runBundle(file: string): Promise<void> {
  const context: { client?: Promise<string> } & object = { ...PHONE };
  try {
    runInContext(readFileSync(file, 'utf8'), createContext(context));
    assert.equal(await context.client, SAYS);
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message}`, { cause });
  }
}

const commonjs = { module: 'commonjs', moduleResolution: 'node10' };
const bundler = { module: 'es2022', moduleResolution: 'bundler' };
const phone = { ...bundler, customConditions: ['react-native'] };
const PROJECTS = [
  { compiler: 'typescript', options: { module: 'nodenext' } },
  { compiler: 'typescript', options: bundler },
  { compiler: 'typescript-6', options: phone },
  { compiler: 'typescript-5.9', options: bundler },
  { compiler: 'typescript-5.6', options: { module: 'node16', moduleResolution: 'node16' } },
  { compiler: 'typescript-5.6', options: commonjs },
  { compiler: 'typescript-5.4', options: bundler },
  { compiler: 'typescript-5.4', options: commonjs },
];

/** With what a browser has, and nothing of Node. */
async function checkClientTypes(folder: string, compilers: string): Promise<void> {
  const strict = { strict: true, exactOptionalPropertyTypes: true, noEmit: true };
  const page = { target: 'es2020', lib: ['es2022', 'dom'], types: [] };
  for (const { compiler, options } of PROJECTS) {
    const compilerOptions = { ...page, ...strict, ...options };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['types.ts'] }),
    );
    const package_ = join(compilers, 'node_modules', compiler);
    const { bin } = JSON.parse(readFileSync(join(package_, 'package.json'), 'utf8'));
    const command = [join(package_, bin.tsc), '-p', 'tsconfig.json'];
    await run(process.execPath, command, { cwd: folder }).catch((error: Error) => {
      throw new Error(`${compiler}, ${JSON.stringify(options)}: ${error.message}`);
    });
  }
}
