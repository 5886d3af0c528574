// Whether LiveKit's webhooks come at all. Calls go on without them, only slower: somebody who looks
// at the log is to learn why.
import type { Logger } from '../base/log.ts';
import type { Call } from '../calls/call.ts';
import type { Present } from '../calls/event.ts';

/** So long after somebody has joined, the webhook of it has come, with all its retries. */
const COMES_WITHIN_MS = 15_000;

export interface WebhookWatch {
  /** One that LiveKit has signed. */
  arrived(): void;
  /** A call as it is after LiveKit was asked at `takenAt` and named those who are there. */
  asked(call: Call, present: readonly Present[], takenAt: number): void;
}

/** Warns once in its life; `path` is where the webhooks should come. */
export function createWebhookWatch({ path, log }: { path: string; log: Logger }): WebhookWatch {
  let isSettled = false;
  return {
    arrived() {
      isSettled = true;
    },
    asked({ state, heard, parties }, present, takenAt) {
      if (isSettled || state === 'ended' || heard === 'webhook') return;
      const isOverdue = present.some(
        ({ identity, joinedAtMs }) =>
          joinedAtMs + COMES_WITHIN_MS < takenAt && parties.some(({ uid }) => uid === identity),
      );
      if (!isOverdue) return;
      isSettled = true;
      log.warn(
        {},
        `LiveKit's webhooks do not arrive: let it send them to ${path} of this server, signed with ` +
          'LIVEKIT_API_KEY. Until then it is asked every 20 s who is in a call, and phones learn late who has left',
      );
    },
  };
}
