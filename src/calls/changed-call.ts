// A draft as it is to be written, with all that is to be done after the commit.
import { type Call, isLive } from './call.ts';
import type { Change } from './change.ts';
import type { Draft } from './draft.ts';
import type { CallEvent, Effect, Effects } from './event.ts';
import { hostEventsOf } from './host-effects.ts';
import { ringEffectsOf } from './ring-effects.ts';
import type { ChangedCall } from './store.ts';

export function changedCallOf(
  { before, call, rules, seenBy, effects }: Draft,
  { event, now }: { event: CallEvent; now: number },
): ChangedCall {
  const change: Change = { before, after: call, event, now };
  const targets = rules.hostTargets ?? [];
  const events = targets.length === 0 ? [] : hostEventsOf(change);
  const all: Effect[] = [
    ...roomEffectsOf(change, effects),
    ...(rules.pushes ? ringEffectsOf(change) : []),
    ...targets.flatMap((target) =>
      events.map((one) => ({ type: 'host_event' as const, target, event: one })),
    ),
  ];
  return { call: toldOf(call, events.at(-1)?.sequence), seenBy, effects: all };
}

const toldOf = (call: Call, told: number | undefined): Call =>
  told === undefined ? call : { ...call, told };

/** A call that ends as it is placed has let nobody in: it has no room to make, nor to delete. */
function roomEffectsOf({ before, after }: Change, others: readonly Effects['livekit'][]) {
  if (before === undefined) return isLive(after) ? [...others, CREATE_ROOM] : others;
  const isEnd = isLive(before) && !isLive(after);
  const isThere = others.some(({ type }) => type === 'delete_room');
  return isEnd && !isThere ? [...others, DELETE_ROOM] : others;
}

const CREATE_ROOM = { type: 'create_room' } as const;
const DELETE_ROOM = { type: 'delete_room' } as const;
