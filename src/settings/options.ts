// What createSwitchboard takes.
import type { AuthorizeRoom, RoomAccessRule } from '../access/room-access.ts';
import type { HostUser } from '../admission/authenticate.ts';
import type { FirebaseApp } from '../base/firebase-admin.ts';
import type { Logger } from '../base/log.ts';
import type { TrustProxy } from '../http/app.ts';

/**
 * Options of {@link createSwitchboard}. Each one that the standalone server has too is its
 * variable in camelCase: `LIVEKIT_API_KEY` is `livekitApiKey`.
 *
 * `userOf` is declared as a method, so that a host may write its own framework's request type as
 * the parameter.
 */
export interface SwitchboardOptions {
  /** The Firebase project whose users these are. Required unless `firebaseApp` or `userOf` is given. */
  firebaseProjectId?: string | undefined;
  /**
   * The host's firebase-admin app. Its project id stands in for `firebaseProjectId`, and its
   * credential serves `checkRevoked`, `appCheckConsume` and `roomAccess: 'firestore'`. ID tokens
   * are verified by Switchboard itself: firebase-admin can't tell an outage from a forgery.
   */
  firebaseApp?: FirebaseApp | undefined;
  /** A mirror of Google's key endpoint (a JWK Set). Default: Google's. */
  firebaseKeysUrl?: string | undefined;
  /**
   * Accepts the Auth emulator's unsigned tokens, and no others. Only for a project whose id begins
   * with `demo-`, and never with `NODE_ENV=production`: createSwitchboard throws.
   */
  firebaseAuthEmulatorHost?: string | undefined;
  /**
   * Who the host's own middleware has authenticated: an object with a `uid`, or null or undefined
   * for nobody (401). In place of ID tokens. An error, or no answer in 2 s, is 503.
   *
   * @example
   * // A firebase-admin DecodedIdToken as it is, or its members that the settings below need.
   * userOf: (request) => request.session && {
   *   uid: request.session.uid,
   *   email_verified: request.session.emailVerified,
   *   firebase: { sign_in_provider: 'password' },
   * }
   */
  userOf?(request: unknown): HostUser | Promise<HostUser>;
  /** Refuses revoked sessions and disabled or deleted accounts; needs `firebaseApp`. Default false. */
  checkRevoked?: boolean | undefined;
  /**
   * Whether anonymous accounts count. Default `allow`. With `deny` and `userOf` its answer must hold
   * `firebase.sign_in_provider`, otherwise 503: nobody could tell.
   */
  anonymousUsers?: 'allow' | 'deny' | undefined;
  /**
   * `required`: only accounts whose e-mail address is verified (with `userOf`: whose answer holds
   * `email_verified: true`). Default `any`.
   */
  emailVerified?: 'any' | 'required' | undefined;
  /**
   * Identity Platform tenants whose users count, and then nobody else's (with `userOf`: by its
   * answer's `firebase.tenant`). Default: users without a tenant.
   */
  firebaseTenantIds?: readonly string[] | undefined;
  /** App Check: `monitor` counts, `enforce` refuses. Default `off`. */
  appCheck?: 'off' | 'monitor' | 'enforce' | undefined;
  /** App ids that count. Default: every app of the project. */
  appCheckAppIds?: readonly string[] | undefined;
  /** A mirror of App Check's key endpoint. Default: Google's. */
  appCheckKeysUrl?: string | undefined;
  /** Each App Check token is good once; needs `firebaseApp`. Default false. */
  appCheckConsume?: boolean | undefined;
  /** Without key or secret the token endpoint answers 500 `livekit_not_configured`. */
  livekitApiKey?: string | undefined;
  livekitApiSecret?: string | undefined;
  /** `wss://…`, told to clients as `server_url`. */
  livekitUrl?: string | undefined;
  /** Seconds a LiveKit token opens its room: 61 to 86400. Default 600. */
  livekitTokenTtlSeconds?: number | undefined;
  /**
   * Who may enter a room: `any` (default) verified user; `calls`: nobody but a call's own;
   * `firestore`: the members that a document lists; `http`: whom the host's backend lets in.
   */
  roomAccess?: RoomAccessRule | undefined;
  /** For `firestore`: the room's document, e.g. `chats/{roomName}`. Needs `firebaseApp`. */
  firestoreRoomPath?: string | undefined;
  /** For `firestore`: the field that lists the members' uids; may be dotted. Default `members`. */
  firestoreMembersField?: string | undefined;
  /** For `http`: where the host's backend answers. */
  accessUrl?: string | undefined;
  /** For `http`: the Standard Webhooks secret (`whsec_…`) that signs each question. */
  accessSecret?: string | undefined;
  /** The host's own rule, in place of `roomAccess`. An error, or no answer in 2 s, is 503. */
  authorizeRoom?: AuthorizeRoom | undefined;
  /** Requests of one user a minute: 1 to 1,000,000. Default 60. */
  tokenRatePerMinute?: number | undefined;
  /** Failed ID tokens of one address (a /64 in IPv6) a minute: 1 to 1,000,000. Default 600. */
  authFailuresPerMinute?: number | undefined;
  /** `redis://…` or `rediss://…`: the limits hold over all instances together. Default: per process. */
  redisUrl?: string | undefined;
  /** Origins of web pages that may call. Default none: CORS stays with the host. */
  corsOrigins?: readonly string[] | undefined;
  /** Proxies in front, where the host has no `req.ip`: hops, or addresses and CIDR ranges. Default 0. */
  trustProxy?: TrustProxy | undefined;
  /** Where the routes are when no router strips a prefix. Default `/api/calls`. */
  basePath?: string | undefined;
  /** Where log lines go: pino, Fastify's or any other with these methods. Default: warnings, as JSON on standard output. */
  logger?: Logger | undefined;
}
