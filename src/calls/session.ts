// Which of two sessions of one person in LiveKit's room is the later one.
import type { Party } from './call.ts';
import type { Present } from './event.ts';

/** A session that is older than the one known, or that one, and known to have ended. */
export const isOver = (party: Party, present: Present): boolean =>
  party.sid === present.sid ? party.goneSid === present.sid : !isNewer(party, present);

/** By when LiveKit says that they began; news of them come in any order. */
export function isNewer({ sid, sidAt }: Party, present: Present): boolean {
  if (sid === undefined || sidAt === undefined) return true;
  if (present.joinedAtMs !== sidAt) return present.joinedAtMs > sidAt;
  return present.sid > sid;
}
