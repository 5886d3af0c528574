// Every test file runs in an empty folder of its own, and so does what it starts without another:
// the command reads the file `.env` of its folder, and a developer's own, in the clone, must neither
// decide a test nor lend it his database.
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const clone = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'switchboard-cwd-'));
process.chdir(folder);
afterAll(() => {
  process.chdir(clone);
  // Not what is in it: a test that leaves a file where it runs would leave it in the clone.
  rmdirSync(folder);
});
