// What createSwitchboard takes, and what it makes of it. No environment is read here.
import {
  type AuthorizeRoom,
  ROOM_ACCESS_RULES,
  type RoomAccessRule,
} from './access/room-access.ts';
import type { TrustProxy } from './http/app.ts';
import type { HostUser } from './http/authenticate.ts';
import type { Logger } from './log.ts';

/** What is taken from a firebase-admin `App`: its project id. Tokens are verified by Switchboard itself. */
export interface FirebaseApp {
  readonly options: { readonly projectId?: string; readonly credential?: unknown };
}

/**
 * Options of {@link createSwitchboard}. Each one that the standalone server has too is its
 * variable in camelCase: `LIVEKIT_API_KEY` is `livekitApiKey`.
 *
 * `userOf` and `authorizeRoom` are declared as methods, so that a host may write its own
 * framework's request type as the parameter.
 */
export interface SwitchboardOptions {
  /** The Firebase project whose users these are. Required unless `firebaseApp` or `userOf` is given. */
  firebaseProjectId?: string | undefined;
  /** The host's firebase-admin app, in place of `firebaseProjectId`. */
  firebaseApp?: FirebaseApp | undefined;
  /** A mirror of Google's key endpoint (a JWK Set). Default: Google's. */
  firebaseKeysUrl?: string | undefined;
  /**
   * Who the host's own middleware has authenticated: an object with a `uid`, or null or undefined
   * for nobody (401). In place of ID tokens. An error, or no answer in 2 s, is 503.
   */
  userOf?(request: unknown): HostUser | Promise<HostUser>;
  /** Without key or secret the token endpoint answers 500 `livekit_not_configured`. */
  livekitApiKey?: string | undefined;
  livekitApiSecret?: string | undefined;
  /** `wss://…`, told to clients as `server_url`. */
  livekitUrl?: string | undefined;
  /** Seconds a LiveKit token opens its room: 61 to 86400. Default 600. */
  livekitTokenTtlSeconds?: number | undefined;
  /** `any` (default): every verified user may join any room; `calls`: no room but those of calls. */
  roomAccess?: RoomAccessRule | undefined;
  /** The host's own rule, in place of `roomAccess`. An error, or no answer in 2 s, is 503. */
  authorizeRoom?: AuthorizeRoom | undefined;
  /** Requests of one user a minute: 1 to 1,000,000. Default 60. */
  tokenRatePerMinute?: number | undefined;
  /** Failed ID tokens of one address (a /64 in IPv6) a minute: 1 to 1,000,000. Default 600. */
  authFailuresPerMinute?: number | undefined;
  /** Origins of web pages that may call. Default none: CORS stays with the host. */
  corsOrigins?: readonly string[] | undefined;
  /** Proxies in front, where the host has no `req.ip`: hops, or addresses and CIDR ranges. Default 0. */
  trustProxy?: TrustProxy | undefined;
  /** Where the routes are when no router strips a prefix. Default `/api/calls`. */
  basePath?: string | undefined;
  /** Where log lines go: pino, Fastify's or any other with these methods. Default: warnings, as JSON on standard output. */
  logger?: Logger | undefined;
}

/** Options that have been checked, with every default in place. */
export interface Settings
  extends Omit<SwitchboardOptions, 'livekitApiKey' | 'livekitApiSecret' | 'userOf'> {
  userOf: ((request: unknown) => HostUser | Promise<HostUser>) | undefined;
  livekitKeys: { apiKey: string; apiSecret: string } | undefined;
  firebaseProjectId: string | undefined;
  livekitTokenTtlSeconds: number;
  rule: RoomAccessRule | AuthorizeRoom;
  tokenRatePerMinute: number;
  authFailuresPerMinute: number;
  corsOrigins: readonly string[];
  trustProxy: TrustProxy;
  basePath: string;
}

type Check = (value: unknown) => string | undefined;

const string: Check = (value) =>
  typeof value === 'string' && value.trim() !== '' ? undefined : 'must be a string, not empty';
/** Missing LiveKit keys never throw: an empty variable is a missing one. */
const maybeEmptyString: Check = (value) =>
  typeof value === 'string' ? undefined : 'must be a string';
const aFunction: Check = (value) =>
  typeof value === 'function' ? undefined : 'must be a function';
const integer =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `must be a whole number from ${min} to ${max}`;
const url =
  (...protocols: string[]): Check =>
  (value) =>
    typeof value === 'string' && protocols.includes(URL.parse(value)?.protocol ?? '')
      ? undefined
      : `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`;
const strings: Check = (value) =>
  Array.isArray(value) && value.every((item) => string(item) === undefined)
    ? undefined
    : 'must be a list of strings';

const CHECKS: Readonly<Record<keyof SwitchboardOptions, Check>> = {
  firebaseProjectId: string,
  firebaseApp: (value) =>
    typeof (value as FirebaseApp | null)?.options === 'object'
      ? undefined
      : 'must be a firebase-admin App',
  firebaseKeysUrl: url('https:', 'http:'),
  userOf: aFunction,
  livekitApiKey: maybeEmptyString,
  livekitApiSecret: maybeEmptyString,
  livekitUrl: url('wss:', 'ws:'),
  livekitTokenTtlSeconds: integer(61, 86_400),
  roomAccess: (value) =>
    (ROOM_ACCESS_RULES as readonly unknown[]).includes(value)
      ? undefined
      : `must be one of ${ROOM_ACCESS_RULES.join(', ')}`,
  authorizeRoom: aFunction,
  tokenRatePerMinute: integer(1, 1_000_000),
  authFailuresPerMinute: integer(1, 1_000_000),
  corsOrigins: strings,
  trustProxy: (value) => (typeof value === 'number' ? integer(0, 32)(value) : strings(value)),
  basePath: (value) =>
    typeof value === 'string' && /^(?:\/[\w.~-]+)+$/.test(value)
      ? undefined
      : 'must be a path like /api/calls, without a slash at its end',
  logger: (value) =>
    ['debug', 'info', 'warn', 'error'].every(
      (level) => typeof (value as Record<string, unknown> | null)?.[level] === 'function',
    )
      ? undefined
      : 'must have the methods debug, info, warn and error',
};

/** Checks everything and throws one TypeError that names every fault. */
export function checkOptions(options: SwitchboardOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('createSwitchboard takes an object of options');
  }
  const faults: string[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const check = Object.hasOwn(CHECKS, name)
      ? CHECKS[name as keyof SwitchboardOptions]
      : undefined;
    const fault = check === undefined ? 'is not an option' : check(value);
    if (fault !== undefined) faults.push(`${name} ${fault}`);
  }
  if (options.roomAccess !== undefined && options.authorizeRoom !== undefined) {
    faults.push('roomAccess and authorizeRoom exclude each other');
  }
  const projectId = faults.length === 0 ? projectIdOf(options) : undefined;
  if (faults.length === 0 && projectId === undefined && options.userOf === undefined) {
    faults.push(
      options.firebaseApp === undefined
        ? 'firebaseProjectId is missing (or give firebaseApp, or userOf)'
        : 'firebaseApp does not know its project id: give firebaseProjectId too',
    );
  }
  if (faults.length > 0) throw new TypeError(`createSwitchboard: ${faults.join('; ')}`);
  return {
    ...options,
    // Declared as methods, and called as such.
    userOf: options.userOf?.bind(options),
    rule: options.authorizeRoom?.bind(options) ?? options.roomAccess ?? 'any',
    firebaseProjectId: projectId,
    livekitKeys: keysOf(options),
    livekitTokenTtlSeconds: options.livekitTokenTtlSeconds ?? 600,
    tokenRatePerMinute: options.tokenRatePerMinute ?? 60,
    authFailuresPerMinute: options.authFailuresPerMinute ?? 600,
    corsOrigins: options.corsOrigins ?? [],
    trustProxy: options.trustProxy ?? 0,
    basePath: options.basePath ?? '/api/calls',
  };
}

/** Values copied from a console often end in a newline. */
function projectIdOf({ firebaseProjectId, firebaseApp }: SwitchboardOptions): string | undefined {
  if (firebaseProjectId !== undefined) return firebaseProjectId.trim();
  const { projectId, credential } = firebaseApp?.options ?? {};
  // A service account credential knows its project where the app was not told.
  const known = projectId ?? (credential as { projectId?: unknown } | undefined)?.projectId;
  return typeof known === 'string' && known !== '' ? known : undefined;
}

function keysOf(options: SwitchboardOptions): Settings['livekitKeys'] {
  const apiKey = options.livekitApiKey?.trim();
  const apiSecret = options.livekitApiSecret?.trim();
  return apiKey && apiSecret ? { apiKey, apiSecret } : undefined;
}
