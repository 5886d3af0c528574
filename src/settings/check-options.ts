// Options → settings: every fault named at once, every default in place. No environment is read
// here but NODE_ENV, to refuse the emulator in production.
import { faultOfMembersField, faultOfRoomPath } from '../access/firestore-rule.ts';
import { faultOfAccessSecret, faultOfAccessUrl } from '../access/http-rule.ts';
import { type AuthorizeRoom, ROOM_ACCESS_RULES } from '../access/room-access.ts';
import type { HostUser } from '../admission/authenticate.ts';
import {
  type FaultOf,
  faultOfAddressRange,
  faultOfKeysUrl,
  faultOfLivekitUrl,
  faultOfOrigin,
  faultOfRedisUrl,
  TRUSTED_HOPS_MAX,
} from '../base/faults.ts';
import type { FirebaseApp } from '../base/firebase-admin.ts';
import type { TrustProxy } from '../http/app.ts';
import type { SwitchboardOptions } from './options.ts';

type WithDefault =
  | 'anonymousUsers'
  | 'appCheck'
  | 'appCheckAppIds'
  | 'authFailuresPerMinute'
  | 'basePath'
  | 'corsOrigins'
  | 'emailVerified'
  | 'firebaseTenantIds'
  | 'firestoreMembersField'
  | 'livekitTokenTtlSeconds'
  | 'roomAccess'
  | 'tokenRatePerMinute'
  | 'trustProxy';

/** Options that have been checked. */
export type Settings = Omit<SwitchboardOptions, WithDefault | 'userOf'> & {
  readonly [Name in WithDefault]: NonNullable<SwitchboardOptions[Name]>;
} & {
  readonly userOf: ((request: unknown) => HostUser | Promise<HostUser>) | undefined;
  readonly livekitKeys: { readonly apiKey: string; readonly apiSecret: string } | undefined;
};

/** What is wrong with a value, as the end of a sentence; undefined: nothing. */
type Check = (value: unknown) => string | undefined;

const string: Check = (value) =>
  typeof value === 'string' && value.trim() !== '' ? undefined : 'must be a string, not empty';
const text =
  (faultOf: FaultOf): Check =>
  (value) =>
    string(value) ?? faultOf(value as string);
/** Missing LiveKit keys never throw: an empty variable is a missing one. */
const maybeEmptyString: Check = (value) =>
  typeof value === 'string' ? undefined : 'must be a string';
const aFunction: Check = (value) =>
  typeof value === 'function' ? undefined : 'must be a function';
const aBoolean: Check = (value) =>
  typeof value === 'boolean' ? undefined : 'must be true or false';
const integer =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `must be a whole number from ${min} to ${max}`;
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    (values as readonly unknown[]).includes(value)
      ? undefined
      : `must be one of ${values.join(', ')}`;
const strings: Check = (value) => listFault(value, () => undefined);
/** Strings, each free of the fault. */
const listFault = (value: unknown, faultOf: FaultOf): string | undefined => {
  if (!Array.isArray(value) || value.some((item) => string(item) !== undefined)) {
    return 'must be a list of strings';
  }
  return value.map(faultOf).find((fault) => fault !== undefined);
};

const CHECKS: Readonly<Record<keyof SwitchboardOptions, Check>> = {
  firebaseProjectId: string,
  firebaseApp: (value) =>
    typeof (value as FirebaseApp | null)?.options === 'object'
      ? undefined
      : 'must be a firebase-admin App',
  firebaseKeysUrl: text(faultOfKeysUrl),
  firebaseAuthEmulatorHost: string,
  userOf: aFunction,
  checkRevoked: aBoolean,
  anonymousUsers: oneOf('allow', 'deny'),
  emailVerified: oneOf('any', 'required'),
  firebaseTenantIds: strings,
  appCheck: oneOf('off', 'monitor', 'enforce'),
  appCheckAppIds: strings,
  appCheckKeysUrl: text(faultOfKeysUrl),
  appCheckConsume: aBoolean,
  livekitApiKey: maybeEmptyString,
  livekitApiSecret: maybeEmptyString,
  livekitUrl: text(faultOfLivekitUrl),
  livekitTokenTtlSeconds: integer(61, 86_400),
  roomAccess: oneOf(...ROOM_ACCESS_RULES),
  firestoreRoomPath: text(faultOfRoomPath),
  firestoreMembersField: text(faultOfMembersField),
  accessUrl: text(faultOfAccessUrl),
  accessSecret: text(faultOfAccessSecret),
  authorizeRoom: aFunction,
  tokenRatePerMinute: integer(1, 1_000_000),
  authFailuresPerMinute: integer(1, 1_000_000),
  redisUrl: text(faultOfRedisUrl),
  corsOrigins: (value) => listFault(value, faultOfOrigin),
  trustProxy: (value) =>
    typeof value === 'number'
      ? integer(0, TRUSTED_HOPS_MAX)(value)
      : listFault(value, faultOfAddressRange),
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

/** @throws TypeError that names every fault. */
export function checkOptions(options: SwitchboardOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('createSwitchboard takes an object of options');
  }
  const faults = faultsOf(options);
  // Only what is right by itself can be held against the rest.
  if (faults.length === 0) faults.push(...contradictionsOf(options));
  if (faults.length > 0) throw new TypeError(`createSwitchboard: ${faults.join('; ')}`);
  return {
    ...options,
    // Declared as methods, and called as such.
    userOf: options.userOf?.bind(options),
    authorizeRoom: options.authorizeRoom?.bind(options) as AuthorizeRoom | undefined,
    firebaseProjectId: projectIdOf(options),
    livekitKeys: livekitKeysOf(options),
    anonymousUsers: options.anonymousUsers ?? 'allow',
    appCheck: options.appCheck ?? 'off',
    appCheckAppIds: options.appCheckAppIds ?? [],
    authFailuresPerMinute: options.authFailuresPerMinute ?? 600,
    basePath: options.basePath ?? '/api/calls',
    corsOrigins: options.corsOrigins ?? [],
    emailVerified: options.emailVerified ?? 'any',
    firebaseTenantIds: options.firebaseTenantIds ?? [],
    firestoreMembersField: options.firestoreMembersField ?? 'members',
    livekitTokenTtlSeconds: options.livekitTokenTtlSeconds ?? 600,
    roomAccess: options.roomAccess ?? 'any',
    tokenRatePerMinute: options.tokenRatePerMinute ?? 60,
    trustProxy: options.trustProxy ?? (0 as TrustProxy),
  };
}

function faultsOf(options: SwitchboardOptions): string[] {
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
  return faults;
}

function contradictionsOf(options: SwitchboardOptions): string[] {
  const { firebaseApp, userOf, appCheck, roomAccess } = options;
  const faults: string[] = [];
  const projectId = projectIdOf(options);
  if (projectId === undefined && (userOf === undefined || (appCheck ?? 'off') !== 'off')) {
    faults.push(
      firebaseApp === undefined
        ? 'firebaseProjectId is missing (or give firebaseApp, or userOf)'
        : 'firebaseApp does not know its project id: give firebaseProjectId too',
    );
  }
  if (options.firebaseAuthEmulatorHost !== undefined) {
    if (process.env.NODE_ENV?.trim() === 'production') {
      faults.push('firebaseAuthEmulatorHost lets anybody in: not with NODE_ENV=production');
    }
    if (projectId?.startsWith('demo-') === false) {
      faults.push('firebaseAuthEmulatorHost needs a project whose id begins with demo-');
    }
  }
  if (options.appCheckConsume === true && (appCheck ?? 'off') === 'off') {
    faults.push("appCheckConsume needs appCheck: 'monitor' or 'enforce'");
  }
  if (options.checkRevoked === true && userOf !== undefined) {
    faults.push('checkRevoked is about ID tokens, and userOf takes their place');
  }
  const needed = {
    any: [],
    calls: [],
    firestore: ['firestoreRoomPath'],
    http: ['accessUrl', 'accessSecret'],
  } as const;
  for (const name of needed[roomAccess ?? 'any']) {
    if (options[name] === undefined) faults.push(`roomAccess: '${roomAccess}' needs ${name}`);
  }
  const needsApp = [
    ['checkRevoked', options.checkRevoked === true],
    ['appCheckConsume', options.appCheckConsume === true],
    ["roomAccess: 'firestore'", roomAccess === 'firestore'],
  ] as const;
  for (const [name, isSet] of needsApp) {
    if (isSet && firebaseApp === undefined) faults.push(`${name} needs firebaseApp`);
  }
  return faults;
}

/** Values copied from a console often end in a newline. */
function projectIdOf({ firebaseProjectId, firebaseApp }: SwitchboardOptions): string | undefined {
  if (firebaseProjectId !== undefined) return firebaseProjectId.trim();
  const { projectId, credential } = firebaseApp?.options ?? {};
  // A service account credential knows its project where the app was not told.
  const known = projectId ?? (credential as { projectId?: unknown } | undefined)?.projectId;
  return typeof known === 'string' && known !== '' ? known : undefined;
}

function livekitKeysOf(options: SwitchboardOptions): Settings['livekitKeys'] {
  const apiKey = options.livekitApiKey?.trim();
  const apiSecret = options.livekitApiSecret?.trim();
  return apiKey && apiSecret ? { apiKey, apiSecret } : undefined;
}
