// As whom Google's platform lets this machine ask (https://cloud.google.com/compute/docs/metadata).
import { type Environment, textOf } from '../settings/sources.ts';

const PATH = '/computeMetadata/v1/instance/service-accounts/default/email';
const TIMEOUT_MS = 2_000;
const FLAVOR = 'Metadata-Flavor';

/** The service account's address; undefined where the platform doesn't tell. */
export async function platformAccount(env: Environment): Promise<string | undefined> {
  const host =
    textOf(env.GCE_METADATA_HOST) ?? textOf(env.GCE_METADATA_IP) ?? 'metadata.google.internal';
  try {
    const response = await fetch(`http://${host}${PATH}`, {
      headers: { [FLAVOR]: 'Google' },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = (await response.text()).trim();
    // Anybody may answer at that name where there is no such server.
    const isGoogle = response.ok && response.headers.get(FLAVOR) === 'Google';
    return isGoogle && /^[\w.-]+@[\w.-]+$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
