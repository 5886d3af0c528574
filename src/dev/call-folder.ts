// Where development mode keeps its calls: a file in a folder of its own, below where it was started.
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../settings/sources.ts';

const FOLDER = '.switchboard-dev';

export interface CallDatabase {
  /** As DATABASE_URL has it; undefined: there are no calls. */
  readonly url: string | undefined;
  /** What a person is told. */
  readonly sentence: string;
}

/** Undefined: the environment has one. The folder hides itself from git. */
export function callDatabase(env: Environment, cwd: string): CallDatabase | undefined {
  const isSet = (name: string) =>
    [env[name], env[`${name}_FILE`]].some((value) => (value?.trim() ?? '') !== '');
  if (isSet('DATABASE_URL')) return undefined;
  // Somebody's own server, without what would open its rooms: there are no tokens either.
  const missing = ['LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET'].filter((name) => !isSet(name));
  if (isSet('LIVEKIT_URL') && missing.length > 0) {
    return { url: undefined, sentence: `off: LIVEKIT_URL is set without ${missing.join(' and ')}` };
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
