// The LiveKit room of a call: its name, and how LiveKit is to keep it.
import type { RoomName } from '../base/ids.ts';
import type { CallRules } from './call.ts';

/** 16 random bytes behind a prefix that no other room may have. */
const CALL_ROOM = /^call_[\w-]{22}$/;
/** An app may take so long from the accept into the room. */
const JOIN_WITHIN_S = 60;
/** LiveKit counts a phone that died for 20 s yet: somebody else may have its place by then. */
const DEAD_PHONES = 2;

/** By the names that LiveKit gives them; times in seconds. */
export interface RoomConfig {
  /** Until the first one has joined. */
  readonly emptyTimeout: number;
  /** After the last one has left. */
  readonly departureTimeout: number;
  readonly maxParticipants: number;
}

export const isCallRoom = (name: string): name is RoomName => CALL_ROOM.test(name);

/** LiveKit is to close no room that the call still counts on; how many may come in, we say first. */
export function roomConfigOf(rules: CallRules): RoomConfig {
  const { ringMs, answerGraceMs, reconnectGraceMs, maxParticipants } = rules;
  return {
    emptyTimeout: Math.ceil((ringMs + answerGraceMs) / 1000) + JOIN_WITHIN_S,
    // Two phones that lose the network together.
    departureTimeout: Math.ceil((2 * reconnectGraceMs) / 1000),
    maxParticipants: maxParticipants + DEAD_PHONES,
  };
}
