// What else comes along when a value is pasted: quotes, invisible characters, its own name, a
// placeholder. What was meant beyond doubt is mended and told; the rest is a fault. No sentence
// here holds any of the text: it may be a secret.

/** Hears what was amiss and has been mended, as the end of the sentence "NAME …". */
export type Odd = (sentence: string) => void;
export const unheard: Odd = () => {};

const QUOTES = ['""', "''", '``', '“”', '‘’', '«»'];
const AT_THE_EDGES = /^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu;
/** Format characters (zero-width, byte order mark, soft hyphen), and blanks that are not ASCII's. */
const INVISIBLE = /\p{Cf}|[^\S \t\r\n\v\f]/u;

const MENDED = 'mend it where it is set';

/** The value alone, where that is beyond doubt. */
export function unpacked(text: string, odd: Odd = unheard): string {
  const trimmed = text.replace(AT_THE_EDGES, '');
  const cut = text.length === trimmed.length ? '' : text.replace(trimmed, '');
  const invisible = INVISIBLE.exec(cut)?.[0];
  if (invisible !== undefined) {
    odd(
      `has an invisible character (${codePoint(invisible)}) at its edge, which is left out: ${MENDED}`,
    );
  }
  const rest = trimmed.replace(/(?:(?:\\r)?\\n)+$/, '');
  if (rest !== trimmed) {
    odd(`ends in a backslash and an n in place of a line end, which are left out: ${MENDED}`);
    return unpacked(rest, odd);
  }
  const pair = QUOTES.find(
    ([open = '', close = '']) =>
      trimmed.length > 1 &&
      trimmed.startsWith(open) &&
      trimmed.endsWith(close) &&
      ![open, close].some((quote) => trimmed.slice(1, -1).includes(quote)),
  );
  if (pair === undefined) return trimmed;
  odd(`stands in quotes, which are left out: ${MENDED}`);
  return unpacked(trimmed.slice(1, -1), odd);
}

const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

type Look = readonly [look: RegExp, fault: string];

const NOBODY_FILLED_IN = 'is a placeholder that nobody has filled in: put the value itself there';
const REFERENCE =
  'holds a reference that nobody has filled in, like {NAME} or $NAME: put the value itself there';

/** In this order: what comes first says most. */
const LOOKS: readonly Look[] = [
  [/[\0\uFFFD]/, "is no UTF-8 (Windows' editors and shells write UTF-16): save it as UTF-8"],
  [
    /^(?:(?:export|set|ENV)\s+)?[A-Z][A-Z0-9]{2,}(?:_[A-Z0-9]+)*\s*=\s*[^=\s]|^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+:\s/,
    'begins with the name of a variable: put only what stands behind it',
  ],
  [/^(["'])[\w-]+\1\s*:/, 'is a line of a configuration: put only the value, without its name'],
  [/\s#/, 'has a comment behind it: put the comment on a line of its own'],
  [/^["'`“”‘’«»]|["'`“”‘’«»]$/, 'has a quote at its edge that belongs to no other: leave it out'],
  [/[\r\n]/, 'holds a line break: put one line, and nothing else of the file'],
  [/[,;]$/, 'ends in a comma or a semicolon of what it was copied from: leave it out'],
  [
    /\p{Cc}/u,
    'holds a control character, as terminals use them for colours: copy it from where it is plain',
  ],
  [
    /^(?:op|vault|sm|ssm|gsm|awssm|ref\+\w+):|^arn:aws|^@Microsoft\.KeyVault|^projects\/[^/]+\/secrets\//,
    'is the address of a secret in some store, which nobody has looked up: put the value itself there',
  ],
  [
    /^tcp:\/\//,
    "is the address of a Kubernetes Service of that name: set enableServiceLinks: false in the pod's spec",
  ],
  [
    /^(?:undefined|null|nil|nan|\[object \w+\])$/i,
    'is what programs write where there is no value (undefined, null): whatever sets it has none',
  ],
  [/^\$\(?[A-Za-z_]\w*\)?$|^%[A-Za-z_]\w*%$|^\[\[.*\]\]$|^@@?\w+@@?$/, REFERENCE],
  [/^\$\{.*\}$|^\$?\{\{.*\}\}$|^%\{.*\}%?$/, REFERENCE],
  [/^<.*>$/, NOBODY_FILLED_IN],
  [
    /^(?:your[-_ ]?|(?:insert|enter|paste|put|replace|change)[-_ ]).{0,40}(?:key|secret|url|id|token|password|project|host|account|here|me|this)$/i,
    NOBODY_FILLED_IN,
  ],
  [/^(?:change-?me|todo|tbd|fixme|placeholder|example|dummy)$/i, NOBODY_FILLED_IN],
  [
    /^(?:API)?x{4,}$|^[*•·.…]{3,}$|redacted/i,
    'is a masked copy, and not the value: copy it where it is shown in full',
  ],
];

/** What a value can't be, whatever it is for; a sentence without it, or undefined. */
export function faultOfPasted(text: string): string | undefined {
  const invisible = INVISIBLE.exec(text)?.[0];
  if (invisible !== undefined) {
    return `holds an invisible character (${codePoint(invisible)}): type it, or copy it from where it was made`;
  }
  return LOOKS.find(([look]) => look.test(text))?.[1];
}

const MASKED = /\*{3,}|[•…]|\.{3,}|x{8,}/i;

/** What a secret can't be. */
export function faultOfPastedSecret(text: string): string | undefined {
  if (MASKED.test(text))
    return 'is a masked copy, and not the value: copy it where it is shown in full';
  return /^(?:true|false|none)$/i.test(text) ? NOBODY_FILLED_IN : undefined;
}

/** What a secret hardly is. */
export function oddInSecret(text: string): string | undefined {
  if (/[^\x20-\x7e]/.test(text))
    return 'holds characters outside ASCII: others may read them otherwise';
  return /\s/.test(text) ? 'holds a blank: more may have been copied than the secret' : undefined;
}
