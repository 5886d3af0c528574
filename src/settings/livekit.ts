// The LiveKit server for which tokens are.
import { faultOfLivekitUrl } from '../base/faults.ts';
import { integer, maybeEmptyText, text } from './kinds.ts';
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
    kind: maybeEmptyText,
  },
  livekitApiSecret: {
    variable: 'LIVEKIT_API_SECRET',
    meaning: 'The secret of that key',
    secret: true,
    kind: maybeEmptyText,
  },
  /** `wss://…`, told to clients as `server_url`. */
  livekitUrl: {
    variable: 'LIVEKIT_URL',
    meaning: '`wss://…`, told to clients as `server_url`',
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

export function livekitSettings(
  values: ValuesOf<typeof LIVEKIT>,
  say: Say<keyof typeof LIVEKIT>,
): LiveKitSettings {
  const { livekitApiKey: apiKey, livekitApiSecret: apiSecret, livekitUrl: url } = values;
  if (say.production && url?.startsWith('ws:')) {
    say.warning(`${say.nameOf('livekitUrl')} is ws://, not encrypted: use wss:// in production`);
  }
  return {
    keys: apiKey && apiSecret ? { apiKey, apiSecret } : undefined,
    missingKeys: KEYS.filter((option) => !values[option]).map((option) => ({
      variable: LIVEKIT[option].variable,
      option,
    })),
    url,
    tokenTtlSeconds: values.livekitTokenTtlSeconds,
  };
}
