// Values → settings. Each is right by itself; here all are held against each other.
import { accessSettings, firestoreSource } from './access.ts';
import { appCheckSettings } from './app-check.ts';
import { callSettings } from './calls.ts';
import { databaseSettings } from './database.ts';
import { frontSettings } from './front.ts';
import { hostSettings } from './host.ts';
import { accountSettings, identitySettings, projectOf } from './identity.ts';
import { limitSettings } from './limits.ts';
import { livekitSettings } from './livekit.ts';
import { nameSettings } from './names.ts';
import { pushSettings } from './push.ts';
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
  const ringing = {
    push: pushSettings(values, { app, projectId, database }, say),
    names: nameSettings(values, { source: firestoreSource(values, app), database }, say),
    host: hostSettings(values, database, say),
  };
  const calls = callSettings(values, { database, access, livekit, ringing }, say);
  if (app === undefined) {
    for (const { setting, at, firestoreWillDo } of settingsThatAskApp(values)) {
      const who = at === true ? setting : { setting, is: [at] };
      say.needsFirebase(who, firestoreWillDo ? 'firestore' : undefined);
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
  ASKS_FIREBASE.filter(({ setting, at }) =>
    at === true ? isOn(values[setting]) : values[setting] === at,
  );

const isOn = (value: unknown): boolean => value !== undefined && value !== false;

/** Without those that ask a Firestore of the host's own. */
export const settingsThatAskApp = (values: Values): typeof ASKS_FIREBASE =>
  settingsThatAskFirebase(values).filter(
    ({ firestoreWillDo }) => !firestoreWillDo || values.firestore === undefined,
  );
