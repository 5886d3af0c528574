// Firebase's own word on an account, through firebase-admin.
import type { App } from 'firebase-admin/app';
import { type FirebaseApp, loadFirebaseAdmin } from '../base/firebase-admin.ts';
import type { LookUpAccount } from './revocation.ts';

export function createAccountLookUp(app: FirebaseApp): LookUpAccount {
  return async ({ uid, tenant }) => {
    const { getAuth } = await loadFirebaseAdmin(
      () => import('firebase-admin/auth'),
      'CHECK_REVOKED',
    );
    const auth = getAuth(app as App);
    const users = tenant === undefined ? auth : auth.tenantManager().authForTenant(tenant);
    try {
      const { disabled, tokensValidAfterTime } = await users.getUser(uid);
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
