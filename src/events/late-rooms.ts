// Rooms of calls that have ended and that somebody has made again: his token still opens one. LiveKit
// tells by webhook; this is for when that is lost.
import type { Clock } from '../base/clock.ts';
import type { RoomName } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import { type CallStore, StoreUnavailable } from '../calls/store.ts';
import type { Loop } from './due-loop.ts';
import type { LiveKitApi } from './livekit-api.ts';

const LOOK_EVERY_MS = 60_000;
/** LiveKit's leeway on the end of a token. */
const LEEWAY_MS = 60_000;
/** LiveKit gives whoever is connected new tokens of its own, of ten minutes. */
const LIVEKITS_TOKEN_MS = 600_000;
const NAMES_AT_ONCE = 200;

export interface LateRooms extends Loop {
  /** A call has ended: look from now on, as long as a token may open its room. */
  arm(): void;
}

export function createLateRooms(options: {
  store: Pick<CallStore, 'roomsEndedWithin'>;
  api: Pick<LiveKitApi, 'existing' | 'deleteRoom'>;
  clock: Clock;
  log: Logger;
  tokenTtlSeconds: number;
}): LateRooms {
  const { store, api, clock, log, tokenTtlSeconds } = options;
  const withinMs = Math.max(tokenTtlSeconds * 1000, LIVEKITS_TOKEN_MS) + LEEWAY_MS;
  let isArmed = false;
  let isStopped = false;
  let cancel = () => {};
  let looking: Promise<void> = Promise.resolve();

  function arm(): void {
    if (isArmed || isStopped) return;
    isArmed = true;
    cancel = clock.after(LOOK_EVERY_MS, () => {
      looking = look();
    });
  }

  async function look(): Promise<void> {
    let isOver = false;
    try {
      const rooms = await store.roomsEndedWithin(withinMs);
      isOver = rooms.length === 0;
      for (let at = 0; at < rooms.length && !isStopped; at += NAMES_AT_ONCE) {
        await closeThose(rooms.slice(at, at + NAMES_AT_ONCE));
      }
    } catch (error) {
      const level = error instanceof StoreUnavailable ? 'debug' : 'error';
      log[level]({ err: error }, 'rooms of ended calls could not be looked for');
    }
    isArmed = false;
    // Nobody's token opens one any more: silent until the next call ends.
    if (!isOver) arm();
  }

  async function closeThose(rooms: readonly RoomName[]): Promise<void> {
    const late = (await api.existing(rooms)) ?? [];
    if (late.length === 0) return;
    // Not by name: whoever knows it is one step nearer.
    log.info({ rooms: late.length }, 'rooms of calls that have ended were there again: deleted');
    for (const room of late) await api.deleteRoom(room);
  }

  return {
    async start() {
      arm();
    },
    arm,
    async stop() {
      isStopped = true;
      cancel();
      await looking;
    },
  };
}
