// By what name people call: the access room's profiles, put together from the settings.
import { openFirestore } from '../access/firestore.ts';
import { profilePath } from '../access/firestore-names.ts';
import { createProfiles, type Profiles } from '../access/profiles.ts';
import { withDeadline } from '../base/clock.ts';
import type { NameSettings } from '../settings/settings.ts';
import type { Lifetime } from './lifetimes.ts';
import type { Ground } from './part.ts';

/** The SDK itself would go on for ten minutes, and a host may wait for the start before it listens. */
const WARM_UP_TIMEOUT_MS = 5_000;
/** Legal, and nobody's: reading it opens the connection. */
const NOBODY = 'livekit-switchboard-warm-up';

const CANNOT_BE_ASKED = 'Firestore cannot be asked for names with these settings';

export interface Names extends Lifetime {
  readonly profiles: Profiles;
}

export function createNames(
  { profileOf, firestore }: NameSettings,
  { clock, log }: Pick<Ground, 'clock' | 'log'>,
): Names {
  if (firestore === undefined) return { profiles: createProfiles({ profileOf, clock, log }) };
  const opened = openFirestore(firestore.source, clock);
  const documents = { ...firestore, fieldsOf: opened.fieldsOf };
  return {
    profiles: createProfiles({ profileOf, firestore: documents, clock, log }),
    async start() {
      try {
        await withDeadline(clock, WARM_UP_TIMEOUT_MS, () =>
          opened.fieldsOf(profilePath(firestore.path, NOBODY), [['name']]),
        );
      } catch (err) {
        // Of settings that time does not mend; a name stops nothing all the same.
        if (err instanceof TypeError) log.error({ err }, CANNOT_BE_ASKED);
        else log.warn({ err }, 'Firestore could not be asked for names yet');
      }
    },
    stop: opened.close,
  };
}
