// What the house is built from: the options when all of them have been checked. Where one needs
// another, both are in the same member, so that nobody has to ask again.
import type { FirestoreSource } from '../access/firestore.ts';
import type { ProfileOf } from '../access/profiles.ts';
import type { MayRing } from '../access/ring-access.ts';
import type { AuthorizeRoom } from '../access/room-access.ts';
import type { HostUser } from '../admission/authenticate.ts';
import type { FirebaseApp } from '../base/firebase-admin.ts';
import type { Logger } from '../base/log.ts';
import type { CallRules } from '../calls/call.ts';
import type { OnCallEvent } from '../events/host/message.ts';
import type { TrustProxy } from '../http/address.ts';
import type { SendPush } from '../ringing/host-sender.ts';
import type { PushPayload } from '../ringing/message.ts';
import type { MissedCallTextOf } from '../ringing/missed-call-text.ts';
import type { DatabaseSettings } from './database.ts';

/** How a caller is known. */
export type IdentitySettings =
  | { readonly by: 'host'; readonly userOf: (request: unknown) => HostUser | Promise<HostUser> }
  | (IdTokenSettings & { readonly by: 'emulator' })
  /** `keysUrl` undefined: Google's own. */
  | (IdTokenSettings & { readonly by: 'google'; readonly keysUrl: string | undefined });

interface IdTokenSettings {
  readonly projectId: string;
  /** Set: whom to ask about revoked sessions and disabled accounts. */
  readonly checkRevoked: FirebaseApp | undefined;
}

/** Which kinds of account count. */
export interface AccountSettings {
  readonly anonymousUsers: 'allow' | 'deny';
  readonly emailVerified: 'any' | 'required';
  readonly tenantIds: readonly string[];
}

export type AppCheckSettings =
  | { readonly mode: 'off' }
  | {
      readonly mode: 'monitor' | 'enforce';
      readonly projectId: string;
      /** None: every app of the project. */
      readonly appIds: readonly string[];
      /** Undefined: Google's own. */
      readonly keysUrl: string | undefined;
      /** Set: each token is good once, by whom to ask. */
      readonly consume: FirebaseApp | undefined;
    };

/** Who decides about rooms. */
export type AccessSettings =
  | { readonly rule: 'any' }
  | { readonly rule: 'calls' }
  | { readonly rule: 'host'; readonly authorizeRoom: AuthorizeRoom }
  | { readonly rule: 'http'; readonly url: string; readonly secret: string }
  | {
      readonly rule: 'firestore';
      /** Has an app or an instance. */
      readonly source: FirestoreSource;
      readonly roomPath: string;
      readonly membersField: string;
    };

export interface LiveKitKeys {
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface LiveKitSettings {
  /** Undefined: no token is handed out. */
  readonly keys: LiveKitKeys | undefined;
  /** Those before, of which webhooks may still be signed. */
  readonly previousKeys: LiveKitKeys | undefined;
  /** What is not set for it, as variables and as options. */
  readonly missingKeys: readonly { readonly variable: string; readonly option: string }[];
  readonly url: string | undefined;
  readonly tokenTtlSeconds: number;
}

/** Calls are on: all that they need is there. */
export interface CallSettings {
  readonly database: DatabaseSettings;
  readonly livekit: {
    readonly keys: LiveKitKeys;
    readonly previousKeys: LiveKitKeys | undefined;
    readonly url: string;
  };
  readonly ringAccess:
    | { readonly rule: 'any' }
    | { readonly rule: 'context' }
    | { readonly rule: 'host'; readonly mayRing: MayRing };
  readonly rules: CallRules;
  readonly ringsPerMinute: number;
  readonly historyDays: number;
  readonly push: PushSettings;
  readonly names: NameSettings;
  readonly host: HostSettings;
}

/** By what phones ring that have no stream open. None of the first three: by nothing. */
export interface PushSettings {
  /** As whom FCM is asked, and in which project; undefined: the app's own. */
  readonly fcm?: { readonly app: FirebaseApp; readonly projectId: string | undefined };
  readonly apns?: ApnsSettings;
  readonly sendPush?: SendPush;
  /** `minimal`: nothing but id and ticket passes Google and Apple. */
  readonly payload: PushPayload;
  readonly missedCallText?: MissedCallTextOf;
}

export interface ApnsSettings {
  /** PEM, of P-256. */
  readonly key: string;
  readonly keyId: string;
  readonly teamId: string;
  readonly bundleId: string;
}

/** Who knows names beside the ID token and the access answer, in this order. */
export interface NameSettings {
  readonly profileOf?: ProfileOf;
  readonly firestore?: {
    readonly source: FirestoreSource;
    /** With `{uid}`. */
    readonly path: string;
    readonly nameField: string;
    readonly pictureField: string;
  };
}

/** Who is told of the events of calls. */
export interface HostSettings {
  readonly onCallEvent?: OnCallEvent;
  readonly webhooks?: {
    readonly urls: readonly string[];
    readonly secret: string;
    /** That may be http, or have a private address. */
    readonly allowedHosts: readonly string[];
  };
}

export interface LimitSettings {
  readonly tokenRatePerMinute: number;
  readonly authFailuresPerMinute: number;
  /** Undefined: this process counts by itself. */
  readonly redisUrl: string | undefined;
}

/** What stands in front. */
export interface FrontSettings {
  readonly basePath: string;
  readonly corsOrigins: readonly string[];
  /** That pages may send, beside our own. */
  readonly corsHeaders: readonly string[];
  /** The header of the ID token, in small letters; undefined: `Authorization`. */
  readonly authorizationHeader: string | undefined;
  readonly trustProxy: TrustProxy;
  /** In small letters. */
  readonly clientAddressHeader: string | undefined;
}

export interface Settings {
  readonly identity: IdentitySettings;
  readonly accounts: AccountSettings;
  readonly appCheck: AppCheckSettings;
  readonly access: AccessSettings;
  readonly livekit: LiveKitSettings;
  /** Undefined: tokens only. */
  readonly calls: CallSettings | undefined;
  readonly limits: LimitSettings;
  readonly front: FrontSettings;
  /** Undefined: warnings, as JSON on standard output. */
  readonly logger: Logger | undefined;
}
