// One fetch of a JWK Set (RFC 7517) and what it says about its own lifetime.
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ask } from '../base/ask.ts';
import { boundedText } from '../base/bounded-text.ts';

const ANSWER_MAX_BYTES = 256 * 1024;
const LIFETIME_MIN_MS = 60_000;
const LIFETIME_MAX_MS = 24 * 3_600_000;
const RSA_MIN_BITS = 2048;

interface HeldKey {
  readonly key: KeyObject;
  /** Of no other key in this process. */
  readonly number: number;
  /** The JWK's modulus and exponent: the same key stays the same object through a refresh. */
  readonly material: string;
}

let lastNumber = 0;

export interface KeySet {
  readonly keys: ReadonlyMap<string, HeldKey>;
  readonly lifetimeMs: number;
}

/**
 * Fetches the keys at `url`. Rejects on any status but 200, a redirect, an answer that is not a
 * JWK Set, and a set without a usable RSA key. Keys of `known` that come again stay the same objects.
 */
export async function fetchKeySet(
  url: string,
  known: KeySet['keys'],
  signal: AbortSignal,
): Promise<KeySet> {
  // In some hours the connection would be used no more.
  const headers = { accept: 'application/json', connection: 'close' };
  const response = await ask(url, { method: 'GET', headers, signal });
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Error(`the key endpoint answered ${response.statusCode}`);
  }
  const set: unknown = JSON.parse(await boundedText(response, ANSWER_MAX_BYTES));
  const listed = (set as { keys?: unknown } | null)?.keys;
  const keys = new Map<string, HeldKey>();
  for (const jwk of Array.isArray(listed) ? listed : []) {
    const kid = (jwk as { kid?: unknown } | null)?.kid;
    if (typeof kid !== 'string' || kid === '') continue;
    const held = heldKey(jwk, known.get(kid));
    if (held !== undefined) keys.set(kid, held);
  }
  if (keys.size === 0) throw new Error('the key endpoint answered without a usable RSA key');
  return { keys, lifetimeMs: lifetimeMs(response.headers) };
}

function heldKey(jwk: Record<string, unknown>, known: HeldKey | undefined): HeldKey | undefined {
  if (jwk.kty !== 'RSA' || (jwk.alg !== undefined && jwk.alg !== 'RS256')) return undefined;
  if (jwk.use !== undefined && jwk.use !== 'sig') return undefined;
  const { n, e } = jwk;
  if (typeof n !== 'string' || typeof e !== 'string') return undefined;
  const material = `${n} ${e}`;
  if (known?.material === material) return known;
  try {
    const key = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits < RSA_MIN_BITS) return undefined;
    lastNumber += 1;
    return { key, number: lastNumber, material };
  } catch {
    return undefined;
  }
}

/** `max-age` less `Age` (RFC 9111, section 4.2), held between a minute and a day. */
function lifetimeMs(headers: IncomingHttpHeaders): number {
  const maxAge = /(?:^|[\s,])max-age="?(\d+)/i.exec(headers['cache-control'] ?? '')?.[1];
  const age = /^\d+$/.exec(headers.age ?? '')?.[0];
  const ms = (Number(maxAge ?? 0) - Number(age ?? 0)) * 1000;
  return Math.min(Math.max(ms, LIFETIME_MIN_MS), LIFETIME_MAX_MS);
}
