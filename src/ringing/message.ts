// What a push says: to one phone, about a ring that begins or is over.
import type { Clock } from '../base/clock.ts';
import { displayNameOf } from '../base/display-name.ts';
import type { UserId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import { type Call, partyOf } from '../calls/call.ts';
import type { RingEnd, RingStop } from '../calls/event.ts';
import type { Device } from './device.ts';
import {
  createMissedCallTexts,
  type MissedCall,
  type MissedCallTextOf,
} from './missed-call-text.ts';
import type { RingAbout, RingMessage, StopMessage } from './push.ts';
import { TICKET_AFTER_RING_MS, type Tickets } from './ticket.ts';

/** Minimal: who calls, and what about, passes neither Google nor Apple. */
export const PUSH_PAYLOADS = ['full', 'minimal'] as const;
export type PushPayload = (typeof PUSH_PAYLOADS)[number];

/** As the store has taken it. */
interface Taken {
  readonly call: Call;
  readonly now: number;
}

export interface Messages {
  /** `ringEndsAt`: of the ring, by the store's time. */
  ring(taken: Taken & { readonly ringEndsAt: number }, device: Device): RingMessage;
  stop(taken: Taken & { readonly stop: RingStop }, device: Device): Promise<StopMessage>;
}

export function createMessages(options: {
  tickets: Pick<Tickets, 'issue'>;
  payload: PushPayload;
  missedCallText?: MissedCallTextOf | undefined;
  clock: Clock;
  log: Logger;
}): Messages {
  const { tickets, payload, missedCallText: host, clock, log } = options;
  const textFor = createMissedCallTexts({ host, saysWho: payload === 'full', clock, log });
  /** The phones of a group are told the same, one after the other. */
  let last: { readonly call: Call; readonly about: RingAbout } | undefined;
  const aboutOnce = (call: Call): RingAbout => {
    if (last?.call !== call) last = { call, about: aboutOf(call) };
    return last.about;
  };
  return {
    ring({ call, now, ringEndsAt }, { uid, installation }) {
      const endsAt = ringEndsAt + TICKET_AFTER_RING_MS;
      return {
        ...{ type: 'ring', callId: call.id, to: uid, ringMs: ringEndsAt - now, now },
        ticket: tickets.issue({ callId: call.id, uid, installation, endsAt }),
        about: payload === 'full' ? aboutOnce(call) : undefined,
      };
    },
    async stop({ call, now, stop }, { uid, locale }) {
      const { cause, device } = stop;
      return {
        ...{ type: 'stop_ring', callId: call.id, to: uid, cause, now },
        ...(device !== undefined && { device }),
        ...(isMissedBy(cause) && { missed: await textFor(missedOf(call, locale)) }),
      };
    },
  };
}

/** He has neither answered nor declined. */
export const isMissedBy = (cause: RingEnd): boolean =>
  cause === 'cancelled' || cause === 'over' || cause === 'ended';

function aboutOf(call: Call): RingAbout {
  const { caller, kind, isGroup, context } = call;
  return {
    ...named(nameIn(call, caller)),
    ...{ callerUid: caller, kind, isGroup },
    ...(context !== undefined && { context }),
  };
}

function missedOf(call: Call, locale: string | undefined): MissedCall {
  const { caller, kind, context } = call;
  return {
    ...(locale !== undefined && { locale }),
    ...named(nameIn(call, caller)),
    kind,
    ...(context !== undefined && { context }),
  };
}

function nameIn(call: Call, uid: UserId): string | undefined {
  const name = partyOf(call, uid)?.name;
  return name === undefined ? undefined : displayNameOf(name);
}

const named = (callerName: string | undefined) => (callerName === undefined ? {} : { callerName });
