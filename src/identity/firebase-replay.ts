// Replay protection of App Check: one call to Google, through firebase-admin.
import type { App } from 'firebase-admin/app';
import type { AppCheck } from 'firebase-admin/app-check';
import { type FirebaseApp, partFor } from '../base/firebase-admin.ts';
import { createBound, lazily } from '../base/under-way.ts';
import type { ConsumeToken } from './app-check.ts';

/** Where Google hangs, firebase-admin can't be told to give up. */
const UNDER_WAY_MAX = 256;

export function createTokenConsumer(app: FirebaseApp): ConsumeToken {
  const appCheck = lazily(() => appCheckOf(app));
  const bounded = createBound(UNDER_WAY_MAX, 'App Check tokens to be used up');
  return async (token) => {
    const sdk = await appCheck();
    const { alreadyConsumed } = await bounded(() => sdk.verifyToken(token, { consume: true }));
    return alreadyConsumed === true;
  };
}

async function appCheckOf(app: FirebaseApp): Promise<AppCheck> {
  const load = () => import('firebase-admin/app-check');
  const { sdk, as } = await partFor(app, 'app-check', load, 'APP_CHECK_CONSUME');
  return sdk.getAppCheck(as as App);
}
