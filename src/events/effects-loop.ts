// What a change of a call wants done at LiveKit: done after the commit by whoever leases it, and
// again until it has worked. All of it may be done twice.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { isLive, isSeated, partyOf } from '../calls/call.ts';
import type { Effects } from '../calls/event.ts';
import { type CallStore, type LeasedEffect, StoreUnavailable } from '../calls/store.ts';
import type { Loop } from './due-loop.ts';
import type { LiveKitApi } from './livekit-api.ts';
import { createWakeLoop } from './wake-loop.ts';

type RoomEffect = Effects['livekit'];

const AT_ONCE = 32;
/** Longer than LiveKit is waited for. */
const LEASE_MS = 15_000;
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
  store: Pick<
    CallStore,
    'call' | 'leaseEffects' | 'effectDone' | 'effectFailed' | 'nextDueMs' | 'onDue'
  >;
  api: Pick<LiveKitApi, 'createRoom' | 'deleteRoom' | 'removeParticipant' | 'fault'>;
  clock: Clock;
  log: Logger;
  /** A call has ended, and its room with it. */
  onRoomDeleted: () => void;
  onTried?: (tried: Tried) => void;
}): Loop {
  const { store, api, clock, log, onRoomDeleted, onTried } = options;
  const underWay = new Set<Promise<void>>();
  const loop = createWakeLoop({ store, clock, log, what: 'rooms', due: 'livekit', work });

  /** Not waited for: a room that LiveKit is slow to delete is in nobody's way. */
  async function work(): Promise<boolean> {
    const free = AT_ONCE - underWay.size;
    if (free === 0) return false;
    const leased = await store.leaseEffects('livekit', free, LEASE_MS);
    const over = new Set(leased.filter(isEndOfRoom).map(({ callId }) => callId));
    for (const effect of leased) {
      // Side by side with its end it might be made after that.
      const isTooLate = effect.effect.type === 'create_room' && over.has(effect.callId);
      const doing = doOne(effect, isTooLate).finally(() => {
        if (underWay.size === AT_ONCE) loop.wake(0);
        underWay.delete(doing);
      });
      underWay.add(doing);
    }
    return leased.length === free && underWay.size < AT_ONCE;
  }

  async function doOne(leased: LeasedEffect<RoomEffect>, isTooLate: boolean): Promise<void> {
    const { id, callId, effect, tries } = leased;
    const tell = (result: Tried['result']) => onTried?.({ effect: effect.type, result });
    // Before this try, which may be the only one that fails.
    const isAway = api.fault() !== undefined;
    try {
      const isWorthIt = !isTooLate && (await isWanted(store, leased));
      if (!isWorthIt || (await doAtLiveKit(api, leased))) {
        tell('done');
        await store.effectDone('livekit', id);
        if (effect.type === 'delete_room') onRoomDeleted();
        return;
      }
      if (tries < TRIES_MAX[effect.type]) {
        tell('failed');
        const retryMs = Math.min(RETRY_MS.first * 2 ** (tries - 1), RETRY_MS.last);
        await store.effectFailed('livekit', id, retryMs);
        loop.wake(retryMs);
        return;
      }
      tell('given_up');
      // That LiveKit is away is told once, not for each call; and whoever comes first makes the room.
      if (effect.type !== 'create_room' || !isAway) {
        log.error({ callId, effect: effect.type, tries }, GIVEN_UP[effect.type]);
      }
      await store.effectDone('livekit', id);
    } catch (error) {
      // The lease ends by itself, and then it is done again.
      const level = error instanceof StoreUnavailable ? 'debug' : 'error';
      log[level]({ err: error, callId, effect: effect.type }, 'what was done is not written down');
      loop.wake(LEASE_MS);
    }
  }

  return {
    start: loop.start,
    async stop() {
      await loop.stop();
      await Promise.all(underWay);
    },
  };
}

/**
 * Since it was decided he may have taken a seat, and LiveKit Cloud keeps whoever is removed out for a
 * minute; and a call whose room could not be made at once may have ended.
 */
async function isWanted(
  store: Pick<CallStore, 'call'>,
  { callId, effect, tries }: LeasedEffect<RoomEffect>,
): Promise<boolean> {
  if (effect.type === 'delete_room' || (effect.type === 'create_room' && tries === 1)) return true;
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

const isEndOfRoom = ({ effect }: LeasedEffect<RoomEffect>): boolean =>
  effect.type === 'delete_room';

const GIVEN_UP: Readonly<Record<RoomEffect['type'], string>> = {
  delete_room: 'the room of an ended call could not be deleted: whoever is in it may still talk',
  remove_participant: 'somebody without a place in a call could not be taken out of its room',
  create_room: 'the room of a call could not be made beforehand',
};
