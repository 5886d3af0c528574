// What an operator watches. No uid, room or address is ever a label: they have no bound.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { ERROR_CODES, type ErrorCode } from '../base/errors.ts';
import { fromZero } from '../base/from-zero.ts';
import { type AppCheckCause, ID_TOKEN_CAUSES, type IdTokenCause } from '../base/token-fault.ts';

/** How App Check judged a request. */
type AppCheckResult = 'ok' | 'missing' | 'invalid' | 'expired' | 'consumed' | 'unavailable';

export interface Metrics {
  readonly registry: Registry;
  /** Tells from now on whether nothing is missing. */
  watchReadiness(isReady: () => boolean): void;
  /** Tells from now on how old Google's keys are. */
  watchKeysAge(ageSeconds: () => number | undefined): void;
  tokenMinted(): void;
  refused(code: ErrorCode): void;
  idTokenRefused(cause: IdTokenCause): void;
  appChecked(result: AppCheckResult): void;
  /** Also where App Check only watches. */
  appTokenRefused(cause: AppCheckCause): void;
  /** A shared limit that could not be asked, and was counted in this process. */
  limitFellBack(): void;
  /** `aborted`: the client went away before it had the whole answer. */
  answered(route: string, status: number | 'aborted', seconds: number): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const minted = new Counter({
    name: 'switchboard_tokens_minted_total',
    help: 'LiveKit tokens handed out.',
    registers,
  });
  const refusals = new Counter({
    name: 'switchboard_refusals_total',
    help: 'Requests answered with an error, by its code.',
    labelNames: ['code'],
    registers,
  });
  fromZero(refusals, { code: ERROR_CODES });
  const idTokenFaults = new Counter({
    name: 'switchboard_id_token_refusals_total',
    help: 'ID tokens that were refused, by what was wrong with them.',
    labelNames: ['cause'],
    registers,
  });
  fromZero(idTokenFaults, { cause: ID_TOKEN_CAUSES });
  const appTokenFaults = new Counter({
    name: 'switchboard_app_check_refusals_total',
    help: 'App Check tokens that were not good, by what was wrong with them.',
    labelNames: ['cause'],
    registers,
  });
  const appChecks = new Counter({
    name: 'switchboard_app_checks_total',
    help: 'Requests by what became of their App Check token.',
    labelNames: ['result'],
    registers,
  });
  const fallbacks = new Counter({
    name: 'switchboard_shared_limit_fallbacks_total',
    help: 'Times that a shared limit was out of reach and this process counted by itself.',
    registers,
  });
  const duration = new Histogram({
    name: 'switchboard_request_duration_seconds',
    help: 'From the first look at a request to the end of its answer, by route and status.',
    labelNames: ['route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  // The label sets are few: each is looked up once.
  const observers = new Map<string, Map<number | 'aborted', Histogram.Internal<string>>>();
  const observer = (route: string, status: number | 'aborted') => {
    const known = observers.get(route)?.get(status);
    if (known !== undefined) return known;
    const made = duration.labels(route, String(status));
    observers.set(route, (observers.get(route) ?? new Map()).set(status, made));
    return made;
  };
  return {
    registry,
    watchReadiness: (isReady) => watchReadiness(registry, isReady),
    watchKeysAge: (ageSeconds) => watchKeysAge(registry, ageSeconds),
    tokenMinted: () => minted.inc(),
    refused: (code) => refusals.inc({ code }),
    idTokenRefused: (cause) => idTokenFaults.inc({ cause }),
    appTokenRefused: (cause) => appTokenFaults.inc({ cause }),
    appChecked: (result) => appChecks.inc({ result }),
    limitFellBack: () => fallbacks.inc(),
    answered: (route, status, seconds) => observer(route, status).observe(seconds),
  };
}

function watchReadiness(registry: Registry, isReady: () => boolean): void {
  new Gauge({
    name: 'switchboard_ready',
    help: '1 where nothing is missing that requests need, else 0: what it is, GET /readyz names.',
    registers: [registry],
    collect() {
      this.set(isReady() ? 1 : 0);
    },
  });
}

function watchKeysAge(registry: Registry, ageSeconds: () => number | undefined): void {
  new Gauge({
    name: 'switchboard_identity_keys_age_seconds',
    help: "Seconds since Google's public keys were last fetched; NaN before the first time.",
    registers: [registry],
    collect() {
      this.set(ageSeconds() ?? Number.NaN);
    },
  });
}
