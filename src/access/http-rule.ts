// ROOM_ACCESS=http: the host's own backend decides. It is asked in a request signed as Standard
// Webhooks has it (https://www.standardwebhooks.com), for which it finds ready libraries.
import { createHmac, createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import { ask } from '../base/ask.ts';
import { boundedText } from '../base/bounded-text.ts';
import type { Clock } from '../base/clock.ts';
import { faultOfUrl } from '../base/faults.ts';
import type { User } from '../base/user.ts';
import type { AuthorizeRoom, RoomAccessAnswer, RoomAccessRequest } from './room-access.ts';

const ANSWER_MAX_BYTES = 64 * 1024;
const SECRET_MIN_BYTES = 24;
const SECRET_MAX_BYTES = 64;
const SECRET_PREFIX = 'whsec_';

export interface HttpRuleOptions {
  /** Free of {@link faultOfAccessUrl}. */
  readonly url: string;
  /** Free of {@link faultOfAccessSecret}. */
  readonly secret: string;
  readonly clock: Clock;
}

/**
 * Asks `url` about every request and keeps no answer. Rejects on anything but an answer as agreed:
 * the caller takes that for "cannot be asked".
 *
 * @throws TypeError where url or secret have a fault.
 */
export function createHttpRule({ url, secret, clock }: HttpRuleOptions): AuthorizeRoom {
  const urlFault = faultOfAccessUrl(url);
  if (urlFault !== undefined) throw new TypeError(`the access URL ${urlFault}`);
  const secretFault = faultOfAccessSecret(secret);
  if (secretFault !== undefined) throw new TypeError(`the access secret ${secretFault}`);
  const key = createSecretKey(secretBytes(secret) as Buffer);

  return async (request, signal) => {
    const body = JSON.stringify(questionOf(request));
    // Asked twice, it is the same question by its id.
    const response = await ask(url, {
      method: 'POST',
      signal,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...signatureOf(body, key, clock.now()),
      },
      body,
    });
    if (response.statusCode !== 200) {
      response.destroy();
      throw new Error(`the access endpoint answered ${response.statusCode}`);
    }
    return answerFrom(await boundedText(response, ANSWER_MAX_BYTES));
  };
}

/** A URL of the host's backend: https, or http in a private network. */
export const faultOfAccessUrl = faultOfUrl('https:', 'http:');

/** What is wrong with the secret, as the end of a sentence that doesn't hold it, or undefined. */
export function faultOfAccessSecret(value: string): string | undefined {
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

function signatureOf(body: string, key: KeyObject, nowMs: number): Record<string, string> {
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(nowMs / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}

/** Absent members stay absent: JSON has no undefined. */
const questionOf = ({ user, roomName, isCallee }: RoomAccessRequest) => ({
  uid: user.uid,
  roomName,
  user: isCallee ? undefined : aboutUser(user),
});

const aboutUser = ({ name, email, emailVerified, signInProvider, tenant, claims }: User) =>
  ({ name, email, emailVerified, signInProvider, tenant, claims }) satisfies Partial<
    Record<keyof User, unknown>
  >;

/** Over the wire a bare `true` is no answer; what the object holds, createRoomAccess judges. */
function answerFrom(text: string): RoomAccessAnswer {
  const answer: unknown = JSON.parse(text);
  if (typeof answer === 'object' && answer !== null) return answer as RoomAccessAnswer;
  throw new Error('the access endpoint answered JSON that is no object');
}
