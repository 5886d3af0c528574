// (user, room) → grant or refusal. A rule may narrow what a token allows, and open no other room;
// a rule that cannot be asked is no permission.
import { type Clock, withDeadline } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import { permissionsOf, type RoomPermissions } from '../base/permissions.ts';
import type { User } from '../base/user.ts';
import { type KnownProfile, type PublicProfile, publicProfile } from './profiles.ts';

const RULE_TIMEOUT_MS = 2_000;

/** What a rule is asked. */
export interface RoomAccessRequest {
  readonly user: User;
  readonly roomName: string;
  /**
   * True of somebody who is to be rung in the context of that name, and has asked for nothing: of
   * `user` nothing but the uid is known.
   */
  readonly isCallee?: boolean;
}

/**
 * A rule's answer: yes, no, or yes with less than everything. Anything else means that the rule
 * could not be asked, and nobody enters.
 */
export type RoomAccessAnswer =
  | boolean
  | {
      readonly allow: boolean;
      readonly permissions?: RoomPermissions;
      /** By what name and picture he calls, where he asks for a call in this context. */
      readonly user?: { readonly profile?: PublicProfile };
    };

/**
 * What the host, or a built-in rule, decides about one user and one room. `signal` aborts when the
 * 2 s for an answer are over: hand it to `fetch` and the like, so that nothing goes on for nobody.
 *
 * @example
 * const authorizeRoom: AuthorizeRoom = async ({ user, roomName }, signal) => {
 *   const response = await fetch(`https://chats.internal/${encodeURIComponent(roomName)}`, { signal });
 *   const { members, listeners } = await response.json();
 *   if (listeners.includes(user.uid)) return { allow: true, permissions: { canPublish: false } };
 *   return members.includes(user.uid);
 * };
 */
export type AuthorizeRoom = (
  request: RoomAccessRequest,
  signal: AbortSignal,
) => RoomAccessAnswer | Promise<RoomAccessAnswer>;

/** The names of the rules that come with Switchboard. */
export const ROOM_ACCESS_RULES = ['any', 'calls', 'firestore', 'http'] as const;
export type RoomAccessRule = (typeof ROOM_ACCESS_RULES)[number];

export interface RoomEntry {
  readonly permissions: RoomPermissions;
  /** What the rule says of the user. */
  readonly profile?: KnownProfile;
}

/** Answers what the user may do in the room; throws `room_forbidden` or `access_unavailable`. */
export type RoomAccess = (request: RoomAccessRequest) => RoomEntry | Promise<RoomEntry>;

/** The rules that need nobody to be asked. */
const FIXED = {
  /** Every verified user. */
  any: () => true,
  /** Nobody: only rooms of calls, which are decided before this rule is asked. */
  calls: () => false,
};

export function createRoomAccess(
  rule: keyof typeof FIXED | AuthorizeRoom,
  clock: Clock,
): RoomAccess {
  if (typeof rule !== 'function') {
    const fixed = FIXED[rule];
    return () => enter(entryFrom(fixed()));
  }
  return async (request) => {
    let entry: RoomEntry | undefined;
    try {
      entry = entryFrom(
        await withDeadline(clock, RULE_TIMEOUT_MS, (signal) => rule(request, signal)),
      );
    } catch (cause) {
      // Looking at an answer may throw as well: it may be a Proxy, or have getters.
      throw accessUnavailable(cause);
    }
    return enter(entry);
  };
}

function enter(entry: RoomEntry | undefined): RoomEntry {
  if (entry === undefined) throw roomForbidden();
  return entry;
}

/** Undefined: no. Throws where it is no answer. */
function entryFrom(answer: unknown): RoomEntry | undefined {
  if (answer === true) return { permissions: {} };
  if (answer === false) return undefined;
  if (typeof answer !== 'object' || answer === null) {
    throw new TypeError('the rule must answer true, false or {allow, permissions?, user?}');
  }
  const { allow, permissions, user, ...others } = answer as Record<string, unknown>;
  if (allow === false) return undefined;
  if (allow !== true) throw new TypeError('`allow` must be true or false');
  // It may have been meant as a restriction: a permission outside of `permissions`, or a slip.
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new TypeError(
      `the rule answers {allow, permissions?, user?}, not ${JSON.stringify(unknown)}`,
    );
  }
  return { permissions: permissionsOf(permissions), ...profileIn(user) };
}

/** A name lets nobody in, and keeps nobody out. */
function profileIn(user: unknown): Pick<RoomEntry, 'profile'> {
  try {
    const { profile } = (user ?? {}) as { readonly profile?: unknown };
    return profile === undefined ? {} : { profile: publicProfile(profile) };
  } catch {
    return {};
  }
}

export const roomForbidden = (): SwitchboardError =>
  new SwitchboardError('room_forbidden', 'Forbidden: You may not join this room.');

const accessUnavailable = (cause: unknown): SwitchboardError =>
  new SwitchboardError('access_unavailable', 'Room access check is unavailable. Try again.', {
    cause,
    retryAfterSeconds: 5,
  });
