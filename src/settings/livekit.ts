// The LiveKit server for which tokens are.
import { faultOfLivekitUrl, isLoopback } from '../base/faults.ts';
import { integer, secret, text } from './kinds.ts';
import { faultOfApiKey, faultOfApiSecret, keyFaults, keyWarnings } from './livekit-keys.ts';
import type { Say } from './say.ts';
import type { Table, ValuesOf } from './setting.ts';
import type { LiveKitSettings } from './settings.ts';

const TTL_SECONDS = { min: 61, max: 86_400 };

export const LIVEKIT = {
  /** Without key or secret the token endpoint answers 500 `livekit_not_configured`. */
  livekitApiKey: {
    variable: 'LIVEKIT_API_KEY',
    meaning: 'Signs tokens. Unset: the server starts, `readyz` is 503 and no token is handed out',
    secret: true,
    kind: secret(faultOfApiKey, { maybeEmpty: true }),
  },
  livekitApiSecret: {
    variable: 'LIVEKIT_API_SECRET',
    meaning: 'The secret of that key',
    secret: true,
    kind: secret(faultOfApiSecret, { maybeEmpty: true }),
  },
  /** The key before, while keys rotate: webhooks that it signed still count. */
  livekitPreviousApiKey: {
    variable: 'LIVEKIT_PREVIOUS_API_KEY',
    meaning: 'The key before, while keys rotate: webhooks that it signed still count',
    secret: true,
    kind: secret(faultOfApiKey, { maybeEmpty: true }),
  },
  livekitPreviousApiSecret: {
    variable: 'LIVEKIT_PREVIOUS_API_SECRET',
    meaning: 'The secret of the key before',
    secret: true,
    kind: secret(faultOfApiSecret, { maybeEmpty: true }),
  },
  /** `wss://…`, told to clients as `server_url`. Calls need it: the server is asked by it. */
  livekitUrl: {
    variable: 'LIVEKIT_URL',
    meaning: '`wss://…`, told to clients as `server_url`; calls need it',
    kind: text(faultOfLivekitUrl),
  },
  /** Seconds a LiveKit token opens its room: 61 to 86400. Default 600. */
  livekitTokenTtlSeconds: {
    variable: 'LIVEKIT_TOKEN_TTL_SECONDS',
    meaning: `How long a LiveKit token opens its room: ${TTL_SECONDS.min} to ${TTL_SECONDS.max} seconds`,
    default: '600',
    kind: integer(TTL_SECONDS.min, TTL_SECONDS.max),
  },
} as const satisfies Table;

const KEYS = ['livekitApiKey', 'livekitApiSecret'] as const;
const PREVIOUS = ['livekitPreviousApiKey', 'livekitPreviousApiSecret'] as const;

export function livekitSettings(
  values: ValuesOf<typeof LIVEKIT>,
  say: Say<keyof typeof LIVEKIT>,
): LiveKitSettings {
  const { livekitApiKey: apiKey, livekitApiSecret: apiSecret, livekitUrl: url } = values;
  if (say.production && url !== undefined) warnOfAddress(url, say);
  const production = say.production;
  const names = { apiKey: say.nameOf('livekitApiKey'), apiSecret: say.nameOf('livekitApiSecret') };
  for (const fault of keyFaults({ apiKey, apiSecret }, names)) say.fault(fault);
  for (const warning of keyWarnings({ apiKey, apiSecret }, { names, production }))
    say.warning(warning);
  return {
    keys: apiKey && apiSecret ? { apiKey, apiSecret } : undefined,
    previousKeys: previousKeys(values, say),
    missingKeys: KEYS.filter((option) => !values[option]).map((option) => ({
      variable: LIVEKIT[option].variable,
      option,
    })),
    url,
    tokenTtlSeconds: values.livekitTokenTtlSeconds,
  };
}

function previousKeys(
  values: ValuesOf<typeof LIVEKIT>,
  say: Say<keyof typeof LIVEKIT>,
): LiveKitSettings['previousKeys'] {
  const { livekitPreviousApiKey: apiKey, livekitPreviousApiSecret: apiSecret } = values;
  const [key, secret] = PREVIOUS;
  if (!apiKey && apiSecret) say.needs(secret, key);
  if (apiKey && !apiSecret) say.needs(key, secret);
  if (!apiKey || !apiSecret) return undefined;
  const names = { apiKey: say.nameOf(key), apiSecret: say.nameOf(secret) };
  for (const fault of keyFaults({ apiKey, apiSecret }, names)) say.fault(fault);
  return { apiKey, apiSecret };
}

function warnOfAddress(url: string, say: Say<keyof typeof LIVEKIT>): void {
  const name = say.nameOf('livekitUrl');
  const { protocol, hostname } = new URL(url);
  if (protocol === 'ws:') {
    say.warning(`${name} is ws://, not encrypted: use wss:// in production`);
  }
  if (isLoopback(hostname)) {
    say.warning(`${name} leads to the machine of whoever asks: clients can't reach this one by it`);
  } else if (/(?:^|\.)example(?:\.(?:com|net|org))?$/.test(hostname)) {
    say.warning(`${name} is the name of an example, which nobody has (RFC 2606)`);
  }
}
