/**
 * The version of this package. Written by `npm run generate` and not read from `package.json`: in a
 * bundle there is none beside it.
 */
export const VERSION: string = '0.1.0';

export class OldNodeError extends Error {}

/**
 * npm only warns where `engines` is not met, and what fails then is nothing one would understand.
 *
 * @throws OldNodeError that names the version that is needed.
 */
export function checkNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return;
  throw new OldNodeError(`livekit-switchboard needs Node 22.13 or newer, and this is ${version}.`);
}
