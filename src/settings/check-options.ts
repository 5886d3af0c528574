// Options → settings: every fault named at once, every default in place. Of the environment nothing
// is read here but NODE_ENV, to refuse the emulator in production, and where firebase-admin looks for it.
import { faultOfFirebaseApp } from '../base/firebase-admin.ts';
import type { SwitchboardOptions } from './options.ts';
import { settingsOf, settingsThatAskFirebase, type Values } from './resolve.ts';
import { sayInOptions, type Told } from './say.ts';
import { defaultOf, isOption, type OptionSetting, type Setting } from './setting.ts';
import type { Settings } from './settings.ts';
import { HOUSE } from './table.ts';

const OPTIONS: ReadonlyMap<string, OptionSetting> = new Map(
  Object.entries<Setting>(HOUSE).filter((entry): entry is [string, OptionSetting] =>
    isOption(entry[1]),
  ),
);

/** @throws TypeError that names every fault. */
export function checkOptions(options: SwitchboardOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('createSwitchboard takes an object of options');
  }
  const { values, faults } = taken(options);
  // Only what is right by itself can be held against the rest.
  if (faults.length > 0) throw wrong(faults);
  const say = sayInOptions(process.env.NODE_ENV?.trim() === 'production');
  const settings = settingsOf(values, say);
  appFaults(values, say);
  if (settings === undefined || say.faults.size > 0) throw wrong([...say.faults]);
  return settings;
}

const wrong = (faults: readonly string[]): TypeError =>
  new TypeError(`createSwitchboard: ${faults.join('; ')}`);

/** What would only show at the first request: an App that can't ask, or that asks somebody else. */
function appFaults(values: Values, say: Told): void {
  const { firebaseApp: app, checkRevoked, firebaseAuthEmulatorHost: emulator } = values;
  if (app === undefined) return;
  const asking = settingsThatAskFirebase(values).filter(
    ({ setting }) => setting !== 'roomAccess' || values.firestore === undefined,
  );
  const fault = asking.length > 0 ? faultOfFirebaseApp(app) : undefined;
  if (fault !== undefined) say.fault(`firebaseApp ${fault}`);
  if (checkRevoked && emulator !== undefined && !process.env.FIREBASE_AUTH_EMULATOR_HOST?.trim()) {
    say.fault(
      'checkRevoked needs the variable FIREBASE_AUTH_EMULATOR_HOST beside firebaseAuthEmulatorHost: ' +
        'firebase-admin reads it, and otherwise asks Google',
    );
  }
}

function taken(options: SwitchboardOptions): { values: Values; faults: string[] } {
  const given = options as Readonly<Record<string, unknown>>;
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  // In the order in which the host wrote them, then what it left out or inherits.
  for (const name of new Set([...Object.keys(given), ...OPTIONS.keys()])) {
    try {
      values[name] = takeOption(OPTIONS.get(name), given[name], options);
    } catch (error) {
      faults.push(`${name} ${(error as Error).message}`);
    }
  }
  for (const [name, { excludes: other }] of OPTIONS) {
    if (other !== undefined && given[name] !== undefined && given[other] !== undefined) {
      faults.push(`${other} and ${name} exclude each other`);
    }
  }
  return { values: values as Values, faults };
}

function takeOption(row: OptionSetting | undefined, given: unknown, owner: object): unknown {
  if (given === undefined) return row && defaultOf(row);
  if (row === undefined) throw new Error('is not an option');
  return row.kind.take(given, owner);
}
