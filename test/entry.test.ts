// The package's own doors: entry/, which is committed, in front of dist/, which a script makes.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../src/base/version.ts';
import * as client from '../src/client/index.ts';
import * as library from '../src/index.ts';

const ROOT = join(import.meta.dirname, '..');

const folders: string[] = [];
/** What git holds of the package; npm and prepare do the rest. */
function checkout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-entry-'));
  folders.push(folder);
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  cpSync(join(ROOT, 'entry'), join(folder, 'entry'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function node(folder: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

it('knows the version that package.json gives; npm run generate mends it', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(VERSION, 'src/base/version.ts is stale: npm run generate').toBe(version);
});

describe('a package that has been built', () => {
  let folder: string;
  beforeAll(() => {
    folder = checkout();
    const prepare = join(ROOT, 'scripts', 'prepare.mjs');
    const { status, stdout, stderr } = node(ROOT, prepare, join(folder, 'dist'));
    expect(status, stdout + stderr).toBe(0);
  }, 60_000);

  it('gives require() and import the same, and all of it', async () => {
    const required = createRequire(join(folder, 'package.json'))('./entry/index.cjs');
    const imported = await import(pathToFileURL(join(folder, 'entry', 'index.mjs')).href);
    const names = Object.keys(library).sort();
    expect(Object.keys(required).sort()).toEqual(names);
    expect(Object.keys(imported).sort()).toEqual(names);
    expect(names.filter((name) => required[name] !== imported[name])).toEqual([]);
  });

  it('gives the client to both', async () => {
    const require = createRequire(join(folder, 'package.json'));
    const names = Object.keys(client).sort();
    expect(Object.keys(require('livekit-switchboard/client')).sort()).toEqual(names);
    const page = pathToFileURL(join(folder, 'dist', 'client', 'index.js')).href;
    expect(Object.keys(await import(page)).sort()).toEqual(names);
  });

  it('runs the command', () => {
    const { status, stdout } = node(folder, 'entry/cli.mjs', '--version');
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${VERSION}\n` });
  });
});

describe('a package whose prepare script was not run', () => {
  const SENTENCE = /livekit-switchboard was installed without being built: .* npm pack makes/;

  it.each([
    ['require()', ['-e', 'require("./entry/index.cjs")']],
    ['import', ['--input-type=module', '-e', 'import "./entry/index.mjs"']],
    ['the command', ['entry/cli.mjs', 'serve']],
  ])('says so and how to mend it: %s', (_door, args) => {
    const { status, stderr } = node(checkout(), ...args);
    expect(status).toBe(1);
    expect(stderr).toMatch(SENTENCE);
  });
});
