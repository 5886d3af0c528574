// Who may call: the identity room, the limits and the gate, put together from the settings.

import { createAppCheckGate } from '../admission/app-check-gate.ts';
import { type Authenticate, byHost, byIdToken } from '../admission/authenticate.ts';
import { createGate } from '../admission/gate.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Admit } from '../http/routes.ts';
import { createAccountCheck } from '../identity/accounts.ts';
import { createAppCheck, GOOGLE_APP_CHECK_KEYS_URL } from '../identity/app-check.ts';
import { createAccountLookUp } from '../identity/firebase-account.ts';
import { createTokenConsumer } from '../identity/firebase-replay.ts';
import { createEmulatorVerifier, createIdTokenVerifier } from '../identity/id-token.ts';
import { createKeyStore, GOOGLE_ID_TOKEN_KEYS_URL, type KeyStore } from '../identity/key-store.ts';
import { createRevocationCheck } from '../identity/revocation.ts';
import { createRateLimit, type RateLimit } from '../limits/rate-limit.ts';
import { createSharedLimits } from '../limits/shared-rate-limit.ts';
import type { Settings } from '../settings/check-options.ts';

export interface Callers {
  readonly admit: Admit;
  /** The keys of Google's that requests will need and that are not there, by name. */
  missing(): string[];
  /** Resolves when every first fetch has ended, well or not. */
  start(): Promise<void>;
  stop(): void;
}

interface Parts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

type Lifetime = { start(): Promise<void>; stop(): void };
type NeededKeys = { readonly what: string; readonly keys: KeyStore };
type Limit = (name: string, perMinute: number) => RateLimit;

export function createCallers(settings: Settings, parts: Parts): Callers {
  const lifetimes: Lifetime[] = [];
  const limit = limitsOf(settings, parts, lifetimes);
  const needed: NeededKeys[] = [];
  const authenticate = authenticationOf(settings, parts, { lifetimes, limit, needed });
  const checkApp = appCheckOf(settings, parts, { lifetimes, needed });
  const rate = limit('token', settings.tokenRatePerMinute);
  const { anonymousUsers, emailVerified, firebaseTenantIds: tenantIds } = settings;
  const policy = { anonymousUsers, emailVerified, tenantIds };
  return {
    admit: createGate({
      authenticate,
      checkAccount: createAccountCheck(policy, parts.log, settings.userOf !== undefined),
      checkApp,
      takeTurn: ({ uid }) => rate.take(uid),
    }),
    missing: () =>
      needed
        .filter(({ keys }) => !keys.areUsable())
        .map(({ what, keys }) => `Google's public keys of ${what} (${lastFetched(keys)})`),
    start: async () => void (await Promise.all(lifetimes.map((part) => part.start()))),
    stop() {
      for (const part of lifetimes.toReversed()) part.stop();
    },
  };
}

function lastFetched(keys: KeyStore): string {
  const ageSeconds = keys.ageSeconds();
  return ageSeconds === undefined
    ? 'never fetched yet'
    : `last fetched ${Math.floor(ageSeconds / 3600)} h ago`;
}

function limitsOf({ redisUrl }: Settings, parts: Parts, lifetimes: Lifetime[]): Limit {
  if (redisUrl === undefined) return (_name, perMinute) => createRateLimit(perMinute, parts.clock);
  const onFallback = parts.metrics.limitFellBack;
  const shared = createSharedLimits({ ...parts, redisUrl, onFallback });
  lifetimes.push(shared);
  return shared.limit;
}

function authenticationOf(
  settings: Settings,
  { clock, log, metrics }: Parts,
  made: { lifetimes: Lifetime[]; limit: Limit; needed: NeededKeys[] },
): Authenticate {
  const { userOf, firebaseApp, checkRevoked } = settings;
  if (userOf !== undefined) return byHost(userOf, clock);
  const projectId = settings.firebaseProjectId as string;
  const byToken = {
    checkRevoked:
      checkRevoked && firebaseApp
        ? createRevocationCheck(createAccountLookUp(firebaseApp), clock)
        : undefined,
    failures: made.limit('auth-failures', settings.authFailuresPerMinute),
  };
  if (settings.firebaseAuthEmulatorHost !== undefined) {
    log.warn({}, 'the Auth emulator’s unsigned tokens are accepted: anybody can be anybody');
    const verifier = createEmulatorVerifier({ projectId, clock });
    return byIdToken({ ...byToken, verifier });
  }
  const url = settings.firebaseKeysUrl ?? GOOGLE_ID_TOKEN_KEYS_URL;
  const keys = createKeyStore({ url, clock, log });
  made.lifetimes.push(keys);
  made.needed.push({ what: 'ID tokens', keys });
  metrics.watchKeysAge(keys.ageSeconds);
  const verifier = createIdTokenVerifier({ projectId, keys, clock });
  return byIdToken({ ...byToken, verifier });
}

function appCheckOf(
  settings: Settings,
  { clock, log, metrics }: Parts,
  made: { lifetimes: Lifetime[]; needed: NeededKeys[] },
): Admit | undefined {
  const { appCheck, appCheckConsume, firebaseApp } = settings;
  if (appCheck === 'off') return undefined;
  const url = settings.appCheckKeysUrl ?? GOOGLE_APP_CHECK_KEYS_URL;
  const keys = createKeyStore({ url, clock, log });
  made.lifetimes.push(keys);
  if (appCheck === 'enforce') made.needed.push({ what: 'App Check', keys });
  const check = createAppCheck({
    projectId: settings.firebaseProjectId as string,
    appIds: settings.appCheckAppIds,
    keys,
    clock,
    consume: appCheckConsume && firebaseApp ? createTokenConsumer(firebaseApp) : undefined,
  });
  return createAppCheckGate(appCheck, check, metrics);
}
