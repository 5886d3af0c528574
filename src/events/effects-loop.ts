// What a change of a call wants done at LiveKit: done after the commit by whoever leases it, and
// again until it has worked. All of it may be done twice.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { isLive, isSeated, partyOf } from '../calls/call.ts';
import type { Effects } from '../calls/event.ts';
import type { CallStore, LeasedEffect } from '../calls/store.ts';
import type { Loop } from './due-loop.ts';
import { backOffMs, createLaneLoop, type LaneStore, type TryResult } from './lane-loop.ts';
import type { LiveKitApi } from './livekit-api.ts';

type RoomEffect = Effects['livekit'];

const AT_ONCE = 32;
/** Longer than LiveKit is waited for. */
const LEASE_MS = 6_000;
const RETRY_MS = { first: 1_000, last: 300_000 };
/**
 * With those pauses: a room is deleted for a day, while people may still talk in it. Somebody who
 * has no place is named again by the next sweep, and a room that a phone waits for is soon too late.
 */
const TRIES_MAX: Readonly<Record<RoomEffect['type'], number>> = {
  delete_room: 300,
  remove_participant: 5,
  create_room: 5,
};

/** For measurements: what came of one try. */
export interface Tried {
  readonly effect: RoomEffect['type'];
  readonly result: 'done' | 'failed' | 'given_up';
}

export function createEffectsLoop(options: {
  store: LaneStore & Pick<CallStore, 'call'>;
  api: Pick<LiveKitApi, 'createRoom' | 'deleteRoom' | 'removeParticipant' | 'fault'>;
  clock: Clock;
  log: Logger;
  /** A call has ended, and its room with it. */
  onRoomDeleted: () => void;
  onTried?: (tried: Tried) => void;
}): Loop {
  const { store, api, clock, log, onRoomDeleted, onTried } = options;
  return createLaneLoop<'livekit'>({
    ...{ lane: 'livekit', what: 'rooms', store, clock, log, atOnce: AT_ONCE, leaseMs: LEASE_MS },
    onTried: ({ effect }, result) => onTried?.({ effect: effect.type, result }),
    async work(leased, batch): Promise<TryResult> {
      const { callId, effect, tries } = leased;
      // Before this try, which may be the only one that fails.
      const isAway = api.fault() !== undefined;
      const isWorthIt = await isWanted(store, leased, batch);
      if (!isWorthIt || (await doAtLiveKit(api, leased))) {
        if (effect.type === 'delete_room') onRoomDeleted();
        return 'done';
      }
      if (tries < TRIES_MAX[effect.type]) return { againInMs: backOffMs(tries, RETRY_MS) };
      // That LiveKit is away is told once, not for each call; and whoever comes first makes the room.
      if (effect.type !== 'create_room' || !isAway) {
        log.error({ callId, effect: effect.type, tries }, GIVEN_UP[effect.type]);
      }
      return 'given_up';
    },
  });
}

/**
 * Since it was decided he may have taken a seat, and LiveKit Cloud keeps whoever is removed out for a
 * minute; and a call whose room could not be made at once may have ended: side by side with its end
 * the room might be made after that.
 */
async function isWanted(
  store: Pick<CallStore, 'call'>,
  { callId, effect, tries }: LeasedEffect<RoomEffect>,
  batch: readonly LeasedEffect<RoomEffect>[],
): Promise<boolean> {
  if (effect.type === 'delete_room') return true;
  if (effect.type === 'create_room' && tries === 1) {
    return !batch.some((other) => other.callId === callId && other.effect.type === 'delete_room');
  }
  const { call } = await store.call(callId);
  if (call === undefined || !isLive(call)) return false;
  const party = effect.type === 'remove_participant' ? partyOf(call, effect.identity) : undefined;
  return party === undefined || !isSeated(party);
}

function doAtLiveKit(
  api: Pick<LiveKitApi, 'createRoom' | 'deleteRoom' | 'removeParticipant'>,
  { room, effect }: LeasedEffect<RoomEffect>,
): Promise<boolean> {
  switch (effect.type) {
    case 'create_room':
      return api.createRoom(room);
    case 'delete_room':
      return api.deleteRoom(room);
    case 'remove_participant':
      return api.removeParticipant(room, effect.identity);
    default:
      return effect satisfies never;
  }
}

const GIVEN_UP: Readonly<Record<RoomEffect['type'], string>> = {
  delete_room: 'the room of an ended call could not be deleted: whoever is in it may still talk',
  remove_participant: 'somebody without a place in a call could not be taken out of its room',
  create_room: 'the room of a call could not be made beforehand',
};
