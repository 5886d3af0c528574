// Where a livekit-server is to be found on this machine, and where `npm run livekit` puts one.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { ConfigError } from '../settings/config.ts';
import type { Environment } from '../settings/sources.ts';

export const LIVEKIT_SERVER_VERSION = 'v1.13.5';
/** What that version asks for in its go.mod. */
export const GO_VERSION = '1.26';
const EXE = process.platform === 'win32' ? '.exe' : '';

/** `npm run livekit` is a script of a clone: the installed package has none. */
export const canBuildLiveKit = (): boolean =>
  existsSync(new URL('../../scripts/livekit.ts', import.meta.url));

/** Outside the checkout, by version, so that a clean checkout needs no new build. */
export function cachedBinary(env: Environment): { folder: string; path: string } {
  // The XDG base directory specification: a relative path is to be ignored.
  const given = env.XDG_CACHE_HOME ?? '';
  const cache = isAbsolute(given) ? given : join(homedir(), '.cache');
  const folder = join(cache, 'livekit-switchboard', `livekit-server-${LIVEKIT_SERVER_VERSION}`);
  // `go install` names it after its package.
  return { folder, path: join(folder, `server${EXE}`) };
}

/**
 * LIVEKIT_SERVER, the PATH, the cache folder, in this order; `LIVEKIT_SERVER=off` finds none.
 *
 * @throws ConfigError where LIVEKIT_SERVER names nothing that can be run.
 */
export function findLiveKitServer(env: Environment): string | undefined {
  const named = env.LIVEKIT_SERVER?.trim();
  if (named === 'off') return undefined;
  if (named) {
    if (isExecutable(named)) return named;
    throw new ConfigError([
      `LIVEKIT_SERVER must be the path of a livekit-server, or off, and nothing can be run at ${named}`,
    ]);
  }
  const onPath = (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, `livekit-server${EXE}`));
  return [...onPath, cachedBinary(env).path].find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
