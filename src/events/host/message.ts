// An event of a call as the host is told of it, by whichever way.
import type { CallId, UserId } from '../../base/ids.ts';
import type { Call } from '../../calls/call.ts';
import type { HostCall, HostEvent, HostEventType } from '../../calls/host-event.ts';
import { withNames } from '../../calls/host-view.ts';

/** An event of a call, as `onCallEvent` and webhooks have it. */
export interface HostCallEvent {
  /** The same in every try and at every target. */
  readonly id: string;
  readonly type: HostEventType;
  /** Rises by one with each event of a call, from 1. */
  readonly sequence: number;
  /** When it happened: RFC 3339 with milliseconds. */
  readonly time: string;
  /** Whom it is about, where that is one of the parties. */
  readonly uid?: UserId;
  /** The call as it was right after it. */
  readonly call: HostCall;
}

/**
 * Hears every event of every call, in the order of each, at least once. What it answers is waited
 * for; an error, or no answer in 10 s, and it is told again later. The signal aborts then.
 */
export type OnCallEvent = (event: HostCallEvent, signal: AbortSignal) => unknown;

/** `call`: as it is now, where names are known; undefined: it is gone, and they are with it. */
export function messageOf(callId: CallId, event: HostEvent, call: Call | undefined): HostCallEvent {
  const { type, sequence, at, uid } = event;
  return {
    ...{ id: `evt_${callId}_${sequence}`, type, sequence, time: new Date(at).toISOString() },
    ...(uid !== undefined && { uid }),
    call: call === undefined ? event.call : withNames(event.call, call),
  };
}
