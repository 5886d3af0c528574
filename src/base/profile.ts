// Of a user what others may see.
import { LIVEKIT_NAME_MAX_BYTES, type UserId } from './ids.ts';
import type { User } from './user.ts';

const PICTURE_MAX_BYTES = 1024;
const HTTPS = /^https:\/\//i;

export interface Profile {
  readonly uid: UserId;
  readonly name?: string;
  readonly picture?: string;
}

/** Without NUL and lone surrogates, which no database keeps. */
export function profileOf(user: Pick<User, 'uid' | 'name' | 'picture'>): Profile {
  const name = nameOf(user)?.replaceAll('\0', '');
  const picture = pictureOf(user);
  return {
    uid: user.uid,
    ...(name && { name }),
    ...(picture?.includes('\0') === false && picture.isWellFormed() && { picture }),
  };
}

/** Cut to LiveKit's limit between characters as people see them (grapheme clusters). */
export function nameOf({ name }: Pick<User, 'name'>): string | undefined {
  if (name === undefined) return undefined;
  const wellFormed = name.toWellFormed();
  if (Buffer.byteLength(wellFormed) <= LIVEKIT_NAME_MAX_BYTES) return wellFormed;
  let cut = '';
  let bytes = 0;
  for (const { segment } of new Intl.Segmenter().segment(wellFormed.slice(0, 512))) {
    bytes += Buffer.byteLength(segment);
    if (bytes > LIVEKIT_NAME_MAX_BYTES) break;
    cut += segment;
  }
  return cut === '' ? undefined : cut;
}

export function pictureOf({ picture }: Pick<User, 'picture'>): string | undefined {
  if (picture === undefined || Buffer.byteLength(picture) > PICTURE_MAX_BYTES) return undefined;
  return HTTPS.test(picture) && URL.canParse(picture) ? picture : undefined;
}
