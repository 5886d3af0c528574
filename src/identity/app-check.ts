// App Check: whether the request comes from an app of ours (https://firebase.google.com/docs/app-check).
// The same key store and signature check as for ID tokens; no service account is needed.
import { andThen } from '../base/and-then.ts';
import { type Clock, withDeadline } from '../base/clock.ts';
import { isSignedBy, type Rs256Jwt, readRs256Jwt } from './jwt.ts';
import type { KeyLookup, KeyStore } from './key-store.ts';
import { createTokenMemory } from './token-memory.ts';

/** Where Google publishes the keys of App Check tokens. */
export const GOOGLE_APP_CHECK_KEYS_URL = 'https://firebaseappcheck.googleapis.com/v1/jwks';

const ISSUER_PREFIX = 'https://firebaseappcheck.googleapis.com/';
const CONSUME_TIMEOUT_MS = 2_000;

/** What became of a request's App Check token; `unavailable`: nobody could tell. */
export type AppCheckResult = 'ok' | 'missing' | 'invalid' | 'expired' | 'consumed' | 'unavailable';

export type CheckApp = (token: string | undefined) => AppCheckResult | Promise<AppCheckResult>;

/** Uses a token up at Google; true where it was used up before (replay protection). */
export type ConsumeToken = (token: string) => Promise<boolean>;

export function createAppCheck(options: {
  projectId: string;
  /** Apps that count; empty: every app of the project. */
  appIds: readonly string[];
  keys: KeyStore;
  clock: Clock;
  consume: ConsumeToken | undefined;
}): CheckApp {
  const { projectId, keys, clock, consume } = options;
  const appIds = new Set(options.appIds);
  const memory = createTokenMemory(keys, clock, () => 'ok' as const);

  function decide(token: string, jwt: Rs256Jwt, found: KeyLookup): AppCheckResult {
    if (found.kind === 'unavailable') return 'unavailable';
    if (found.kind === 'unknown' || !isSignedBy(jwt, found.key)) return 'invalid';
    const { exp, nbf } = jwt.claims;
    const nowS = clock.now() / 1000;
    if (!Number.isFinite(exp)) return 'invalid';
    if (nbf !== undefined && !(Number.isFinite(nbf) && (nbf as number) <= nowS)) return 'invalid';
    if ((exp as number) <= nowS) return 'expired';
    memory.keep(token, { kid: jwt.kid, key: found.key, expiresAtS: exp as number });
    return 'ok';
  }

  function verify(token: string): AppCheckResult | Promise<AppCheckResult> {
    const known = memory.recall(token);
    if (known !== undefined) return known;
    const jwt = readRs256Jwt(token);
    if (jwt === undefined || !isOfApp(jwt.claims, projectId, appIds)) return 'invalid';
    return andThen(keys.find(jwt.kid), (found) => decide(token, jwt, found));
  }

  if (consume === undefined) return (token) => (token ? verify(token) : 'missing');
  return async (token) => {
    if (!token) return 'missing';
    const result = await verify(token);
    if (result !== 'ok') return result;
    try {
      const usedUp = await withDeadline(clock, CONSUME_TIMEOUT_MS, () => consume(token));
      return usedUp ? 'consumed' : 'ok';
    } catch {
      return 'unavailable';
    }
  };
}

/** As firebase-admin has it (app-check/token-verifier), and the app id besides. */
function isOfApp(
  claims: Rs256Jwt['claims'],
  projectId: string,
  appIds: ReadonlySet<string>,
): boolean {
  const { aud, iss, sub } = claims;
  return (
    Array.isArray(aud) &&
    aud.includes(`projects/${projectId}`) &&
    typeof iss === 'string' &&
    iss.startsWith(ISSUER_PREFIX) &&
    typeof sub === 'string' &&
    sub !== '' &&
    (appIds.size === 0 || appIds.has(sub))
  );
}
