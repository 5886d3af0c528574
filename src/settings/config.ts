// The environment, read and checked once: the only reader of it.
import type { LogLevel } from '../base/log.ts';
import type { ServiceAccount } from './credentials.ts';
import { misspelt } from './misspelt.ts';
import type { SwitchboardOptions } from './options.ts';
import { platformOf } from './platform.ts';
import { settingsOf, settingsThatAskFirebase } from './resolve.ts';
import { sayInVariables, type Told } from './say.ts';
import {
  defaultOf,
  isOption,
  isVariable,
  type VariableSetting,
  type VariablesOf,
} from './setting.ts';
import type { Settings } from './settings.ts';
import { type Environment, SECRETS_DIRECTORY, secretText, textOf } from './sources.ts';
import {
  type HouseSetting,
  ROWS,
  type SETTINGS,
  variableOf,
  variablesThatAskFirebase,
} from './table.ts';

export interface Config {
  /** Everything that the library takes too. */
  readonly options: SwitchboardOptions;
  /** What comes of it. Its App is none yet: where `needsFirebase`, one of the project is to be made. */
  readonly settings: Settings;
  readonly projectId: string;
  /** Undefined: firebase-admin finds its credentials by itself, where `needsFirebase`. */
  readonly serviceAccount: ServiceAccount | undefined;
  /** Google's, whose own credentials serve where no others are given; undefined: none of Google's. */
  readonly platform: string | undefined;
  /** A setting asks Firebase, and firebase-admin is needed for it. */
  readonly needsFirebase: boolean;
  readonly host: string;
  readonly port: number;
  readonly logLevel: LogLevel;
  /** How long a stopping server serves on while `readyz` says 503. */
  readonly drainMs: number;
  /** How long a connection on which nothing is asked is kept. */
  readonly keepAliveMs: number;
  readonly metricsToken: string | undefined;
  /** What works and is worth a second thought; to be logged at start. */
  readonly warnings: readonly string[];
}

type Values = VariablesOf<typeof SETTINGS>;

/** All that is wrong with a configuration, by name. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a fault' : `${problems.length} faults`}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Reads and checks the whole environment once.
 *
 * @throws ConfigError that names every fault together, and never a secret's value.
 */
export function loadConfig(
  env: Environment,
  secretsDirectory = SECRETS_DIRECTORY,
  biosVendorFile?: string,
): Config {
  const values = valuesFrom(env, secretsDirectory);
  const firestoreEmulator = textOf(env.FIRESTORE_EMULATOR_HOST);
  const say = sayInVariables(textOf(env.NODE_ENV) === 'production', {
    nameOf: variableOf,
    serviceAccount: `${variableOf('firebaseServiceAccount')} (or ${variableOf('googleCredentials')})`,
    asksFirebase: variablesThatAskFirebase('and'),
  });
  const platform = platformOf(env, biosVendorFile);
  const app = { options: { projectId: values.firebaseProjectId } };
  const source = sourceOf(values, firestoreEmulator, platform);
  const settings = settingsOf({ ...values, firebaseApp: source && app }, say);
  if (source === 'emulators') emulatorFaults(values, firestoreEmulator, say);
  if (firestoreEmulator !== undefined && say.production) {
    say.fault('FIRESTORE_EMULATOR_HOST is for development: not with NODE_ENV=production');
  }
  if (settings === undefined || say.faults.size > 0) throw new ConfigError([...say.faults]);
  return {
    options: optionsOf(values),
    settings,
    projectId: values.firebaseProjectId,
    serviceAccount: values.firebaseServiceAccount,
    platform,
    needsFirebase: settingsThatAskFirebase(values).length > 0,
    host: values.host,
    port: values.port,
    logLevel: values.logLevel,
    drainMs: values.drainSeconds * 1000,
    keepAliveMs: values.keepAliveSeconds * 1000,
    metricsToken: values.metricsToken,
    warnings: [...misspelt(env), ...say.warnings],
  };
}

/** Each right by itself: only then can it be held against the rest. */
function valuesFrom(env: Environment, secretsDirectory: string): Values {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, row] of ROWS) {
    try {
      values[name] = isVariable(row) ? readVariable(row, env, secretsDirectory) : defaultOf(row);
    } catch (error) {
      problems.push(`${row.variable} ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Values;
}

function readVariable(row: VariableSetting, env: Environment, secretsDirectory: string): unknown {
  const { variable: name } = row;
  const text = row.secret ? secretText(name, env, secretsDirectory) : textOf(env[name]);
  if (text !== undefined) return row.kind.read(text);
  if (row.required) throw new Error('is required');
  return defaultOf(row);
}

/** As whom Firebase is asked; undefined: there is nobody. */
function sourceOf(values: Values, firestoreEmulator: string | undefined, platform?: string) {
  const given = values.firebaseServiceAccount ?? values.googleCredentials ?? platform;
  if (given !== undefined) return 'credentials';
  const emulator = values.firebaseAuthEmulatorHost ?? firestoreEmulator;
  return emulator === undefined ? undefined : 'emulators';
}

/** An emulator stands in for its own part of Firebase alone, and for App Check there is none. */
function emulatorFaults(values: Values, firestoreEmulator: string | undefined, say: Told): void {
  const account = `${variableOf('firebaseServiceAccount')} (or ${variableOf('googleCredentials')})`;
  const auth = variableOf('firebaseAuthEmulatorHost');
  const standIns: Partial<Record<HouseSetting, readonly [string, string | undefined]>> = {
    checkRevoked: [auth, values.firebaseAuthEmulatorHost],
    roomAccess: ['FIRESTORE_EMULATOR_HOST', firestoreEmulator],
  };
  for (const { setting, at } of settingsThatAskFirebase(values)) {
    const [name, host] = standIns[setting] ?? [];
    if (host !== undefined) continue;
    const who = at === true ? variableOf(setting) : `${variableOf(setting)}=${at}`;
    say.fault(`${who} needs ${name === undefined ? '' : `${name}, or `}${account}`);
  }
}

function optionsOf(values: Values): SwitchboardOptions {
  const shared = Object.entries(values).filter(([name]) => {
    const row = ROWS.get(name);
    return row !== undefined && isOption(row) && isVariable(row);
  });
  return Object.fromEntries(shared);
}
