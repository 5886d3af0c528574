// What createSwitchboard takes: every setting that a host can give, as its room documents it.
import type { ACCESS } from './access.ts';
import type { APP_CHECK } from './app-check.ts';
import type { CALLS } from './calls.ts';
import type { DATABASE } from './database.ts';
import type { FRONT } from './front.ts';
import type { HOST } from './host.ts';
import type { IDENTITY } from './identity.ts';
import type { LIMITS } from './limits.ts';
import type { LIVEKIT } from './livekit.ts';
import type { NAMES } from './names.ts';
import type { PUSH } from './push.ts';
import type { OptionsOf } from './setting.ts';

/**
 * Options of {@link createSwitchboard}. Each one that the standalone server has too is its
 * variable in camelCase: `LIVEKIT_API_KEY` is `livekitApiKey`. `DATABASE_URL` alone is `database`,
 * which may be the host's own pool as well.
 */
export interface SwitchboardOptions
  extends OptionsOf<typeof IDENTITY>,
    OptionsOf<typeof APP_CHECK>,
    OptionsOf<typeof LIVEKIT>,
    OptionsOf<typeof ACCESS>,
    OptionsOf<typeof DATABASE>,
    OptionsOf<typeof CALLS>,
    OptionsOf<typeof NAMES>,
    OptionsOf<typeof PUSH>,
    OptionsOf<typeof HOST>,
    OptionsOf<typeof LIMITS>,
    OptionsOf<typeof FRONT> {}
