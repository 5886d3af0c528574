// ROOM_ACCESS=http: the host's own backend decides. It is asked in a request signed as Standard
// Webhooks has it.
import { randomUUID } from 'node:crypto';
import { ask } from '../base/ask.ts';
import { boundedText } from '../base/bounded-text.ts';
import type { Clock } from '../base/clock.ts';
import { faultOfUrl } from '../base/faults.ts';
import { createWebhookSigner } from '../base/standard-webhooks.ts';
import type { User } from '../base/user.ts';
import type { AuthorizeRoom, RoomAccessAnswer, RoomAccessRequest } from './room-access.ts';

const ANSWER_MAX_BYTES = 64 * 1024;

export interface HttpRuleOptions {
  /** Free of {@link faultOfAccessUrl}. */
  readonly url: string;
  /** Free of {@link faultOfWebhookSecret}. */
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
  const sign = createWebhookSigner(secret);

  return async (request, signal) => {
    const body = JSON.stringify(questionOf(request));
    // Asked twice, it is the same question by its id.
    const response = await ask(url, {
      method: 'POST',
      signal,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...sign(`msg_${randomUUID()}`, body, clock.now()),
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
