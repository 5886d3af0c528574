// (user, room of a call) → entry or refusal: whoever has a seat in a live call comes in, and comes
// back when his token has run out. No other room ever asks the database.
import { isLive, isSeated, partyOf } from '../calls/call.ts';
import { isCallRoom } from '../calls/room-config.ts';
import type { CallStore } from '../calls/store.ts';
import { withStore } from '../calls/with-store.ts';
import { type RoomAccess, roomForbidden } from './room-access.ts';

export function createCallRoomAccess(store: Pick<CallStore, 'callInRoom'>): RoomAccess {
  return async ({ user, roomName }) => {
    // What is not of the form was never made here.
    if (!isCallRoom(roomName)) throw roomForbidden();
    const call = await withStore(() => store.callInRoom(roomName));
    const party = call && partyOf(call, user.uid);
    if (call === undefined || party === undefined || !isLive(call) || !isSeated(party)) {
      throw roomForbidden();
    }
    return { permissions: {} };
  };
}
