// Firebase's own word on an account, through firebase-admin.
import type { App } from 'firebase-admin/app';
import type { Auth } from 'firebase-admin/auth';
import { type FirebaseApp, partFor } from '../base/firebase-admin.ts';
import { createBound, lazily } from '../base/under-way.ts';
import type { LookUpAccount } from './revocation.ts';

/** Where Google hangs, firebase-admin gives up after minutes, and can't be told to earlier. */
const UNDER_WAY_MAX = 256;

export function createAccountLookUp(app: FirebaseApp): LookUpAccount {
  const auth = lazily(() => authOf(app));
  const bounded = createBound(UNDER_WAY_MAX, 'look-ups of accounts');
  return async ({ uid, tenant }) => {
    const users =
      tenant === undefined ? await auth() : (await auth()).tenantManager().authForTenant(tenant);
    try {
      const { disabled, tokensValidAfterTime } = await bounded(() => users.getUser(uid));
      // Absent where nothing was ever revoked.
      const validSinceMs =
        tokensValidAfterTime === undefined ? 0 : Date.parse(tokensValidAfterTime);
      return { disabled, validSinceMs };
    } catch (error) {
      if ((error as { code?: unknown }).code === 'auth/user-not-found') return 'deleted';
      throw error;
    }
  };
}

async function authOf(app: FirebaseApp): Promise<Auth> {
  const load = () => import('firebase-admin/auth');
  const { sdk, as } = await partFor(app, 'auth', load, 'CHECK_REVOKED');
  return sdk.getAuth(as as App);
}
