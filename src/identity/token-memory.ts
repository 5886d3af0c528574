// Tokens that were verified before: the next request with the same one costs no RSA.
import { hash, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import { JWT_MAX_BYTES } from './jwt.ts';
import type { KeyStore } from './key-store.ts';

/** About 10 MB. An hour's worth of callers of a mid-sized app; past it the RSA check is made again. */
const REMEMBERED_MAX = 10_000;

interface Remembered {
  /** The claims as text: an eighth of what they take as objects, and most tokens never come again. */
  readonly claimsText: string;
  readonly kid: string;
  readonly key: KeyObject;
  readonly expiresAt: number;
}

/** Bounded, by hash, so that no token lies in memory for longer than its request. */
export interface TokenMemory<T extends {}> {
  /** What a token stood for, unless it has expired or its key is gone. */
  recall(token: string): T | undefined;
  keep(token: string, entry: Remembered): void;
}

export function createTokenMemory<T extends {}>(
  keys: Pick<KeyStore, 'holds'>,
  clock: Clock,
  /** What verified claims stand for. */
  valueFrom: (claimsText: string) => T,
): TokenMemory<T> {
  const entries = new LRUCache<string, Remembered & { value?: T }>({ max: REMEMBERED_MAX });
  return {
    recall(token) {
      if (token.length > JWT_MAX_BYTES) return undefined;
      const entry = entries.get(digestOf(token));
      if (entry === undefined) return undefined;
      // A token falls with its key, and is never believed beyond its `exp`.
      if (!keys.holds(entry.kid, entry.key) || clock.now() >= entry.expiresAt) return undefined;
      entry.value ??= valueFrom(entry.claimsText);
      return entry.value;
    },
    keep: (token, entry) => void entries.set(digestOf(token), entry),
  };
}

const digestOf = (token: string): string => hash('sha256', token, 'base64url');
