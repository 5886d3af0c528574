// What LiveKit's keys look like, and what is taken for them. A key of one's own server is free
// text; those that LiveKit makes have a form.

/** `API` and 12 characters; older ones are longer (livekit/protocol, utils/id.go). */
const MADE_KEY = /^API[1-9A-HJ-NP-Za-km-z]{10,30}$/;
/** 32 random bytes in base 62 (livekit/protocol, utils/secret.go). */
const MADE_SECRET = /^[\dA-Za-z]{40,50}$/;
/** Below, LiveKit logs an error (pkg/config, ValidateKeys). */
const SECRET_MIN_BYTES = 32;
/** The pair of `livekit-server --dev`. */
const DEVELOPMENT = { apiKey: 'devkey', apiSecret: 'secret' };

interface Keys<T = string | undefined> {
  readonly apiKey: T;
  readonly apiSecret: T;
}

const faultOfEither = (value: string): string | undefined => {
  if (/^[a-z]+:\/\//i.test(value)) return 'is a URL: the address belongs into LIVEKIT_URL';
  if (/^eyJ[\w-]+\.[\w-]+\./.test(value)) {
    return 'is a token: the key and the secret that sign tokens are needed';
  }
  return /^[^\s:]+["']?:\s+\S/.test(value) || /^API[\w]{8,}["']?[:=,;]\s*\S/.test(value)
    ? 'holds key and secret in one: put what stands before the colon into LIVEKIT_API_KEY, and the rest into LIVEKIT_API_SECRET'
    : undefined;
};

/** As the end of a sentence that holds nothing of it, or undefined. */
export const faultOfApiKey = faultOfEither;
export const faultOfApiSecret = faultOfEither;

/** What shows only in both together. */
export function keyFaults({ apiKey = '', apiSecret = '' }: Keys, names: Keys<string>): string[] {
  if (!MADE_KEY.test(apiSecret)) return [];
  if (apiKey === apiSecret)
    return [`${names.apiSecret} is the key once more: put the secret there`];
  return MADE_KEY.test(apiKey)
    ? [`${names.apiSecret} is a key too: put the secret of ${names.apiKey} there`]
    : [`${names.apiSecret} holds a key: it and ${names.apiKey} are swapped?`];
}

export function keyWarnings(
  { apiKey = '', apiSecret = '' }: Keys,
  { names, production }: { readonly names: Keys<string>; readonly production: boolean },
): string[] {
  if (apiKey === DEVELOPMENT.apiKey && apiSecret === DEVELOPMENT.apiSecret) {
    return production
      ? [`${names.apiKey} and ${names.apiSecret} are the development pair, which everybody knows`]
      : [];
  }
  const isShort = apiSecret !== '' && Buffer.byteLength(apiSecret) < SECRET_MIN_BYTES;
  return [
    ...encoded(apiKey, names.apiKey),
    ...encoded(apiSecret, names.apiSecret),
    ...(isShort
      ? [
          `${names.apiSecret} is shorter than ${SECRET_MIN_BYTES} bytes: a part of it is missing, or it can be guessed`,
        ]
      : []),
  ];
}

/** Kubernetes shows secrets in base64, and so they are copied. One's own may be of that form. */
function encoded(value: string, name: string): string[] {
  if (!/^[A-Za-z\d+/]{16,}={0,2}$/.test(value)) return [];
  const inside = Buffer.from(value, 'base64').toString('latin1').trimEnd();
  return MADE_KEY.test(inside) || MADE_SECRET.test(inside)
    ? [`${name} is base64 of what LiveKit hands out: decode it (base64 -d)`]
    : [];
}
