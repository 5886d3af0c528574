// POST /livekit-webhook: what LiveKit says of the rooms of our calls.
import { addressKey } from '../admission/client-address.ts';
import { andThen } from '../base/and-then.ts';
import { SwitchboardError } from '../base/errors.ts';
import { withStore } from '../calls/with-store.ts';
import {
  type HandleRoomEvent,
  hashOf,
  type RoomEvent,
  roomEventIn,
  type WebhookVerifier,
} from '../events/webhook.ts';
import { rawBody } from '../http/body-kinds.ts';
import { PROBLEM_RESPONSES } from '../http/problem-schema.ts';
import { type Route, route } from '../http/routes.ts';
import { type RateLimit, refuseIfWaiting } from '../limits/rate-limit.ts';

/** A participant may have 512 KiB of metadata and 64 KiB of attributes, and so may the room. */
const BODY_MAX_BYTES = 2 * 1024 * 1024;

export const webhookPathUnder = (basePath: string): string => `${basePath}/livekit-webhook`;

/** For measurements: what came, and what became of it. */
export interface Received {
  /** `none`: nothing of LiveKit's; `other`: what says nothing about who is in a call. */
  readonly event: RoomEvent['type'] | 'other' | 'none';
  readonly result: 'ok' | 'ignored' | 'failed' | 'malformed' | 'bad_signature';
}

/**
 * Before a byte of the body is read, its signature is: whoever has none of LiveKit's costs one HMAC
 * and no memory. LiveKit tries again after a 5xx, and never after a 4xx.
 */
export function webhookRoute(options: {
  path: string;
  verifier: WebhookVerifier;
  handle: HandleRoomEvent;
  /** Counts refused ones by address; one that is signed passes whatever its address has done. */
  failures: RateLimit;
  onReceived?: (received: Received) => void;
}): Route {
  const { path, verifier, handle, failures, onReceived = () => {} } = options;

  const refuse = (clientAddress: string | undefined, fault: string): void | Promise<void> => {
    onReceived({ event: 'none', result: 'bad_signature' });
    return andThen(failures.take(addressKey(clientAddress)), (wait) => {
      refuseIfWaiting(wait);
      throw new SwitchboardError(
        'webhook_signature_invalid',
        'Unauthorized: not signed by LiveKit.',
        {
          cause: { message: fault },
        },
      );
    });
  };

  async function take(event: RoomEvent | undefined): Promise<void> {
    if (event === undefined) return onReceived({ event: 'other', result: 'ignored' });
    let result: Received['result'] = 'failed';
    try {
      result = (await withStore(() => handle(event))) ? 'ok' : 'ignored';
    } finally {
      onReceived({ event: event.type, result });
    }
  }

  function eventIn(body: Buffer): RoomEvent | undefined {
    try {
      return roomEventIn(body);
    } catch (cause) {
      onReceived({ event: 'none', result: 'malformed' });
      throw new SwitchboardError('request_invalid', 'The body is not valid JSON.', { cause });
    }
  }

  return route({
    method: 'POST',
    path,
    admit({ headers, clientAddress }) {
      const signed = verifier.signedHash(headers.authorization);
      return 'fault' in signed ? refuse(clientAddress, signed.fault) : undefined;
    },
    body: rawBody({ maxBytes: BODY_MAX_BYTES, contentType: 'application/webhook+json' }),
    schema: {
      summary: 'What LiveKit says of the rooms of our calls',
      description:
        'For the `webhook.urls` of a LiveKit server. Signed by LiveKit with one of our keys; ' +
        'other rooms than those of calls are ignored.',
      consumes: ['application/webhook+json'],
      response: { 200: { type: 'object' }, ...PROBLEM_RESPONSES },
    },
    async answer({ headers, clientAddress }, { body }) {
      const signed = verifier.signedHash(headers.authorization);
      const fault = 'fault' in signed ? signed.fault : faultOfBody(body, signed.hash);
      if (fault !== undefined) await refuse(clientAddress, fault);
      await take(eventIn(body));
      return '{}';
    },
  });
}

const faultOfBody = (body: Buffer, hash: string): string | undefined =>
  hashOf(body) === hash ? undefined : 'another body was signed';
