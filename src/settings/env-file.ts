// The file .env of the folder in which a command is run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

export const ENV_FILE = '.env';
/** Windows' editors and shells write it so. */
const UTF_16 = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];

/**
 * What the file says (https://nodejs.org/api/environment_variables.html#env-files for its form);
 * undefined where there is none.
 *
 * @throws Error, as a sentence that holds nothing of it.
 */
export function readEnvFile(folder: string): NodeJS.Dict<string> | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(folder, ENV_FILE));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A folder of that name is somebody else's (Python's virtual environments).
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    throw new Error(`the file ${ENV_FILE} in this folder cannot be read (${code})`);
  }
  // Nothing of it would be found.
  const isUtf16 = UTF_16.some(([first, second]) => bytes[0] === first && bytes[1] === second);
  if (isUtf16 || bytes.includes(0)) {
    throw new Error(`the file ${ENV_FILE} in this folder is UTF-16: save it as UTF-8`);
  }
  return parseEnv(bytes.toString().replace(/^\uFEFF/, ''));
}
