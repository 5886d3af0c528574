// Tokens that were verified before: the next request with the same one costs no RSA.
import { createBoundedMap } from '../base/bounded-map.ts';
import { createBoundedNumbers, digestOf } from '../base/bounded-numbers.ts';
import type { Clock } from '../base/clock.ts';
import type { KeyStore } from './key-store.ts';

/**
 * 3 MB, and for each that came again its claims: 21 MB for all of them where tokens are of the usual
 * 1 KB. Past it the RSA check is made again.
 */
const REMEMBERED_MAX = 20_000;
/** So that long names and addresses in the claims make 80 MB at most. A longer token is verified each time. */
const TOKEN_MAX_BYTES = 3_072;

interface Verified {
  /** Of the key that has signed it. */
  readonly keyNumber: number;
  /** Seconds, as in `exp`. */
  readonly expiresAtS: number;
}

/** Bounded, by hash, so that no token lies in memory for longer than its request. */
export interface TokenMemory<T extends {}> {
  /** What a token stood for, unless it has expired or its key is gone. */
  recall(token: string): T | undefined;
  keep(token: string, verified: Verified): void;
}

/**
 * What a token stands for is kept only when it comes again, and read out of it once more then: most
 * never do, and memory that lives for seconds is what a garbage collector is slowest at.
 */
export function createTokenMemory<T extends {}>(
  keys: Pick<KeyStore, 'holds'>,
  clock: Clock,
  /** What a verified token stands for. */
  read: (token: string) => T,
): TokenMemory<T> {
  /** By which key, and until when. */
  const verified = createBoundedNumbers(REMEMBERED_MAX);
  const values = createBoundedMap<T>(REMEMBERED_MAX);
  return {
    recall(token) {
      if (token.length > TOKEN_MAX_BYTES) return undefined;
      const digest = digestOf(token);
      const found = verified.get(digest);
      if (found === undefined) return undefined;
      const [keyNumber, expiresAtS] = found;
      // A token falls with its key, and is never believed beyond its `exp`.
      if (!keys.holds(keyNumber) || clock.now() / 1000 >= expiresAtS) return undefined;
      const known = values.get(digest);
      if (known !== undefined) return known;
      const value = read(token);
      values.set(digest, value);
      return value;
    },
    keep(token, { keyNumber, expiresAtS }) {
      if (token.length > TOKEN_MAX_BYTES) return;
      verified.set(digestOf(token), [keyNumber, expiresAtS]);
    },
  };
}
