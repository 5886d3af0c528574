/** What may be published, in LiveKit's words (`TrackSource`, lower case, as tokens carry it). */
export const TRACK_SOURCES = [
  'microphone',
  'camera',
  'screen_share',
  'screen_share_audio',
] as const;
export type TrackSource = (typeof TRACK_SOURCES)[number];

/**
 * What a user may do in a room. A rule narrows the grant: whatever is absent is allowed. The one
 * thing that has to be given is `canUpdateOwnMetadata`, which is about nobody but the user himself.
 */
export interface RoomPermissions {
  /** false: publishes nothing. */
  readonly canPublish?: boolean;
  /** Publishes these sources only; an empty list means the same as `canPublish: false`. */
  readonly sources?: readonly TrackSource[];
  /** false: hears and sees nobody. */
  readonly canSubscribe?: boolean;
  /** Data messages; follows `canPublish` where absent, as in LiveKit. */
  readonly canPublishData?: boolean;
  /**
   * true: changes his own name, metadata and attributes in the room. Then what others see is what
   * he says, and no longer what the ID token said.
   */
  readonly canUpdateOwnMetadata?: boolean;
}

const FLAGS = ['canPublish', 'canSubscribe', 'canPublishData', 'canUpdateOwnMetadata'] as const;

/**
 * Reads permissions that came from outside. Throws a TypeError that names the fault: an unknown
 * permission is one too, for it may have been meant as a restriction.
 */
export function permissionsOf(value: unknown): RoomPermissions {
  if (value === undefined) return {};
  if (!isPlainObject(value)) throw new TypeError('permissions must be a plain object');
  const permissions: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(value)) {
    if (setting === undefined) continue;
    if ((FLAGS as readonly string[]).includes(name)) {
      if (typeof setting !== 'boolean') throw new TypeError(`${name} must be true or false`);
    } else if (name === 'sources') {
      const known = (source: unknown) => (TRACK_SOURCES as readonly unknown[]).includes(source);
      // Spread first: `every` would pass over holes.
      if (!Array.isArray(setting) || ![...setting].every(known)) {
        throw new TypeError(`sources must be a list of ${TRACK_SOURCES.join(', ')}`);
      }
    } else {
      throw new TypeError(`unknown permission ${JSON.stringify(name)}`);
    }
    permissions[name] = Array.isArray(setting) ? [...setting] : setting;
  }
  return permissions;
}

/** Of any realm. A Map or an instance of a class may hold restrictions where none are looked for. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
