// Google's public keys, fetched ahead of need and kept through an outage. Never says "unknown"
// when the truth is "I could not ask".
import type { KeyObject } from 'node:crypto';
import { type Clock, withDeadline } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { fetchKeySet, type KeySet } from './key-set.ts';

/** Where Google publishes the keys of ID tokens, as JWKs. */
export const GOOGLE_ID_TOKEN_KEYS_URL =
  'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com';

const FETCH_TIMEOUT_MS = 5_000;
const UNKNOWN_KID_FETCH_EVERY_MS = 30_000;
const SERVE_PAST_LIFETIME_MS = 24 * 3_600_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** The part of the lifetime after which the next fetch starts in the background. */
const REFRESH_AT = 0.8;

export type KeyLookup =
  | { readonly kind: 'found'; readonly key: KeyObject; readonly keyNumber: number }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable'; readonly cause: unknown };

export interface KeyStore {
  /** Fetches the keys and keeps them fresh from then on. Resolves when the first fetch has ended, well or not. */
  start(): Promise<void>;
  stop(): void;
  /** The key of this id: at once where it is in hand, otherwise after at most one fetch. */
  find(kid: string): KeyLookup | Promise<KeyLookup>;
  /** The key of this id where it is in hand; nothing is asked for. */
  inHand(kid: string): KeyObject | undefined;
  /** Whether the key of this number is still in hand. */
  holds(keyNumber: number): boolean;
  /** Whether a token can be checked at all: false before the first fetch, and too long after the last. */
  areUsable(): boolean;
  /** Seconds since the last good fetch; undefined before the first one. */
  ageSeconds(): number | undefined;
}

export function createKeyStore(options: { url: string; clock: Clock; log: Logger }): KeyStore {
  const { url, clock, log } = options;
  const inHand = createKeysInHand(clock);
  let lastFailure: unknown;
  let failures = 0;
  let unknownKidFetchAt = Number.NEGATIVE_INFINITY;
  let inFlight: Promise<void> | undefined;
  let started: Promise<void> | undefined;
  let cancelNext: (() => void) | undefined;
  let stopped = false;

  function refresh(): Promise<void> {
    inFlight ??= fetchOnce().finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  }

  async function fetchOnce(): Promise<void> {
    const nextInMs = await withDeadline(clock, FETCH_TIMEOUT_MS, (signal) =>
      fetchKeySet(url, inHand.keys(), signal),
    ).then(succeed, fail);
    if (started !== undefined && !stopped) {
      cancelNext?.();
      cancelNext = clock.after(nextInMs, refresh);
    }
  }

  /** Answers, like {@link fail}, in how many milliseconds to ask again. */
  function succeed(set: KeySet): number {
    inHand.take(set);
    lastFailure = undefined;
    failures = 0;
    log.debug({ url, keys: set.keys.size, lifetimeMs: set.lifetimeMs }, 'public keys fetched');
    return set.lifetimeMs * REFRESH_AT;
  }

  function fail(cause: unknown): number {
    lastFailure = cause;
    const nextTryInMs = Math.min(RETRY_FIRST_MS * 2 ** failures, RETRY_MAX_MS);
    failures += 1;
    const keysInHand = inHand.keys().size;
    log.warn(
      { url, err: cause, keysInHand, nextTryInMs },
      keysInHand === 0
        ? 'public keys could not be fetched, and none are in hand: no token can be checked'
        : 'public keys could not be fetched; those in hand serve on for 24 h past their lifetime',
    );
    return nextTryInMs;
  }

  async function askAgain(kid: string): Promise<KeyLookup> {
    if (inFlight !== undefined) {
      await inFlight;
    } else if (clock.monotonic() - unknownKidFetchAt >= UNKNOWN_KID_FETCH_EVERY_MS && !stopped) {
      unknownKidFetchAt = clock.monotonic();
      await refresh();
    }
    const found = inHand.find(kid);
    if (found !== undefined) return found;
    return lastFailure === undefined && inHand.areUsable()
      ? { kind: 'unknown' }
      : { kind: 'unavailable', cause: lastFailure };
  }

  return {
    start() {
      started ??= refresh();
      return started;
    },
    stop() {
      stopped = true;
      cancelNext?.();
    },
    find: (kid) => inHand.find(kid) ?? askAgain(kid),
    inHand: (kid) => inHand.find(kid)?.key,
    holds: inHand.holds,
    areUsable: inHand.areUsable,
    ageSeconds: inHand.ageSeconds,
  };
}

/** The keys of the last good fetch, and for how long they are to be believed. */
function createKeysInHand(clock: Clock) {
  let keys: KeySet['keys'] = new Map();
  let numbers: ReadonlySet<number> = new Set();
  let fetchedAt: number | undefined;
  let usableUntil = Number.NEGATIVE_INFINITY;
  const areUsable = (): boolean => clock.monotonic() < usableUntil;
  return {
    keys: () => keys,
    take(set: KeySet): void {
      keys = set.keys;
      numbers = new Set([...keys.values()].map(({ number }) => number));
      fetchedAt = clock.monotonic();
      usableUntil = fetchedAt + set.lifetimeMs + SERVE_PAST_LIFETIME_MS;
    },
    find(kid: string): (KeyLookup & { kind: 'found' }) | undefined {
      const held = areUsable() ? keys.get(kid) : undefined;
      return held && { kind: 'found', key: held.key, keyNumber: held.number };
    },
    holds: (keyNumber: number): boolean => areUsable() && numbers.has(keyNumber),
    areUsable,
    ageSeconds: () =>
      fetchedAt === undefined ? undefined : (clock.monotonic() - fetchedAt) / 1000,
  };
}
