// Sessions that were revoked and accounts that were disabled or deleted since the ID token was
// signed. Firebase tells by one call a user; here at most one a minute and user.
import { hash } from 'node:crypto';
import { createBoundedMap } from '../base/bounded-map.ts';
import { type Clock, withDeadline } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import type { User } from '../base/user.ts';
import { idTokenFault } from './id-token-fault.ts';
import { identityUnavailable } from './id-token-rules.ts';

const KEPT_MS = 60_000;
const LOOK_UP_TIMEOUT_MS = 2_000;
/** 5 MB. */
const KEPT_MAX = 20_000;

/** What Firebase knows of an account now. */
export interface AccountState {
  readonly disabled: boolean;
  /** Milliseconds; sessions that began before it were revoked. */
  readonly validSinceMs: number;
}

/** Asks Firebase; `deleted` only where Firebase says that there is no such account. */
export type LookUpAccount = (user: User) => Promise<AccountState | 'deleted'>;

/** Throws (or rejects with) `id_token_revoked`, or `identity_unavailable` where nobody can tell. */
export type CheckRevoked = (user: User) => void | Promise<void>;

export function createRevocationCheck(lookUp: LookUpAccount, clock: Clock): CheckRevoked {
  const states = createBoundedMap<{ state: AccountState | 'deleted'; askedAt: number }>(KEPT_MAX);
  const asking = new Map<string, Promise<AccountState | 'deleted'>>();

  async function ask(user: User, key: string): Promise<AccountState | 'deleted'> {
    // Counted from the question: the answer may be as old as that.
    const askedAt = clock.monotonic();
    try {
      const state = await withDeadline(clock, LOOK_UP_TIMEOUT_MS, () => lookUp(user));
      states.set(key, { state, askedAt });
      return state;
    } catch (cause) {
      throw identityUnavailable(cause);
    } finally {
      asking.delete(key);
    }
  }

  return (user) => {
    const key = keyOf(user);
    const kept = states.get(key);
    if (kept !== undefined && clock.monotonic() - kept.askedAt < KEPT_MS) {
      return judge(user, kept.state);
    }
    let answer = asking.get(key);
    if (answer === undefined) {
      answer = ask(user, key);
      asking.set(key, answer);
    }
    return answer.then((state) => judge(user, state));
  };
}

/** Always of one length, whatever a tenant is called, and no two accounts share one. */
const keyOf = ({ tenant, uid }: User): string =>
  hash('sha256', JSON.stringify([tenant, uid]), 'base64url');

/** The session's own age is compared each time: a new sign-in is good at once. */
function judge(user: User, state: AccountState | 'deleted'): void {
  const signedInAtMs = Number(user.claims.auth_time) * 1000;
  const good = state !== 'deleted' && !state.disabled && signedInAtMs >= state.validSinceMs;
  if (good) return;
  throw new SwitchboardError('id_token_revoked', 'Unauthorized: Invalid token.', {
    cause: idTokenFault('revoked', reasonOf(state), true),
  });
}

function reasonOf(state: AccountState | 'deleted'): string {
  if (state === 'deleted') return 'its account was deleted';
  return state.disabled ? 'its account is disabled' : 'its session was revoked: sign in again';
}
