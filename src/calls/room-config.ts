// The LiveKit room of a call: its name, and how LiveKit is to keep it.
import { randomBytes } from 'node:crypto';
import type { RoomName } from '../base/ids.ts';
import type { CallRules } from './call.ts';

const PREFIX = 'call_';
/** 16 random bytes behind the prefix. */
const CALL_ROOM = new RegExp(`^${PREFIX}[\\w-]{22}$`);
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

/** Unguessable: who knows the name of a room and holds a token of LiveKit's server is in. */
export const newCallRoom = (): RoomName =>
  `${PREFIX}${randomBytes(16).toString('base64url')}` as RoomName;

/** While calls are on, no other room may be called so. */
export const isReservedForCalls = (name: string): boolean => name.startsWith(PREFIX);

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
