// Names that must not mix, and what LiveKit can carry as a name.

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A Firebase uid, taken from a verified ID token (or vouched for by the host). */
export type UserId = Branded<'UserId'>;
/** A LiveKit room name that has passed {@link faultOfLiveKitName}. */
export type RoomName = Branded<'RoomName'>;
/** A call: a UUID in small letters. */
export type CallId = Branded<'CallId'>;
/** One running client of a person: a process on a phone, a tab in a browser. 1 to 128 characters. */
export type DeviceId = Branded<'DeviceId'>;
/** One installation of an app, as the app names it: what pushes are sent to. 1 to 128 characters. */
export type InstallationId = Branded<'InstallationId'>;

/** Firebase's limit for a uid. */
export const UID_MAX_CHARACTERS = 128;

/** In the calls of others the name of whoever was erased; where another one was before, `erased-2`. */
export const ERASED = 'erased';
const ERASED_NAME = new RegExp(`^${ERASED}(?:-\\d+)?$`);

/** LiveKit's limit for room names, identities and participant names, in UTF-8 bytes. */
export const LIVEKIT_NAME_MAX_BYTES = 256;

// C0, DEL and C1 (`Cc`), the two line separators, and lone surrogates (`Cs` under the u flag).
const NOT_IN_A_NAME = /[\p{Cc}\p{Cs}\u2028\u2029]/u;

/**
 * What keeps `value` from being a LiveKit room name or identity, as the end of a sentence
 * ("must be …", "must not …"), or undefined where nothing does. Names are taken literally: no
 * trimming, no coercion, no normalization.
 */
export function faultOfLiveKitName(value: string): string | undefined {
  if (value.length === 0) return 'must not be empty';
  // A UTF-16 unit is at most three UTF-8 bytes: short names need no count.
  if (value.length * 3 > LIVEKIT_NAME_MAX_BYTES) {
    const bytes = Buffer.byteLength(value);
    if (bytes > LIVEKIT_NAME_MAX_BYTES) {
      return `must be at most ${LIVEKIT_NAME_MAX_BYTES} bytes of UTF-8, and is ${bytes}`;
    }
  }
  if (NOT_IN_A_NAME.test(value)) {
    return 'must not hold control characters, line separators (U+2028, U+2029) or lone surrogates';
  }
  return undefined;
}

/** What keeps `uid` from being a person's in calls, as the end of a sentence; it is the identity in LiveKit. */
export function faultOfPerson(uid: string): string | undefined {
  if (uid.length > UID_MAX_CHARACTERS) {
    return `must be at most ${UID_MAX_CHARACTERS} characters, and is ${uid.length}`;
  }
  // Whoever had such a uid would read the calls of all who were erased.
  if (ERASED_NAME.test(uid)) return `must not be ${ERASED}, the name of those who were erased`;
  return faultOfLiveKitName(uid);
}
