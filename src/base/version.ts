import { readFileSync } from 'node:fs';

const manifest = new URL('../../package.json', import.meta.url);

/** The version of this package. */
export const VERSION: string = JSON.parse(readFileSync(manifest, 'utf8')).version;

/**
 * npm only warns where `engines` is not met, and what fails then is nothing one would understand.
 *
 * @throws Error that names the version that is needed.
 */
export function checkNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return;
  throw new Error(`livekit-switchboard needs Node 22.12 or newer, and this is ${version}.`);
}
