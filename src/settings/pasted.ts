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

/** `no`: no value can be so. `may`: a secret may well be so. `placeholder`: hardly anything else. */
type Sure = 'no' | 'placeholder' | 'may';
type Look = readonly [look: RegExp, fault: string, sure: Sure];

const NOBODY_FILLED_IN = 'is a placeholder that nobody has filled in: put the value itself there';
const MASKED = 'is a masked copy, and not the value: copy it where it is shown in full';
const REFERENCE =
  'holds a reference that nobody has filled in, like {NAME} or $NAME: put the value itself there';

/** In this order: what comes first says most. */
const LOOKS: readonly Look[] = [
  [/[\0\uFFFD]/, "is no UTF-8 (Windows' editors and shells write UTF-16): save it as UTF-8", 'no'],
  [
    /^(?:(?:export|set|ENV)\s+)?[A-Z][A-Z0-9]{2,}(?:_[A-Z0-9]+)*\s*=\s*[^=\s]|^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+:\s/,
    'begins with the name of a variable: put only what stands behind it',
    'may',
  ],
  [
    /^(["'])[\w-]+\1\s*:/,
    'is a line of a configuration: put only the value, without its name',
    'may',
  ],
  [/\s#/, 'has a comment behind it: put the comment on a line of its own', 'may'],
  [
    /^["'`“”‘’«»]|["'`“”‘’«»]$/,
    'has a quote at its edge that belongs to no other: leave it out',
    'may',
  ],
  [/[\r\n]/, 'holds a line break: put one line, and nothing else of the file', 'no'],
  [/[,;]$/, 'ends in a comma or a semicolon of what it was copied from: leave it out', 'may'],
  [
    /\p{Cc}/u,
    'holds a control character, as terminals use them for colours: copy it from where it is plain',
    'no',
  ],
  [
    /^(?:op|vault|sm|ssm|gsm|awssm|ref\+\w+):|^arn:aws|^@Microsoft\.KeyVault|^projects\/[^/]+\/secrets\//,
    'is the address of a secret in some store, which nobody has looked up: put the value itself there',
    'placeholder',
  ],
  [
    /^tcp:\/\//,
    "is the address of a Kubernetes Service of that name: set enableServiceLinks: false in the pod's spec",
    'placeholder',
  ],
  [
    /^(?:undefined|null|nil|nan|\[object \w+\])$/i,
    'is what programs write where there is no value (undefined, null): whatever sets it has none',
    'placeholder',
  ],
  [/^\$\(?[A-Za-z_]\w*\)?$|^%[A-Za-z_]\w*%$|^\[\[.*\]\]$|^@@?\w+@@?$/, REFERENCE, 'may'],
  [/^\$\{.*\}$|^\$?\{\{.*\}\}$|^%\{.*\}%?$/, REFERENCE, 'placeholder'],
  [/^<.*>$/, NOBODY_FILLED_IN, 'placeholder'],
  [
    /^(?:your[-_ ]?|(?:insert|enter|paste|put|replace|change)[-_ ]).{0,40}(?:key|secret|url|id|token|password|project|host|account|here|me|this)$/i,
    NOBODY_FILLED_IN,
    'placeholder',
  ],
  [/^(?:change-?me|todo|tbd|fixme|placeholder|example|dummy)$/i, NOBODY_FILLED_IN, 'placeholder'],
  [/^(?:API)?x{4,}$|^[*•·.…]{3,}$|^\W*redacted\W*$/i, MASKED, 'placeholder'],
  [/redacted/i, MASKED, 'may'],
];
const LOOKS_OF_SECRETS: readonly Look[] = [
  ...LOOKS,
  [/\*{3,}|[•…]|\.{3,}|x{8,}/i, MASKED, 'may'],
  [/^(?:true|false|none)$/i, NOBODY_FILLED_IN, 'placeholder'],
];

/** What a value can't be, whatever it is for; a sentence without it, or undefined. */
export const faultOfPasted = (text: string): string | undefined =>
  faultOfInvisible(text) ?? LOOKS.find(([look]) => look.test(text))?.[1];

function faultOfInvisible(text: string): string | undefined {
  const invisible = INVISIBLE.exec(text)?.[0];
  return invisible === undefined
    ? undefined
    : `holds an invisible character (${codePoint(invisible)}): type it, or copy it from where it was made`;
}

const BY_FILE =
  'if it really is so, put it into a file, and name that in the same variable with _FILE behind it';

/**
 * What a secret can't be. One's own is free text, so there has to be a way for any: a file is
 * taken as it is, and a host knows what it passes as an option.
 */
export function faultOfPastedSecret(
  text: string,
  from: 'variable' | 'file' | 'option',
  odd: Odd,
): string | undefined {
  const looks = LOOKS_OF_SECRETS.filter(([look]) => look.test(text));
  const fault = (...sure: Sure[]) => looks.find(([, , one]) => sure.includes(one))?.[1];
  const no = fault('no');
  if (no !== undefined || from === 'file') return no;
  const certain =
    faultOfInvisible(text) ?? (from === 'option' ? fault('placeholder') : looks[0]?.[1]);
  if (certain !== undefined) return from === 'option' ? certain : `${certain}; ${BY_FILE}`;
  const doubt = fault('may');
  if (doubt !== undefined) odd(`${doubt}, unless it really is so`);
  return undefined;
}

/** What a secret hardly is. */
export function oddInSecret(text: string): string | undefined {
  if (/[^\x20-\x7e]/.test(text))
    return 'holds characters outside ASCII: others may read them otherwise';
  return /\s/.test(text) ? 'holds a blank: more may have been copied than the secret' : undefined;
}
