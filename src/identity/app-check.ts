// App Check: whether the request comes from an app of ours (https://firebase.google.com/docs/app-check).
// The same key store and signature check as for ID tokens; no service account is needed.
import { andThen } from '../base/and-then.ts';
import { type Clock, withDeadline } from '../base/clock.ts';
import { duration, quoted } from '../base/token-fault.ts';
import { type AppCheckFault, appCheckFault, faultOfAppToken } from './app-check-fault.ts';
import { isSignedBy, isSignedByOneInHand, isTime, type Rs256Jwt, readRs256Jwt } from './jwt.ts';
import type { KeyLookup, KeyStore } from './key-store.ts';
import { createTokenMemory } from './token-memory.ts';
import { faultOfSignature } from './token-shape.ts';

/** Where Google publishes the keys of App Check tokens. */
export const GOOGLE_APP_CHECK_KEYS_URL = 'https://firebaseappcheck.googleapis.com/v1/jwks';

const ISSUER_PREFIX = 'https://firebaseappcheck.googleapis.com/';
const CONSUME_TIMEOUT_MS = 2_000;

/** What became of a request's App Check token; `unavailable`: nobody could tell. */
export type AppCheckResult = 'ok' | 'missing' | 'invalid' | 'expired' | 'consumed' | 'unavailable';

/** The result, and why where it is a refusal. */
export interface AppVerdict {
  readonly result: AppCheckResult;
  readonly fault?: AppCheckFault;
}

export type CheckApp = (token: string | undefined) => AppVerdict | Promise<AppVerdict>;

const OK: AppVerdict = { result: 'ok' };
const UNAVAILABLE: AppVerdict = { result: 'unavailable' };
const MISSING: AppVerdict = {
  result: 'missing',
  fault: appCheckFault('missing', 'no X-Firebase-AppCheck header came: the app sends none'),
};
const CONSUMED: AppVerdict = {
  result: 'consumed',
  fault: appCheckFault(
    'consumed',
    'it was used before: take a fresh one for each request (getLimitedUseToken)',
    true,
  ),
};
const invalid = (fault: AppCheckFault): AppVerdict => ({ result: 'invalid', fault });

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
  const memory = createTokenMemory(keys, clock, () => OK);

  function decide(token: string, jwt: Rs256Jwt, found: KeyLookup): AppVerdict {
    if (found.kind === 'unavailable') return UNAVAILABLE;
    if (found.kind === 'unknown') {
      return invalid(
        appCheckFault('unknown_key', `none of the keys fetched has the id ${quoted(jwt.kid)}`),
      );
    }
    if (!isSignedBy(jwt, found.key)) return invalid(faultOfSignature(jwt, found.key));
    const nowS = clock.now() / 1000;
    const late = faultOfTimes(jwt.claims, nowS);
    if (late !== undefined) return late;
    memory.keep(token, { keyNumber: found.keyNumber, expiresAtS: jwt.claims.exp as number });
    return OK;
  }

  function verify(token: string): AppVerdict | Promise<AppVerdict> {
    const known = memory.recall(token);
    if (known !== undefined) return known;
    const jwt = readRs256Jwt(token);
    if (jwt === undefined || !isOfApp(jwt.claims, projectId, appIds)) {
      return invalid(
        faultOfAppToken(token, {
          projectId,
          appIds,
          isSigned: () => isSignedByOneInHand(jwt, keys),
        }),
      );
    }
    return andThen(keys.find(jwt.kid), (found) => decide(token, jwt, found));
  }

  if (consume === undefined) return (token) => (token ? verify(token) : MISSING);
  return async (token) => {
    if (!token) return MISSING;
    const verdict = await verify(token);
    if (verdict.result !== 'ok') return verdict;
    try {
      const usedUp = await withDeadline(clock, CONSUME_TIMEOUT_MS, () => consume(token));
      return usedUp ? CONSUMED : OK;
    } catch {
      return UNAVAILABLE;
    }
  };
}

/** Of a token that Google has signed. */
function faultOfTimes({ exp, nbf }: Rs256Jwt['claims'], nowS: number): AppVerdict | undefined {
  if (!isTime(exp) || !(nbf === undefined || isTime(nbf))) {
    return invalid(appCheckFault('times', 'its exp or nbf is not a number', true));
  }
  if (nbf !== undefined && nbf > nowS) {
    const ahead = duration(nbf - nowS);
    return invalid(
      appCheckFault('clock', `it counts from ${ahead} ahead of this server’s clock on`, true),
    );
  }
  if (exp > nowS) return undefined;
  return {
    result: 'expired',
    fault: appCheckFault('expired', `it expired ${duration(nowS - exp)} ago`, true),
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
