// Every variable of the standalone server: .env.example and the README's table are made from this.
import { ROOM_ACCESS_RULES } from '../access/room-access.ts';
import { LOG_LEVELS } from '../log.ts';
import { integer, keysUrl, list, oneOf, origin, text, trustProxy, urlOf } from './parse.ts';

/** One row of the table. */
export interface Variable<T = unknown> {
  readonly meaning: string;
  /** As text, as an operator would write it. Absent: unset. */
  readonly default?: string;
  readonly required?: true;
  /** Also read from `NAME_FILE` or a secret file; its value is never printed. */
  readonly secret?: true;
  /** Reads the text, or throws an Error whose message ends the sentence "NAME …". */
  readonly parse: (text: string) => T;
}

export const VARIABLES = {
  FIREBASE_PROJECT_ID: {
    meaning: 'The Firebase project whose users these are',
    required: true,
    parse: text,
  },
  FIREBASE_KEYS_URL: {
    meaning: 'A mirror of Google’s key endpoint: https, or http on loopback',
    parse: keysUrl,
  },
  LIVEKIT_API_KEY: {
    meaning: 'Signs tokens. Unset: the server starts, `readyz` is 503 and no token is handed out',
    secret: true,
    parse: text,
  },
  LIVEKIT_API_SECRET: {
    meaning: 'The secret of that key',
    secret: true,
    parse: text,
  },
  LIVEKIT_URL: {
    meaning: '`wss://…`, told to clients as `server_url`',
    parse: (value) => urlOf(value, ['wss:', 'ws:']),
  },
  LIVEKIT_TOKEN_TTL_SECONDS: {
    meaning: 'How long a LiveKit token opens its room: 61 to 86400 seconds',
    default: '600',
    parse: integer(61, 86_400),
  },
  ROOM_ACCESS: {
    meaning: 'Who may enter a room: `any` verified user, or `calls` (nobody but a call’s own)',
    default: 'any',
    parse: oneOf(ROOM_ACCESS_RULES),
  },
  TOKEN_RATE_PER_MINUTE: {
    meaning: 'Token requests of one user a minute: 1 to 1000000',
    default: '60',
    parse: integer(1, 1_000_000),
  },
  AUTH_FAILURES_PER_MINUTE: {
    meaning: 'Failed ID tokens of one address (a /64 in IPv6) a minute: 1 to 1000000',
    default: '600',
    parse: integer(1, 1_000_000),
  },
  CORS_ORIGINS: {
    meaning: 'Origins of web pages that may call, separated by commas; no `*`',
    parse: (value) => list(value).map(origin),
  },
  TRUST_PROXY: {
    meaning: 'Proxies in front: a number of hops, or addresses and CIDR ranges (Render: 1)',
    default: '0',
    parse: trustProxy,
  },
  HOST: { meaning: 'The address to listen on', default: '0.0.0.0', parse: text },
  PORT: {
    meaning: 'The port to listen on; 0 takes any',
    default: '3000',
    parse: integer(0, 65_535),
  },
  LOG_LEVEL: {
    meaning: `One of ${LOG_LEVELS.join(', ')}`,
    default: 'info',
    parse: oneOf(LOG_LEVELS),
  },
  DRAIN_SECONDS: {
    meaning: 'How long a stopping server serves on: 0 to 8 seconds',
    default: '2',
    parse: integer(0, 8),
  },
  METRICS_TOKEN: {
    meaning: 'Bearer token of `/metrics`. Unset: there is no such route',
    secret: true,
    parse: text,
  },
} as const satisfies Record<string, Variable>;
