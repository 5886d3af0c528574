// What the calls refuse, as the codes and sentences of answers.
import { type ErrorCode, SwitchboardError } from '../../base/errors.ts';
import type { CallRefusal } from '../../calls/event.ts';
import type { Refused } from '../../calls/stage.ts';
import { rateLimited } from '../../limits/rate-limit.ts';

const SENTENCES: Readonly<Record<Exclude<CallRefusal, 'rate_limited'>, string>> = {
  answered_elsewhere: 'Another device of yours has taken this call.',
  call_ended: 'This call has ended.',
  call_full: 'This call has as many people as there may be.',
  call_id_taken: 'This callId is that of another call.',
  in_another_call: 'You are in another call.',
  not_caller: 'Forbidden: You may leave this call, and not do this in it.',
  not_found: 'There is no such call.',
  ring_limited: 'Nobody answers there. Try again later.',
};

export function refusal(
  code: CallRefusal,
  { callId, againInMs }: Omit<Refused, 'refused'> = {},
): SwitchboardError {
  const seconds = againInMs === undefined ? undefined : Math.max(1, Math.ceil(againInMs / 1000));
  if (code === 'rate_limited') return rateLimited(seconds ?? 1);
  return new SwitchboardError(code satisfies ErrorCode, SENTENCES[code], {
    ...(seconds !== undefined && { retryAfterSeconds: seconds }),
    ...(callId !== undefined && { callId }),
  });
}
