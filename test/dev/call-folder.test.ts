// Where development mode keeps its calls.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { callDatabase } from '../../src/dev/call-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-calls-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is a folder of its own where it was started, which git does not see', () => {
  for (let start = 0; start < 2; start++) {
    expect(callDatabase({}, folder)).toEqual({
      url: 'sqlite:./.switchboard-dev/calls.db',
      sentence: 'kept in .switchboard-dev/calls.db',
    });
  }
  expect(readFileSync(join(folder, '.switchboard-dev/.gitignore'), 'utf8')).toBe('*\n');
});

it('is memory where no folder can be made', () => {
  writeFileSync(join(folder, '.switchboard-dev'), 'in the way');
  expect(callDatabase({}, folder)).toEqual({
    url: 'sqlite::memory:',
    sentence: expect.stringContaining('kept until this ends'),
  });
});

it.each(['DATABASE_URL', 'DATABASE_URL_FILE'])('is where %s says', (name) => {
  expect(callDatabase({ [name]: 'sqlite:./elsewhere.db' }, folder)).toBeUndefined();
  expect(callDatabase({ [name]: ' ' }, folder)).toBeDefined();
});

it('is nowhere with a LiveKit server of somebody’s own whose keys are not there', () => {
  const env = { LIVEKIT_URL: 'wss://mine.livekit.cloud', LIVEKIT_API_KEY: 'key' };
  expect(callDatabase(env, folder)).toEqual({
    url: undefined,
    sentence: 'off: LIVEKIT_URL is set without LIVEKIT_API_SECRET',
  });
  expect(callDatabase({ ...env, LIVEKIT_API_SECRET_FILE: './secret' }, folder)?.url).toBeDefined();
});
