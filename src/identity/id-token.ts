// Firebase ID token → User.
import { andThen } from '../base/and-then.ts';
import type { Clock } from '../base/clock.ts';
import { quoted } from '../base/token-fault.ts';
import { type User, userFromClaims } from '../base/user.ts';
import { faultOfIdToken, idTokenFault } from './id-token-fault.ts';
import { checkTimes, identityUnavailable, idTokenInvalid, isOfProject } from './id-token-rules.ts';
import {
  isSignedBy,
  isSignedByOneInHand,
  type Rs256Jwt,
  readRs256Jwt,
  readUnsignedJwt,
} from './jwt.ts';
import type { KeyLookup, KeyStore } from './key-store.ts';
import { createTokenMemory } from './token-memory.ts';
import { faultOfSignature } from './token-shape.ts';

export interface IdTokenVerifier {
  /** The user of a token that was verified before and still holds; no signature check is made. */
  remembered(token: string): User | undefined;
  /**
   * The user of `token`: at once where its key is in hand, otherwise after a fetch of the keys.
   * Throws (or rejects with) a SwitchboardError: `id_token_invalid`, `id_token_expired`, or
   * `identity_unavailable` where only a key that is out of reach could tell.
   */
  verify(token: string): User | Promise<User>;
}

/** Verifies tokens that Firebase has signed with one of `keys` for this project. */
export function createIdTokenVerifier(options: {
  projectId: string;
  keys: KeyStore;
  clock: Clock;
}): IdTokenVerifier {
  const { projectId, keys, clock } = options;
  const memory = createTokenMemory(keys, clock, (token) => {
    const { claims } = readRs256Jwt(token) as Rs256Jwt;
    return userFromClaims(claims.sub as string, claims);
  });

  function decide(token: string, jwt: Rs256Jwt, found: KeyLookup): User {
    if (found.kind === 'unavailable') throw identityUnavailable(found.cause);
    if (found.kind === 'unknown') {
      throw idTokenInvalid(
        idTokenFault('unknown_key', `none of the keys fetched has the id ${quoted(jwt.kid)}`),
      );
    }
    if (!isSignedBy(jwt, found.key)) throw idTokenInvalid(faultOfSignature(jwt, found.key));
    // The signature comes first: an expired token that nobody signed is a forgery.
    checkTimes(jwt.claims, clock.now(), true);
    const { sub, exp } = jwt.claims as { sub: string; exp: number };
    memory.keep(token, { keyNumber: found.keyNumber, expiresAtS: exp });
    return userFromClaims(sub, jwt.claims);
  }

  return {
    remembered: memory.recall,
    verify(token) {
      const jwt = readRs256Jwt(token);
      if (jwt === undefined || !isOfProject(jwt.claims, projectId)) {
        throw idTokenInvalid(
          faultOfIdToken(token, {
            projectId,
            unsigned: false,
            isSigned: () => isSignedByOneInHand(jwt, keys),
          }),
        );
      }
      return andThen(keys.find(jwt.kid), (found) => decide(token, jwt, found));
    },
  };
}

/**
 * Takes the unsigned tokens of Firebase's Auth emulator, and nothing else: whoever can write JSON
 * is anybody. Never in production, and only for a project whose name begins with `demo-`, which
 * no real project's can (https://firebase.google.com/docs/emulator-suite/connect_auth).
 */
export function createEmulatorVerifier(options: {
  projectId: string;
  clock: Clock;
}): IdTokenVerifier {
  const { projectId, clock } = options;
  return {
    remembered: () => undefined,
    verify(token) {
      const claims = readUnsignedJwt(token);
      if (claims === undefined || !isOfProject(claims, projectId)) {
        throw idTokenInvalid(
          faultOfIdToken(token, { projectId, unsigned: true, isSigned: () => false }),
        );
      }
      checkTimes(claims, clock.now(), false);
      return userFromClaims(claims.sub as string, claims);
    },
  };
}
