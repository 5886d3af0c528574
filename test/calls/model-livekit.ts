// LiveKit's truth: who really is in which room, and the webhooks that are on their way.
import type { RoomName } from '../../src/base/ids.ts';
import type { Present } from '../../src/calls/event.ts';

export type Webhook = { readonly room: RoomName; readonly present: Present } & (
  | { readonly type: 'joined' }
  | { readonly type: 'left'; readonly reason: string }
);

export interface LiveKitTruth {
  /** On their way; they come in any order, twice, or never. */
  readonly webhooks: Webhook[];
  connect(room: RoomName, identity: string): void;
  disconnect(room: RoomName, identity: string, reason: string): void;
  deleteRoom(room: RoomName): void;
  present(room: RoomName): readonly Present[];
  /** Everybody's network is gone, and no webhook tells of it. */
  blackOut(): void;
  /** With anybody in them. */
  rooms(): readonly RoomName[];
}

export function createLiveKitTruth(now: () => number): LiveKitTruth {
  const rooms = new Map<RoomName, Map<string, Present>>();
  const webhooks: Webhook[] = [];
  let sessions = 0;
  let lastAtMs = 0;

  const truth: LiveKitTruth = {
    webhooks,
    connect(room, identity) {
      const people = rooms.get(room) ?? new Map<string, Present>();
      rooms.set(room, people);
      if (people.has(identity)) truth.disconnect(room, identity, 'DUPLICATE_IDENTITY');
      lastAtMs = Math.max(lastAtMs + 1, now());
      const present = { identity, sid: `PA_${++sessions}`, joinedAtMs: lastAtMs };
      people.set(identity, present);
      webhooks.push({ type: 'joined', room, present });
    },
    disconnect(room, identity, reason) {
      const present = rooms.get(room)?.get(identity);
      if (present === undefined) return;
      rooms.get(room)?.delete(identity);
      webhooks.push({ type: 'left', room, present, reason });
    },
    deleteRoom(room) {
      for (const identity of rooms.get(room)?.keys() ?? []) {
        truth.disconnect(room, identity, 'ROOM_DELETED');
      }
    },
    present: (room) => [...(rooms.get(room)?.values() ?? [])],
    blackOut: () => rooms.clear(),
    rooms: () => [...rooms].filter(([, people]) => people.size > 0).map(([room]) => room),
  };
  return truth;
}
