// Where Google's platform hands out credentials by itself. Told without asking anybody: a probe of
// the network is 3 s elsewhere, and there a server has to say at once what it lacks.
import { readFileSync } from 'node:fs';
import { type Environment, textOf } from './sources.ts';

/**
 * As Google's own libraries tell it (`google-auth-library`, `gcp-metadata`): each platform's own
 * variables, and what the machine says of its maker.
 */
const BY_VARIABLE: readonly (readonly [variable: string, platform: string])[] = [
  ['FUNCTION_TARGET', 'Cloud Functions'],
  ['FUNCTION_NAME', 'Cloud Functions'],
  ['K_SERVICE', 'Cloud Run'],
  ['CLOUD_RUN_JOB', 'Cloud Run'],
  ['CLOUD_RUN_WORKER_POOL', 'Cloud Run'],
  ['GAE_SERVICE', 'App Engine'],
  ['GCE_METADATA_HOST', 'the metadata server'],
  ['GCE_METADATA_IP', 'the metadata server'],
];

const BIOS_VENDOR_FILE = '/sys/class/dmi/id/bios_vendor';

/** The platform's name; undefined: none of Google's. */
export function platformOf(
  env: Environment,
  biosVendorFile = BIOS_VENDOR_FILE,
): string | undefined {
  const named = BY_VARIABLE.find(([variable]) => textOf(env[variable]) !== undefined);
  if (named !== undefined) return named[1];
  try {
    return readFileSync(biosVendorFile, 'utf8').includes('Google')
      ? 'Compute Engine or GKE'
      : undefined;
  } catch {
    return undefined;
  }
}
