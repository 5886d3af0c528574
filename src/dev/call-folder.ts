// Where development mode keeps its calls: a file in a folder of its own, below where it was started.
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../settings/sources.ts';

const FOLDER = '.switchboard-dev';

export interface CallDatabase {
  /** As DATABASE_URL has it. */
  readonly url: string;
  /** What a person is told. */
  readonly sentence: string;
}

/** Undefined: the environment has one. The folder hides itself from git. */
export function callDatabase(env: Environment, cwd: string): CallDatabase | undefined {
  if ([env.DATABASE_URL, env.DATABASE_URL_FILE].some((value) => (value?.trim() ?? '') !== '')) {
    return undefined;
  }
  try {
    const folder = join(cwd, FOLDER);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '.gitignore'), '*\n');
    accessSync(folder, constants.W_OK);
    return { url: `sqlite:./${FOLDER}/calls.db`, sentence: `kept in ${FOLDER}/calls.db` };
  } catch {
    return {
      url: 'sqlite::memory:',
      sentence: 'kept until this ends: no folder can be made where it was started',
    };
  }
}
