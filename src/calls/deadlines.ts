// Deadlines that decide by themselves. Each counts at its own time, whoever noticed it when.
import type { UserId } from '../base/ids.ts';
import type { Call, TimerKey } from './call.ts';
import { type Draft, disarm, move, tell } from './draft.ts';
import { endCall, settle } from './ending.ts';

export function applyDeadlines(draft: Draft, now: number): void {
  for (let due = firstDue(draft.call, now); due !== undefined; due = firstDue(draft.call, now)) {
    const [key, at] = due;
    disarm(draft, key);
    if (key === 'max') {
      endCall(draft, { by: 'max_duration', at, reason: 'max_duration' });
    } else if (key === 'alone') {
      endCall(draft, { by: 'alone', at, reason: 'alone' });
    } else {
      endRing(draft, key.slice('ring:'.length) as UserId, at);
    }
  }
}

function endRing(draft: Draft, uid: UserId, at: number): void {
  const patch = { reason: 'ring_timeout', ringEndsAt: undefined } as const;
  if (!move(draft, { uid, event: 'ring_over' }, patch)) return;
  tell(draft, 'missed');
  settle(draft, at, 'ring_timeout');
}

/** The earliest that has passed; of two at the same moment, the first by name. */
function firstDue({ timers }: Call, now: number): readonly [TimerKey, number] | undefined {
  let first: readonly [TimerKey, number] | undefined;
  for (const [key, at] of timers) {
    if (at > now || !isVerdict(key)) continue;
    const isEarlier = first === undefined || at < first[1] || (at === first[1] && key < first[0]);
    if (isEarlier) first = [key, at];
  }
  return first;
}

/** The others are questions to LiveKit. */
const isVerdict = (key: TimerKey): boolean =>
  key === 'alone' || key === 'max' || key.startsWith('ring:');
