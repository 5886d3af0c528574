// The file .env of the folder in which the server is started.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const CLI = join(import.meta.dirname, '../../src/cli.ts');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'env-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What `serve` says against its configuration; `PORT=-1` is always wrong, so that it ends. */
const faultsOf = (
  file: string | Buffer | undefined,
  env: Record<string, string> = {},
  args = ['serve'],
) =>
  new Promise<string>((resolve) => {
    if (file !== undefined) writeFileSync(join(folder, '.env'), file);
    const options = { cwd: folder, env: { PATH: process.env.PATH, PORT: '-1', ...env } };
    execFile(process.execPath, [CLI, ...args], options, (_, out, err) => resolve(out + err));
  });

describe('.env', () => {
  it('is read by serve, and what the environment has goes before it', async () => {
    const file = 'FIREBASE_PROJECT_ID=my-project\nROOM_ACCESS=everyone\nLOG_LEVEL=loud\n';
    const said = await faultsOf(file, { LOG_LEVEL: 'warn' });
    expect(said).toContain('ROOM_ACCESS must be one of');
    expect(said).not.toMatch(/FIREBASE_PROJECT_ID|LOG_LEVEL/);
  });

  it('is read by doctor', async () => {
    const said = await faultsOf('ROOM_ACCESS=everyone\n', {}, ['doctor']);
    expect(said).toContain('ROOM_ACCESS must be one of');
  });

  it('may be as .env.example, with nothing filled in', async () => {
    const said = await faultsOf('FIREBASE_PROJECT_ID=\nLIVEKIT_URL=\n# ROOM_ACCESS=any\n');
    expect(said).toContain('FIREBASE_PROJECT_ID is required');
    expect(said).not.toContain('LIVEKIT_URL');
  });

  it('may begin with a byte order mark', async () => {
    const said = await faultsOf('\uFEFFROOM_ACCESS=everyone\n');
    expect(said).toContain('ROOM_ACCESS must be one of');
  });

  it('in UTF-16 is a fault, and not as if it were empty', async () => {
    const said = await faultsOf(Buffer.from('\uFEFFROOM_ACCESS=calls\r\n', 'utf16le'));
    expect(said).toContain('.env in this folder is UTF-16: save it as UTF-8');
  });

  it('may be missing, or a folder of somebody else', async () => {
    expect(await faultsOf(undefined)).toContain('FIREBASE_PROJECT_ID is required');
    mkdirSync(join(folder, '.env'));
    expect(await faultsOf(undefined)).toContain('FIREBASE_PROJECT_ID is required');
  });

  it('of the clone is out of reach of what a test starts', () => {
    expect(readdirSync(process.cwd())).toEqual([]);
  });
});
