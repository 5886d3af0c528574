// Every variable of the standalone server: .env.example and the README's table are made from this.
import { faultOfMembersField, faultOfRoomPath } from '../access/firestore-rule.ts';
import { faultOfAccessSecret, faultOfAccessUrl } from '../access/http-rule.ts';
import { ROOM_ACCESS_RULES } from '../access/room-access.ts';
import {
  faultOfKeysUrl,
  faultOfLivekitUrl,
  faultOfOrigin,
  faultOfRedisUrl,
} from '../base/faults.ts';
import { LOG_LEVELS } from '../base/log.ts';
import {
  credentialsFile,
  free,
  integer,
  list,
  listOf,
  oneOf,
  onOff,
  serviceAccount,
  text,
  trustProxy,
} from './parse.ts';

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
    parse: free(faultOfKeysUrl),
  },
  FIREBASE_SERVICE_ACCOUNT: {
    meaning:
      'The service account’s JSON, or base64 of it; or let GOOGLE_APPLICATION_CREDENTIALS name ' +
      'its file. Only for what asks Firebase (CHECK_REVOKED, APP_CHECK_CONSUME, ROOM_ACCESS=firestore)',
    secret: true,
    parse: serviceAccount,
  },
  GOOGLE_APPLICATION_CREDENTIALS: {
    meaning: 'A file that holds the service account’s JSON',
    parse: credentialsFile,
  },
  FIREBASE_AUTH_EMULATOR_HOST: {
    meaning:
      'Accepts the Auth emulator’s unsigned tokens: only with a `demo-…` project, never with NODE_ENV=production',
    parse: text,
  },
  CHECK_REVOKED: {
    meaning: '`on` refuses revoked sessions and disabled accounts; needs the service account',
    default: 'off',
    parse: onOff,
  },
  ANONYMOUS_USERS: {
    meaning: 'Whether anonymous accounts count: `allow` or `deny`',
    default: 'allow',
    parse: oneOf(['allow', 'deny']),
  },
  EMAIL_VERIFIED: {
    meaning: '`required`: only accounts whose e-mail address is verified; otherwise `any`',
    default: 'any',
    parse: oneOf(['any', 'required']),
  },
  FIREBASE_TENANT_IDS: {
    meaning:
      'Identity Platform tenants whose users count, and then nobody else’s; separated by commas',
    parse: list,
  },
  APP_CHECK: {
    meaning: '`monitor` counts requests by their App Check token, `enforce` refuses those without',
    default: 'off',
    parse: oneOf(['off', 'monitor', 'enforce']),
  },
  APP_CHECK_APP_IDS: {
    meaning: 'App ids that count, separated by commas. Unset: every app of the project',
    parse: list,
  },
  APP_CHECK_KEYS_URL: {
    meaning: 'A mirror of App Check’s key endpoint: https, or http on loopback',
    parse: free(faultOfKeysUrl),
  },
  APP_CHECK_CONSUME: {
    meaning:
      '`on`: each App Check token is good once (a call to Google each; needs the service account)',
    default: 'off',
    parse: onOff,
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
    parse: free(faultOfLivekitUrl),
  },
  LIVEKIT_TOKEN_TTL_SECONDS: {
    meaning: 'How long a LiveKit token opens its room: 61 to 86400 seconds',
    default: '600',
    parse: integer(61, 86_400),
  },
  ROOM_ACCESS: {
    meaning:
      'Who may enter a room: `any` verified user, `calls` (nobody but a call’s own), `firestore` ' +
      '(members of a document), `http` (whom your backend lets in)',
    default: 'any',
    parse: oneOf(ROOM_ACCESS_RULES),
  },
  FIRESTORE_ROOM_PATH: {
    meaning: 'For `firestore`: the room’s document, like `chats/{roomName}`',
    parse: free(faultOfRoomPath),
  },
  FIRESTORE_MEMBERS_FIELD: {
    meaning: 'For `firestore`: the field with the members’ uids, a list or a map; may be dotted',
    default: 'members',
    parse: free(faultOfMembersField),
  },
  ACCESS_URL: {
    meaning: 'For `http`: where your backend answers; https, or http in a private network',
    parse: free(faultOfAccessUrl),
  },
  ACCESS_SECRET: {
    meaning: 'For `http`: the Standard Webhooks secret (`whsec_…`) that signs each question',
    secret: true,
    parse: free(faultOfAccessSecret),
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
  REDIS_URL: {
    meaning: '`redis://…` or `rediss://…`: the limits hold over all instances together',
    secret: true,
    parse: free(faultOfRedisUrl),
  },
  CORS_ORIGINS: {
    meaning: 'Origins of web pages that may call, separated by commas; no `*`',
    parse: listOf(faultOfOrigin),
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
