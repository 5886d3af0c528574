// Whether whoever decides about rooms can be asked.

import { explain, hostOf } from '../base/network-faults.ts';
import type { AccessSettings } from '../settings/settings.ts';
import { type Check, idle, ok } from './check.ts';

const NAME = 'Room access';

export type FirestoreAccess = Extract<AccessSettings, { rule: 'firestore' }>;

export function roomAccessCheck(
  access: AccessSettings,
  firestoreCheck: (rule: FirestoreAccess) => Check,
): Check {
  switch (access.rule) {
    case 'firestore':
      return firestoreCheck(access);
    case 'http':
      return backendCheck(access.url);
    case 'any':
      return idle(NAME, 'ROOM_ACCESS is any: every verified user may enter, and nobody is asked');
    case 'calls':
      return idle(NAME, 'ROOM_ACCESS is calls: nobody is asked');
    case 'host':
      return idle(NAME, 'the host decides');
  }
}

/** A question of our own would have to name a user, and there is none here. */
function backendCheck(url: string): Check {
  const host = hostOf(url);
  return {
    name: NAME,
    async run(signal) {
      const { status } = await fetch(url, { method: 'HEAD', redirect: 'manual', signal });
      return ok(
        `${host} answers (${status} to HEAD): that it can be reached was checked, ` +
          'and neither path, ACCESS_SECRET nor what it decides',
      );
    },
    explain: (error) => explain(error, { host, variable: 'ACCESS_URL', withoutTls: 'http://' }),
  };
}
