// OAuth tokens of a Firebase app, asked for by itself: one question at a time, ahead of time.
import { type Clock, withDeadline } from '../../base/clock.ts';
import type { FirebaseApp } from '../../base/firebase-admin.ts';
import { orAborted } from '../../base/or-aborted.ts';

/** Beyond that a question is given up, and the next one asks anew. Each try waits less. */
const ANSWER_MS = 10_000;
/** Google's own libraries ask for a new one then too; before that they hand out the old one. */
const RENEW_BEFORE_MS = 5 * 60_000;
const LAST_USE_BEFORE_MS = 30_000;
const LIFE_MAX_S = 24 * 60 * 60;

/** What is used of firebase-admin's `Credential`. */
interface Credential {
  getAccessToken(): Promise<{ access_token: string; expires_in: number }>;
  /** Of accounts that are billed to another project. */
  getQuotaProjectId?(): string | undefined;
}

/** Google hands out no token, or what is no token. */
export class AccessTokenError extends Error {
  constructor(cause: unknown) {
    super('no access token', { cause });
    this.name = 'AccessTokenError';
  }
}

export interface AccessTokens {
  /** Headers that a question carries. Rejects with the signal's reason, or an AccessTokenError. */
  headers(signal: AbortSignal): Promise<Record<string, string>>;
  /** Google takes the one in hand no more. */
  drop(): void;
}

/** @throws TypeError where the app has no credential. */
export function createAccessTokens(options: { app: FirebaseApp; clock: Clock }): AccessTokens {
  const { app, clock } = options;
  const credential = credentialOf(app);
  let held: { readonly token: string; readonly endsAt: number } | undefined;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    try {
      const answer = await withDeadline(clock, ANSWER_MS, () => credential.getAccessToken());
      const { access_token: token, expires_in: seconds } = answer;
      // An answer that is none would be a header that is none.
      if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw new Error('no token');
      const lifeMs = Math.min(Number(seconds) || 0, LIFE_MAX_S) * 1000;
      held = { token, endsAt: clock.monotonic() + lifeMs };
      return token;
    } catch (error) {
      throw new AccessTokenError(error);
    } finally {
      asking = undefined;
    }
  }

  async function current(signal: AbortSignal): Promise<string> {
    const leftMs = (held?.endsAt ?? Number.NEGATIVE_INFINITY) - clock.monotonic();
    if (held !== undefined && leftMs > RENEW_BEFORE_MS) return held.token;
    asking ??= ask();
    if (held !== undefined && leftMs > LAST_USE_BEFORE_MS) {
      asking.catch(() => {});
      return held.token;
    }
    return await orAborted(asking, signal);
  }

  return {
    async headers(signal) {
      const authorization = `Bearer ${await current(signal)}`;
      const quotaProject = credential.getQuotaProjectId?.();
      return quotaProject === undefined
        ? { authorization }
        : { authorization, 'x-goog-user-project': quotaProject };
    },
    drop() {
      held = undefined;
    },
  };
}

function credentialOf({ options }: FirebaseApp): Credential {
  const credential = options.credential as Partial<Credential> | undefined;
  if (typeof credential?.getAccessToken === 'function') return credential as Credential;
  throw new TypeError('the Firebase app has no credential: give initializeApp one (cert(…))');
}
