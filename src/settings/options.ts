// What createSwitchboard takes: every setting that a host can give, as its room documents it.
import type { ACCESS } from './access.ts';
import type { APP_CHECK } from './app-check.ts';
import type { FRONT } from './front.ts';
import type { IDENTITY } from './identity.ts';
import type { LIMITS } from './limits.ts';
import type { LIVEKIT } from './livekit.ts';
import type { OptionsOf } from './setting.ts';

/**
 * Options of {@link createSwitchboard}. Each one that the standalone server has too is its
 * variable in camelCase: `LIVEKIT_API_KEY` is `livekitApiKey`.
 */
export interface SwitchboardOptions
  extends OptionsOf<typeof IDENTITY>,
    OptionsOf<typeof APP_CHECK>,
    OptionsOf<typeof LIVEKIT>,
    OptionsOf<typeof ACCESS>,
    OptionsOf<typeof LIMITS>,
    OptionsOf<typeof FRONT> {}
