// App Check: whether requests come from the project's own apps.
import { faultOfKeysUrl } from '../base/faults.ts';
import type { FirebaseApp } from '../base/firebase-admin.ts';
import { list, oneOf, onOff, text } from './kinds.ts';
import type { Odd } from './pasted.ts';
import type { Say } from './say.ts';
import type { Table, ValuesOf } from './setting.ts';
import type { AppCheckSettings } from './settings.ts';

/** Firebase promises no form (REST, projects.webApps), and has always had this one. */
function lookingLikeAnAppId(id: string, odd: Odd): string {
  if (!/^\d+:\d+:\w+:[\da-f]+$/.test(id)) {
    odd(
      'has an entry that is no app id, like 1:1234567890:web:0a1b2c: only apps of these ids pass',
    );
  }
  return id;
}

export const APP_CHECK = {
  /** App Check: `monitor` counts, `enforce` refuses. Default `off`. */
  appCheck: {
    variable: 'APP_CHECK',
    meaning: '`monitor` counts requests by their App Check token, `enforce` refuses those without',
    default: 'off',
    kind: oneOf('off', 'monitor', 'enforce'),
  },
  /** App ids that count. Default: every app of the project. */
  appCheckAppIds: {
    variable: 'APP_CHECK_APP_IDS',
    meaning: 'App ids that count, separated by commas. Unset: every app of the project',
    kind: list(undefined, lookingLikeAnAppId),
  },
  /** A mirror of App Check's key endpoint. Default: Google's. */
  appCheckKeysUrl: {
    variable: 'APP_CHECK_KEYS_URL',
    meaning: 'A mirror of App Check’s key endpoint: https, or http on loopback',
    kind: text(faultOfKeysUrl),
  },
  /** Each App Check token is good once; needs `firebaseApp`. Default false. */
  appCheckConsume: {
    variable: 'APP_CHECK_CONSUME',
    meaning:
      '`on`: each App Check token is good once (a call to Google each; needs the service account)',
    default: 'off',
    asksFirebase: true,
    kind: onOff,
  },
} as const satisfies Table;

/** Undefined: its fault was told. */
export function appCheckSettings(
  values: ValuesOf<typeof APP_CHECK>,
  firebase: { readonly projectId: string | undefined; readonly app: FirebaseApp | undefined },
  say: Say<keyof typeof APP_CHECK>,
): AppCheckSettings | undefined {
  const { appCheck: mode, appCheckAppIds: appIds = [], appCheckKeysUrl: keysUrl } = values;
  if (mode === 'off') {
    if (values.appCheckConsume) {
      say.needs('appCheckConsume', { setting: 'appCheck', is: ['monitor', 'enforce'] });
    }
    return { mode };
  }
  const { projectId, app } = firebase;
  if (projectId === undefined) return undefined;
  const consume = values.appCheckConsume ? app : undefined;
  return { mode, projectId, appIds, keysUrl, consume };
}
