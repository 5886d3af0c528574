// Options → settings: every fault named at once, every default in place. Of the environment nothing
// is read here but NODE_ENV, to refuse the emulator in production, and where firebase-admin looks for it.
import { faultOfFirebaseApp } from '../base/firebase-admin.ts';
import type { SwitchboardOptions } from './options.ts';
import type { Odd } from './pasted.ts';
import { settingsOf, settingsThatAskApp, type Values } from './resolve.ts';
import { isProduction, sayInOptions, type Told } from './say.ts';
import { defaultOf, isOption, type OptionSetting, type Setting } from './setting.ts';
import type { Settings } from './settings.ts';
import { HOUSE } from './table.ts';

const OPTIONS: ReadonlyMap<string, OptionSetting> = new Map(
  Object.entries<Setting>(HOUSE).filter((entry): entry is [string, OptionSetting] =>
    isOption(entry[1]),
  ),
);

/**
 * `warn` hears what works and is worth a second thought.
 *
 * @throws TypeError that names every fault.
 */
export function checkOptions(
  options: SwitchboardOptions,
  warn: (sentence: string) => void = () => {},
): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('createSwitchboard takes an object of options');
  }
  const { values, faults, faulty, odd } = taken(options);
  const say = sayInOptions({
    production: isProduction(process.env.NODE_ENV),
    isGiven: (name) => options[name as keyof SwitchboardOptions] !== undefined,
    faults,
    faulty,
  });
  const settings = settingsOf(values, say);
  appFaults(values, say);
  if (settings === undefined || say.faults.size > 0) throw wrong([...say.faults]);
  for (const warning of [...odd, ...say.warnings]) warn(warning);
  return settings;
}

const wrong = (faults: readonly string[]): TypeError =>
  new TypeError(`createSwitchboard: ${faults.join('; ')}`);

/** What would only show at the first request: an App that can't ask, or that asks somebody else. */
function appFaults(values: Values, say: Told): void {
  const { firebaseApp: app, checkRevoked, firebaseAuthEmulatorHost: emulator } = values;
  if (app === undefined) return;
  const fault = settingsThatAskApp(values).length > 0 ? faultOfFirebaseApp(app) : undefined;
  if (fault !== undefined) say.fault(`firebaseApp ${fault}`);
  if (checkRevoked && emulator !== undefined && !process.env.FIREBASE_AUTH_EMULATOR_HOST?.trim()) {
    say.fault(
      'checkRevoked needs the variable FIREBASE_AUTH_EMULATOR_HOST beside firebaseAuthEmulatorHost: ' +
        'firebase-admin reads it, and otherwise asks Google',
    );
  }
}

interface Taken {
  readonly values: Values;
  readonly faults: string[];
  /** The options that have them; in their place are the defaults. */
  readonly faulty: string[];
  readonly odd: string[];
}

function taken(options: SwitchboardOptions): Taken {
  const given = options as Readonly<Record<string, unknown>>;
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  const faulty: string[] = [];
  const odd: string[] = [];
  // In the order in which the host wrote them, then what it left out or inherits.
  for (const name of new Set([...Object.keys(given), ...OPTIONS.keys()])) {
    const row = OPTIONS.get(name);
    const tell = (sentence: string) => void odd.push(`${name} ${sentence}`);
    try {
      values[name] = takeOption(row, given[name], { owner: options, tell });
    } catch (error) {
      faults.push(`${name} ${(error as Error).message}`);
      faulty.push(name);
      values[name] = row && defaultOf(row);
    }
  }
  for (const [name, { excludes: other }] of OPTIONS) {
    if (other !== undefined && given[name] !== undefined && given[other] !== undefined) {
      faults.push(`${other} and ${name} exclude each other`);
    }
  }
  return { values: values as Values, faults, faulty, odd };
}

function takeOption(
  row: OptionSetting | undefined,
  given: unknown,
  { owner, tell }: { readonly owner: object; readonly tell: Odd },
): unknown {
  if (given === undefined) return row && defaultOf(row);
  if (row === undefined) throw new Error('is not an option');
  return row.kind.take(given, owner, tell);
}
