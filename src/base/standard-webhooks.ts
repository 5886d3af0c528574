// Requests signed as Standard Webhooks has it (https://www.standardwebhooks.com): whoever receives
// them finds ready libraries.
import { createHmac, createSecretKey } from 'node:crypto';

const SECRET_MIN_BYTES = 24;
const SECRET_MAX_BYTES = 64;
const SECRET_PREFIX = 'whsec_';

/** The headers of one request: `id` is the same for all tries of one message, `nowMs` is of this try. */
export type SignWebhook = (id: string, body: string, nowMs: number) => Record<string, string>;

/** @throws TypeError where the secret has a fault. */
export function createWebhookSigner(secret: string): SignWebhook {
  const fault = faultOfWebhookSecret(secret);
  if (fault !== undefined) throw new TypeError(`the webhook secret ${fault}`);
  const key = createSecretKey(secretBytes(secret) as Buffer);
  return (id, body, nowMs) => {
    const timestamp = String(Math.floor(nowMs / 1000));
    const signed = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`);
    return {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signed.digest('base64')}`,
    };
  };
}

/** What is wrong with the secret, as the end of a sentence that doesn't hold it, or undefined. */
export function faultOfWebhookSecret(value: string): string | undefined {
  const length = secretBytes(value)?.length ?? 0;
  return length >= SECRET_MIN_BYTES && length <= SECRET_MAX_BYTES
    ? undefined
    : `must be ${SECRET_MIN_BYTES} to ${SECRET_MAX_BYTES} random bytes in base64, ` +
        `with ${SECRET_PREFIX} in front or without (openssl rand -base64 32)`;
}

function secretBytes(secret: string): Buffer | undefined {
  const text = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what is not base64; the libraries on the other side refuse it.
  return bytes.toString('base64') === text ? bytes : undefined;
}
