// One change of a call. What phones and the host are told follows from it, whatever rule made it.
import type { UserId } from '../base/ids.ts';
import type { Call } from './call.ts';
import type { CallEvent } from './event.ts';

export interface Change {
  /** Undefined: the call is new. */
  readonly before: Call | undefined;
  readonly after: Call;
  /** What led to it, beside deadlines that had passed. It may have been about another call. */
  readonly event: CallEvent;
  /** The store's time. */
  readonly now: number;
}

/** Whoever has done it by himself. */
export function actorOf(event: CallEvent): UserId | undefined {
  if (event.type === 'place') return event.caller;
  return 'uid' in event ? event.uid : undefined;
}
