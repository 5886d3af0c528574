// A person's name for the screen of somebody else's phone, whoever has written it.

/** Unicode characters; and so at most 256 bytes, LiveKit's limit for a name. */
export const DISPLAY_NAME_MAX_CHARACTERS = 64;
/** Nobody's name is longer; what is, is not worth the work. */
const LOOKED_AT = 1_024;

/** Undefined: it is none that may be shown. A phone number or an address by itself is no name. */
export function displayNameOf(name: string): string | undefined {
  const shown = cut(withoutHidden(name.slice(0, LOOKED_AT)));
  if (!VISIBLE.test(shown) || isNumberOrAddress(shown)) return undefined;
  return shown;
}

const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

// White space of any kind, and the blank of Braille.
const SPACES = /[\p{White_Space}\u2800]+/gu;
// Controls, marks of direction, what has no width, what is ignored, half characters. U+FE0E and U+FE0F
// choose how a sign is drawn; joiners are looked at by themselves.
const HIDDEN =
  /(?!\u200C|\u200D|\uFE0E|\uFE0F)[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
// In Persian and the scripts of India joiners are spelling, and in emoji they make one out of several.
const JOINER =
  /(?<![\p{M}\p{Emoji_Presentation}\p{Script=Arabic}])[\u200C\u200D]+|[\u200C\u200D]+(?=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\s\u200C\u200D]|$)/gu;

const withoutHidden = (name: string): string =>
  name.replace(SPACES, ' ').replace(HIDDEN, '').replace(JOINER, '').replace(SPACES, ' ').trim();

/** Between characters as people see them (grapheme clusters). */
function cut(name: string): string {
  let characters = 0;
  let end = 0;
  for (const { segment, index } of new Intl.Segmenter().segment(name)) {
    characters += [...segment].length;
    if (characters > DISPLAY_NAME_MAX_CHARACTERS) break;
    end = index + segment.length;
  }
  return name.slice(0, end).trimEnd();
}

const ADDRESS = /^<?(?:mailto:|sip:)?[^\s@]+@[^\s@]+\.[^\s@]+>?$/iu;
const NUMBER = /^(?:tel|phone|mobile)?[^\p{L}]*(?:(?:ext|x)[^\p{L}]*)?$/iu;
/** Shorter numbers are nobody's. */
const NUMBER_MIN_DIGITS = 5;

function isNumberOrAddress(name: string): boolean {
  // Full-width digits and signs are those that they look like.
  const plain = name.normalize('NFKC');
  const digits = plain.match(/\p{Nd}/gu)?.length ?? 0;
  return ADDRESS.test(plain) || (digits >= NUMBER_MIN_DIGITS && NUMBER.test(plain));
}
