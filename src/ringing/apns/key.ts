// The key that Apple hands out for pushes (.p8), and the tokens that are signed with it
// (https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns).
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';

/** Apple takes one for an hour, and wants no two within 20 minutes. */
const LIFE_MS = 40 * 60_000;
const RENEW_AFTER_MS = 20 * 60_000;
const PEM = /-----BEGIN PRIVATE KEY-----/;

/** What is wrong with a key, as the end of a sentence that doesn't hold any of it, or undefined. */
export function faultOfApnsKey(text: string): string | undefined {
  const key = keyIn(text);
  if (key === undefined) {
    return "must be the text of a key's .p8 file from the Apple developer account (Keys, with Apple Push Notifications service), or base64 of it";
  }
  return key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    ? undefined
    : 'is a private key of another kind than APNs takes (EC, P-256): take the .p8 file from the Apple developer account, Keys';
}

/** With line breaks, with `\n` in their place, in base64, or without its first and last line. */
function keyIn(text: string): KeyObject | undefined {
  const plain = text.trim().replaceAll('\\n', '\n');
  const decoded = Buffer.from(plain, 'base64');
  const pem = [plain, decoded.toString('latin1')].find((one) => PEM.test(one));
  try {
    return pem === undefined
      ? createPrivateKey({ key: decoded, format: 'der', type: 'pkcs8' })
      : createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

export interface ProviderTokens {
  current(): string;
  /** Another one where Apple calls `used` too old; undefined: none would be better. */
  insteadOf(used: string): string | undefined;
}

/** @throws TypeError where the key has a fault. */
export function createProviderTokens(options: {
  key: string;
  keyId: string;
  teamId: string;
  clock: Clock;
}): ProviderTokens {
  const { keyId, teamId, clock } = options;
  const fault = faultOfApnsKey(options.key);
  if (fault !== undefined) throw new TypeError(`the key for APNs ${fault}`);
  const key = keyIn(options.key) as KeyObject;
  let held: { readonly token: string; readonly at: number } | undefined;

  function make(): string {
    const at = clock.now();
    const parts = [
      { alg: 'ES256', kid: keyId },
      { iss: teamId, iat: Math.floor(at / 1000) },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    const input = parts.join('.');
    const by = { key, dsaEncoding: 'ieee-p1363' } as const;
    const token = `${input}.${sign('sha256', Buffer.from(input), by).toString('base64url')}`;
    held = { token, at };
    return token;
  }

  /** By the wall clock, which Apple holds it against; below 0 where that was set back. */
  const ageMs = (at: number) => clock.now() - at;
  return {
    current() {
      if (held === undefined) return make();
      const age = ageMs(held.at);
      return age >= 0 && age < LIFE_MS ? held.token : make();
    },
    insteadOf(used) {
      if (held !== undefined && held.token !== used) return held.token;
      return held === undefined || ageMs(held.at) >= RENEW_AFTER_MS ? make() : undefined;
    },
  };
}
