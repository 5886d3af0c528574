// What calls bring to the house and what they stand on, with a database or without one.
import type { RoomAccess } from '../access/room-access.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import type { PushSender } from '../ringing/push.ts';
import type { Mint } from '../routes/token.ts';
import type { Settings } from '../settings/settings.ts';
import type { Admission } from './admission.ts';
import type { HostCalls } from './host-calls.ts';
import type { Limits } from './limits.ts';
import type { Ground, Part } from './part.ts';
import type { Rooms } from './room-access.ts';

/** Of one person, on all routes of calls together: ten a second are no phone's. */
export const REQUESTS_PER_MINUTE = 600;

export interface CallsPart extends Part {
  /** The rooms of calls, which the token endpoint serves too. Undefined: calls are off. */
  readonly rooms: CallRooms | undefined;
  /** For the host's own code. */
  readonly hostCalls: HostCalls;
}

export interface CallRooms {
  isOurs(roomName: string): boolean;
  readonly access: RoomAccess;
  readonly mint: Mint;
}

/** What calls stand on. */
export interface CallsBy {
  readonly admission: Admission;
  readonly limits: Limits;
  readonly rooms: Rooms;
  /** Counts refused requests of an address. */
  readonly failures: RateLimit;
  /** Starts what has not started; throws while the house stops. */
  readonly begin: () => void;
  /** In place of those that the settings name. */
  readonly senders?: readonly PushSender[] | undefined;
}

export type CreateCalls = (settings: Settings, ground: Ground, by: CallsBy) => CallsPart;
