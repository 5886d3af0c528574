// An event posted to the host's backend, signed as Standard Webhooks has it.
import type { lookup } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { ask } from '../../base/ask.ts';
import type { Clock } from '../../base/clock.ts';
import { isHostAmong, publicLookup, refusePrivateAddress } from '../../base/private-address.ts';
import { retryAfterMs } from '../../base/retry-after.ts';
import { createWebhookSigner } from '../../base/standard-webhooks.ts';
import type { HostCallEvent } from './message.ts';

export type LookUp = typeof lookup;

/** Of an answer nothing is wanted but that the connection can be used again. */
const ANSWER_MAX_BYTES = 64 * 1024;
const REST_MS = 2_000;

/** The other side has refused it. */
export class DeliveryError extends Error {
  /** Not before that. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.name = 'DeliveryError';
    this.retryAfterMs = retryAfterMs;
  }
}

/** Resolves on an answer of 2xx, and rejects on every other. */
export function createPostEvent(options: {
  readonly url: string;
  readonly secret: string;
  readonly allowedHosts: readonly string[];
  readonly clock: Clock;
  /** In place of the system's. */
  readonly lookUp?: LookUp;
}): (event: HostCallEvent, signal: AbortSignal) => Promise<void> {
  const { secret, allowedHosts, clock, lookUp } = options;
  const url = new URL(options.url);
  const sign = createWebhookSigner(secret);
  const isAllowed = isHostAmong(url, allowedHosts);
  const lookupOnly = isAllowed ? {} : { lookup: publicLookup(url.hostname, lookUp) };

  return async (event, signal) => {
    if (!isAllowed) refusePrivateAddress(url);
    const body = JSON.stringify(event);
    const response = await ask(url.href, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'livekit-switchboard',
        ...sign(event.id, body, clock.now()),
      },
      body,
      signal,
      ...lookupOnly,
    });
    const { statusCode = 0, headers } = response;
    if (statusCode >= 200 && statusCode < 300) {
      swallow(response, clock);
      return;
    }
    response.destroy();
    throw new DeliveryError(
      `it answered ${statusCode}`,
      retryAfterMs(headers['retry-after'], clock.now()),
    );
  };
}

/** It was taken, whatever else comes: nobody waits for that. */
function swallow(response: IncomingMessage, clock: Clock): void {
  let bytes = 0;
  const cancel = clock.after(REST_MS, () => response.destroy());
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_MAX_BYTES) response.destroy();
  });
  response.on('error', () => {}).on('close', cancel);
}
