// Whether whoever decides about rooms can be asked.
import type { Config } from '../settings/config.ts';
import { type Check, ok, skipped } from './check.ts';
import { explain, hostOf } from './network-faults.ts';

export function roomAccessCheck({ options }: Config, firestore: Check): Check {
  const { roomAccess = 'any', accessUrl } = options;
  switch (roomAccess) {
    case 'firestore':
      return firestore;
    case 'http':
      return backendCheck(accessUrl as string);
    case 'any':
      return idle('ROOM_ACCESS is any: every verified user may enter, and nobody is asked');
    case 'calls':
      return idle('ROOM_ACCESS is calls: nobody is asked');
  }
}

const idle = (why: string): Check => ({
  name: 'Room access',
  run: () => skipped(why),
  explain: () => skipped(why),
});

/** A question of our own would have to name a user, and there is none here. */
function backendCheck(url: string): Check {
  const host = hostOf(url);
  return {
    name: 'Room access',
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
