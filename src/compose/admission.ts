// Who may call: the identity room and the gate, put together from the settings.
import { createAppCheckGate } from '../admission/app-check-gate.ts';
import {
  type Authenticate,
  byHost,
  byIdToken,
  type IdTokenRefusals,
} from '../admission/authenticate.ts';
import { createGate } from '../admission/gate.ts';
import { createRefusalWatch } from '../admission/refusal-watch.ts';
import { createTicketGate, type TicketGround } from '../admission/ticket-gate.ts';
import type { Admit } from '../http/routes.ts';
import { createAccountCheck } from '../identity/accounts.ts';
import { createAppCheck, GOOGLE_APP_CHECK_KEYS_URL } from '../identity/app-check.ts';
import { createAccountLookUp } from '../identity/firebase-account.ts';
import { createTokenConsumer } from '../identity/firebase-replay.ts';
import { createEmulatorVerifier, createIdTokenVerifier } from '../identity/id-token.ts';
import { createKeyStore, GOOGLE_ID_TOKEN_KEYS_URL, type KeyStore } from '../identity/key-store.ts';
import { createRevocationCheck } from '../identity/revocation.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import type { AppCheckSettings, Settings } from '../settings/settings.ts';
import { createLifetimes } from './lifetimes.ts';
import type { Ground, Part } from './part.ts';

export interface Admission extends Part {
  /** Signed-in users of the right kind and app; `limit` counts the requests of each, for one route or several. */
  users(limit: RateLimit): Admit;
  /** The same, and whoever shows the ticket of a ring. */
  usersAndTickets(limit: RateLimit, by: Pick<TicketGround, 'tickets' | 'store'>): Admit;
}

/** Google's public keys of one kind. */
interface Keys {
  readonly what: string;
  readonly keys: KeyStore;
  /** Whether requests fail without them. */
  readonly areNeeded: boolean;
}

export function createAdmission(
  settings: Settings,
  ground: Ground,
  failures: RateLimit,
): Admission {
  const { accounts, appCheck, identity } = settings;
  const header = settings.front.authorizationHeader ?? 'authorization';
  const caller = authenticationOf(settings, ground, { failures, header });
  const app = appCheckOf(appCheck, ground);
  const fetched = [caller.keys, app?.keys].filter((keys) => keys !== undefined);
  const lifetimes = createLifetimes();
  for (const { keys } of fetched) lifetimes.add(keys);
  const enter = createGate({
    header,
    authenticate: caller.authenticate,
    checkAccount: createAccountCheck(accounts, ground.log, identity.by === 'host'),
    checkApp: app?.check,
  });
  return {
    users: (limit) => enter(limit),
    usersAndTickets: (limit, by) =>
      enter(limit, createTicketGate({ ...by, limit, failures, header, clock: ground.clock })),
    missing: () =>
      fetched
        .filter(({ areNeeded, keys }) => areNeeded && !keys.areUsable())
        .map(({ what, keys }) => `Google's public keys of ${what} (${lastFetched(keys)})`),
    start: lifetimes.start,
    stop: lifetimes.stop,
  };
}

function lastFetched(keys: KeyStore): string {
  const ageSeconds = keys.ageSeconds();
  return ageSeconds === undefined
    ? 'never fetched yet'
    : `last fetched ${Math.floor(ageSeconds / 3600)} h ago`;
}

function authenticationOf(
  { identity }: Settings,
  { clock, log, metrics }: Ground,
  { failures, header }: { failures: RateLimit; header: string },
): { authenticate: Authenticate; keys?: Keys } {
  if (identity.by === 'host') return { authenticate: byHost(identity.userOf, clock) };
  const { projectId, checkRevoked: app } = identity;
  const checkRevoked = app && createRevocationCheck(createAccountLookUp(app), clock);
  const watch = createRefusalWatch({ what: 'ID token', clock, log });
  const refusals: IdTokenRefusals = {
    accepted: watch.accepted,
    refused(fault, address) {
      metrics.idTokenRefused(fault.cause);
      // A revoked session was a good token all the same.
      if (fault.cause !== 'revoked') watch.refused(fault, address);
    },
  };
  if (identity.by === 'emulator') {
    log.warn({}, 'the Auth emulator’s unsigned tokens are accepted: anybody can be anybody');
    const verifier = createEmulatorVerifier({ projectId, clock });
    return { authenticate: byIdToken({ verifier, checkRevoked, failures, refusals, header }) };
  }
  const url = identity.keysUrl ?? GOOGLE_ID_TOKEN_KEYS_URL;
  const keys = createKeyStore({ url, clock, log });
  metrics.watchKeysAge(keys.ageSeconds);
  const verifier = createIdTokenVerifier({ projectId, keys, clock });
  return {
    authenticate: byIdToken({ verifier, checkRevoked, failures, refusals, header }),
    keys: { what: 'ID tokens', keys, areNeeded: true },
  };
}

function appCheckOf(
  settings: AppCheckSettings,
  { clock, log, metrics }: Ground,
): { check: Admit; keys: Keys } | undefined {
  if (settings.mode === 'off') return undefined;
  const { mode, projectId, appIds, consume: app } = settings;
  const url = settings.keysUrl ?? GOOGLE_APP_CHECK_KEYS_URL;
  const keys = createKeyStore({ url, clock, log });
  const consume = app && createTokenConsumer(app);
  const check = createAppCheck({ projectId, appIds, keys, clock, consume });
  return {
    check: createAppCheckGate({
      mode,
      check,
      metrics,
      watch: createRefusalWatch({ what: 'App Check token', clock, log }),
    }),
    keys: { what: 'App Check', keys, areNeeded: mode === 'enforce' },
  };
}
