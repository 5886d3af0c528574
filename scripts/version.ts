// The first half of npm run generate: puts the version of package.json into src/base/version.ts.
// Apart from the rest, which imports that file.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const FILE = join(ROOT, 'src', 'base', 'version.ts');

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const source = readFileSync(FILE, 'utf8');
const line = /^export const VERSION: string = '.*';$/m;
if (!line.test(source)) throw new Error(`${FILE} must hold a line that ${line} fits`);
const written = source.replace(line, `export const VERSION: string = '${version}';`);
if (written !== source) writeFileSync(FILE, written);
