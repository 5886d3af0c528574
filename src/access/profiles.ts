// user → by what name and picture the others see him: the host's word, then Firestore's, then that of
// the access answer, then the ID token's. Whoever knows no name, or is late, stops no ring.
import { andThen } from '../base/and-then.ts';
import { createBoundedMap } from '../base/bounded-map.ts';
import { type Clock, withDeadline } from '../base/clock.ts';
import { displayNameOf } from '../base/display-name.ts';
import type { UserId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import { type Profile, profileOf as profileFrom } from '../base/profile.ts';
import { createBound } from '../base/under-way.ts';
import type { User } from '../base/user.ts';
import { isDocumentId, profilePath } from './firestore-names.ts';

/** So long a call waits for a name, beside the question whom to ring. */
const ANSWER_MS = 1_000;
const KEPT_MS = 60_000;
const KEPT_MAX = 10_000;
const TELL_EVERY_MS = 60_000;
/** The SDK can't cancel a question: in an outage each one lingers for minutes. */
const UNDER_WAY_MAX = 256;

/** What others see of somebody. */
export interface PublicProfile {
  /** Its first 64 characters count. */
  readonly name?: string | null | undefined;
  /** An https URL, at most 1,024 bytes. */
  readonly picture?: string | null | undefined;
}

/**
 * By what name and picture somebody calls; nothing where that is not known, and the next source is
 * asked. `signal` aborts when the 1 s for an answer is over.
 *
 * @example
 * const profileOf: ProfileOf = async (uid) => {
 *   const [row] = await sql`select display_name as name, avatar_url as picture from users where uid = ${uid}`;
 *   return row;
 * };
 */
export type ProfileOf = (
  uid: UserId,
  signal: AbortSignal,
) => PublicProfile | null | undefined | Promise<PublicProfile | null | undefined>;

/** What there is of one, as others see it. */
export interface KnownProfile {
  readonly name?: string;
  readonly picture?: string;
}

/** Profiles in Firestore. */
export interface ProfileDocuments {
  /** Free of a fault of firestore-names.ts, e.g. `users/{uid}`. */
  readonly path: string;
  readonly nameField: string;
  readonly pictureField: string;
  /** What the fields hold, in their order; undefined: there is no such document. */
  fieldsOf(
    path: string,
    fields: readonly (readonly string[])[],
  ): Promise<readonly unknown[] | undefined>;
}

type Awaitable<T> = T | Promise<T>;
type Shown = { readonly [Member in keyof KnownProfile]?: string | undefined };

export interface Profiles {
  /**
   * Of whoever places, joins or invites. `given`: what the access answer says of him; undefined where
   * nobody was asked. Never rejects. Undefined: what is known of him already is better.
   */
  of(user: User, given?: Promise<KnownProfile | undefined>): Awaitable<Profile | undefined>;
  /** Out of the ID token alone. Undefined: somebody else knows better. */
  own(user: User): Profile | undefined;
}

export function createProfiles(options: {
  readonly profileOf?: ProfileOf | undefined;
  readonly firestore?: ProfileDocuments | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}): Profiles {
  const sources = sourcesOf(options);
  const ask = keeping(options.clock, createAsk(sources, options));
  /** Some access answer has said a name: that of the ID token must not take its place later. */
  let wasGiven = false;

  function best(user: User, known: KnownProfile, given: KnownProfile | undefined) {
    wasGiven ||= given?.name !== undefined;
    const own: Shown = given === undefined && wasGiven ? {} : user;
    const name = known.name ?? given?.name ?? own.name;
    if (name === undefined && given === undefined && wasGiven) return undefined;
    return cleaned(user.uid, { name, picture: known.picture ?? given?.picture ?? own.picture });
  }
  return {
    of(user, given) {
      // At once, so that nobody has to catch it.
      const word = given?.then(
        (said) => said ?? {},
        () => undefined,
      );
      return andThen(sources.length === 0 ? {} : ask(user.uid), (known) =>
        word === undefined
          ? best(user, known, undefined)
          : word.then((said) => best(user, known, said)),
      );
    },
    own: (user) => (sources.length > 0 || wasGiven ? undefined : cleaned(user.uid, user)),
  };
}

/** Of whatever was answered; what is no profile is an empty one. */
export function publicProfile(value: unknown): KnownProfile {
  const { name, picture } = (typeof value === 'object' && value !== null ? value : {}) as Partial<
    Record<keyof KnownProfile, unknown>
  >;
  const shown = typeof name === 'string' ? displayNameOf(name) : undefined;
  return {
    ...(shown !== undefined && { name: shown }),
    ...(typeof picture === 'string' && { picture }),
  };
}

function cleaned(uid: UserId, { name, picture }: Shown): Profile {
  return profileFrom({ uid, ...publicProfile({ name, picture }) });
}

type Source = (uid: UserId, signal: AbortSignal) => Awaitable<unknown>;

function sourcesOf({
  profileOf,
  firestore,
}: {
  profileOf?: ProfileOf | undefined;
  firestore?: ProfileDocuments | undefined;
}): Source[] {
  return [
    ...(profileOf === undefined ? [] : [profileOf]),
    ...(firestore === undefined ? [] : [inFirestore(firestore)]),
  ];
}

function inFirestore({ path, nameField, pictureField, fieldsOf }: ProfileDocuments): Source {
  const bounded = createBound(UNDER_WAY_MAX, 'questions to Firestore');
  const fields = [nameField.split('.'), pictureField.split('.')];
  return async (uid) => {
    if (!isDocumentId(uid)) return undefined;
    const [name, picture] = (await bounded(() => fieldsOf(profilePath(path, uid), fields))) ?? [];
    return { name, picture };
  };
}

interface Asked {
  readonly known: KnownProfile;
  /** Each that was asked has answered. */
  readonly isWhole: boolean;
}

/** One after the other, until one knows a name; all together have a second. */
function createAsk(
  sources: readonly Source[],
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): (uid: UserId) => Promise<Asked> {
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (err: unknown) => {
    if (clock.monotonic() - toldAt < TELL_EVERY_MS) return;
    toldAt = clock.monotonic();
    log.warn({ err }, 'the name of a caller could not be asked for: the next source is taken');
  };
  return async (uid) => {
    let asked: Asked = { known: {}, isWhole: true };
    const all = async (signal: AbortSignal): Promise<void> => {
      for (const source of sources) {
        try {
          const found = publicProfile(await source(uid, signal));
          // Its time was over, and the answer is given.
          if (signal.aborted) return;
          asked = { ...asked, known: { ...found, ...asked.known } };
        } catch (error) {
          if (signal.aborted) return;
          tell(error);
          asked = { ...asked, isWhole: false };
        }
        if (asked.known.name !== undefined) return;
      }
    };
    try {
      await withDeadline(clock, ANSWER_MS, all);
    } catch (error) {
      tell(error);
      asked = { ...asked, isWhole: false };
    }
    return asked;
  };
}

/** Keeps whole answers for a while; whoever asks meanwhile waits for the same one. */
function keeping(
  clock: Clock,
  ask: (uid: UserId) => Promise<Asked>,
): (uid: UserId) => Awaitable<KnownProfile> {
  const kept = createBoundedMap<{ known: KnownProfile; at: number }>(KEPT_MAX);
  const underWay = new Map<UserId, Promise<KnownProfile>>();
  async function begin(uid: UserId): Promise<KnownProfile> {
    const at = clock.monotonic();
    const { known, isWhole } = await ask(uid);
    if (isWhole) kept.set(uid, { known, at });
    underWay.delete(uid);
    return known;
  }
  return (uid) => {
    const found = kept.get(uid);
    if (found !== undefined && clock.monotonic() - found.at < KEPT_MS) return found.known;
    const asked = underWay.get(uid) ?? begin(uid);
    underWay.set(uid, asked);
    return asked;
  };
}
