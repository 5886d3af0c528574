// docs/client.md: its TypeScript compiles against the client.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { codeBlocks } from '../../scripts/markdown.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NAMED = /^\/\/ ([\w-]+\.ts)\n/;
/** What an app has besides. */
const OTHERS = ['livekit-client', 'firebase/auth', 'firebase/app-check', 'react-native'];

it('compiles', { timeout: 30_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-client-page-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const blocks = codeBlocks(readFileSync(join(ROOT, 'docs', 'client.md'), 'utf8'));
  const names = blocks.map(({ code }) => NAMED.exec(code)?.[1]);
  expect(names).toEqual([
    'phone.ts',
    'answers.ts',
    'ringing.ts',
    'history.ts',
    'native.ts',
    'push.ts',
    'headers.ts',
  ]);
  for (const [index, { code }] of blocks.entries()) {
    writeFileSync(join(folder, names[index] as string), code);
  }
  const stubs = OTHERS.map((name) => `declare module '${name}';\n`).join('');
  writeFileSync(join(folder, 'others.d.ts'), stubs);
  const compilerOptions = {
    ...{ target: 'es2022', lib: ['es2022', 'dom'], types: [], module: 'es2022', noEmit: true },
    ...{ moduleResolution: 'bundler', strict: true, exactOptionalPropertyTypes: true },
    allowImportingTsExtensions: true,
    paths: { 'livekit-switchboard/client': [join(ROOT, 'src', 'client', 'index.ts')] },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  const compiler = join(ROOT, 'node_modules', 'typescript');
  const { bin } = JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8'));
  const { status, stdout } = spawnSync(process.execPath, [join(compiler, bin.tsc), '-p', folder], {
    encoding: 'utf8',
  });
  expect(status, stdout).toBe(0);
});
