// Replay protection of App Check: one call to Google, through firebase-admin.
import type { App } from 'firebase-admin/app';
import { type FirebaseApp, loadFirebaseAdmin } from '../base/firebase-admin.ts';
import type { ConsumeToken } from './app-check.ts';

export function createTokenConsumer(app: FirebaseApp): ConsumeToken {
  return async (token) => {
    const { getAppCheck } = await loadFirebaseAdmin(
      () => import('firebase-admin/app-check'),
      'APP_CHECK_CONSUME',
    );
    const { alreadyConsumed } = await getAppCheck(app as App).verifyToken(token, { consume: true });
    return alreadyConsumed === true;
  };
}
