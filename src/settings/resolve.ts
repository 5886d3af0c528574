// Values → settings. Each is right by itself; here all are held against each other.
import { accessSettings } from './access.ts';
import { appCheckSettings } from './app-check.ts';
import { callSettings } from './calls.ts';
import { databaseSettings } from './database.ts';
import { frontSettings } from './front.ts';
import { accountSettings, identitySettings, projectOf } from './identity.ts';
import { limitSettings } from './limits.ts';
import { livekitSettings } from './livekit.ts';
import type { Told } from './say.ts';
import type { ValuesOf } from './setting.ts';
import type { Settings } from './settings.ts';
import { ASKS_FIREBASE, type HOUSE } from './table.ts';

export type Values = ValuesOf<typeof HOUSE>;

/** Undefined: what contradicts was told. */
export function settingsOf(values: Values, say: Told): Settings | undefined {
  const { firebaseApp: app, logger } = values;
  const isProjectNeeded = values.userOf === undefined || values.appCheck !== 'off';
  const projectId = projectOf(values, isProjectNeeded, say);
  const livekit = livekitSettings(values, say);
  const appCheck = appCheckSettings(values, { projectId, app }, say);
  const identity = identitySettings(values, projectId, say);
  const access = accessSettings(values, app, say);
  const database = databaseSettings(values, say);
  const calls = callSettings(values, { database, access, livekit }, say);
  if (app === undefined) {
    for (const { setting, at } of settingsThatAskFirebase(values)) {
      if (setting === 'roomAccess' && values.firestore !== undefined) continue;
      say.needsFirebase(at === true ? setting : { setting, is: [at] });
    }
  }
  if (say.faults.size > 0 || !identity || !appCheck || !access) return undefined;
  return {
    identity,
    accounts: accountSettings(values),
    appCheck,
    access,
    livekit,
    calls,
    limits: limitSettings(values),
    front: frontSettings(values),
    logger,
  };
}

/** Those that do, as they are set. */
export const settingsThatAskFirebase = (values: Values): typeof ASKS_FIREBASE =>
  ASKS_FIREBASE.filter(({ setting, at }) => values[setting] === at);
