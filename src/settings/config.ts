// The environment, read and checked once: the only reader of it.
import { faultOfEmulatorHost } from '../base/faults.ts';
import type { LogLevel } from '../base/log.ts';
import type { CallRules } from '../calls/call.ts';
import { hostTargetIds } from '../events/host/targets.ts';
import { rulesOf } from './calls.ts';
import { type DatabaseSettings, databaseOf } from './database.ts';
import type { VariableKind } from './kinds.ts';
import { misspelt } from './misspelt.ts';
import type { SwitchboardOptions } from './options.ts';
import { type Odd, unpacked } from './pasted.ts';
import { platformOf } from './platform.ts';
import { settingsOf, settingsThatAskFirebase } from './resolve.ts';
import { isProduction, sayInVariables, type Told } from './say.ts';
import type { ServiceAccount } from './service-account.ts';
import {
  defaultOf,
  isOption,
  isVariable,
  type VariableSetting,
  type VariablesOf,
} from './setting.ts';
import type { Settings } from './settings.ts';
import { type Environment, SECRETS_DIRECTORY, type Source, secretText, textOf } from './sources.ts';
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
  /** No faults, and perhaps their cause. */
  readonly hints: readonly string[];
  constructor(problems: readonly string[], hints: readonly string[] = []) {
    const what = problems.length === 1 ? 'a fault' : `${problems.length} faults`;
    super(
      [
        `The configuration has ${what}:`,
        ...[...problems, ...hints].map((one) => `  - ${one}`),
      ].join('\n'),
    );
    this.name = 'ConfigError';
    this.problems = problems;
    this.hints = hints;
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
  const { values, ...found } = valuesFrom(env, secretsDirectory);
  const firestoreEmulator = textOf(env.FIRESTORE_EMULATOR_HOST);
  const production = isProduction(env.NODE_ENV);
  const say = sayInVariables(
    { production, ...found },
    {
      nameOf: variableOf,
      serviceAccount: `${variableOf('firebaseServiceAccount')} (or ${variableOf('googleCredentials')})`,
      asksFirebase: variablesThatAskFirebase('and', settingsThatAskFirebase(values)),
    },
  );
  const platform = platformOf(env, biosVendorFile);
  const app = { options: { projectId: values.firebaseProjectId } };
  const source = sourceOf(values, firestoreEmulator, platform);
  const settings = settingsOf({ ...values, firebaseApp: source && app }, say);
  if (source === 'emulators') emulatorFaults(values, firestoreEmulator, say);
  if (firestoreEmulator !== undefined && say.production) {
    say.fault('FIRESTORE_EMULATOR_HOST is for development: not with NODE_ENV=production');
  }
  const fault = firestoreEmulator && faultOfEmulatorHost(firestoreEmulator);
  if (fault) say.fault(`FIRESTORE_EMULATOR_HOST ${fault}`);
  const slips = misspelt(env);
  for (const { sentence, opensDoor } of slips) if (opensDoor && production) say.fault(sentence);
  const hints = slips
    .map(({ sentence }) => sentence)
    .filter((sentence) => !say.faults.has(sentence));
  if (settings === undefined || say.faults.size > 0) throw new ConfigError([...say.faults], hints);
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
    warnings: [...hints, ...found.odd, ...say.warnings],
  };
}

/**
 * The database alone, which is all that a migration has to know; undefined: none is set.
 *
 * @throws ConfigError where there is a fault in it.
 */
export function loadDatabase(
  env: Environment,
  secretsDirectory = SECRETS_DIRECTORY,
): DatabaseSettings | undefined {
  const { values, faults } = valuesFrom(env, secretsDirectory);
  const own = faults.filter((fault) => fault.startsWith(`${variableOf('database')} `));
  if (own.length > 0) throw new ConfigError(own);
  return values.database === undefined ? undefined : databaseOf(values.database);
}

/**
 * The rules of calls as far as the environment has them, for commands that change a call beside the
 * server: faults are the server's to tell.
 */
export function loadCallRules(env: Environment, secretsDirectory = SECRETS_DIRECTORY): CallRules {
  const { values } = valuesFrom(env, secretsDirectory);
  const { fcm, apnsKey, webhookUrls: urls } = values;
  return {
    ...rulesOf(values),
    pushes: fcm === true || apnsKey !== undefined,
    hostTargets: hostTargetIds(urls === undefined ? {} : { webhooks: { urls } }),
  };
}

interface Found {
  readonly values: Values;
  readonly faults: readonly string[];
  /** Names of the settings that have these faults; in their place are the defaults. */
  readonly faulty: readonly string[];
  /** What was mended. */
  readonly odd: readonly string[];
  isGiven(setting: string): boolean;
}

/** Each by itself. */
function valuesFrom(env: Environment, secretsDirectory: string): Found {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  const faulty: string[] = [];
  const odd: string[] = [];
  const given = new Set<string>();
  for (const [name, row] of ROWS) {
    values[name] = defaultOf(row);
    if (!isVariable(row)) continue;
    const { variable } = row;
    try {
      const source = variableText(row, env, secretsDirectory);
      if (source === undefined) continue;
      given.add(name);
      const tell = (sentence: string) => void odd.push(`${variable} ${sentence}`);
      values[name] = meant(row.kind, source, tell);
    } catch (error) {
      faults.push(`${variable} ${(error as Error).message}`);
      faulty.push(name, variable);
    }
  }
  const isGiven = (setting: string) => given.has(setting);
  return { values: values as Values, faults, faulty, odd, isGiven };
}

const meant = (kind: VariableKind<unknown>, { text, isFile }: Source, odd: Odd): unknown =>
  isFile && kind.readFile !== undefined ? kind.readFile(text, odd) : kind.read(text, odd);

function variableText(
  row: VariableSetting,
  env: Environment,
  secretsDirectory: string,
): Source | undefined {
  const { variable: name } = row;
  const plain = (text = textOf(env[name])) => text && { text, isFile: false };
  const source = row.secret ? secretText(name, env, secretsDirectory) : plain();
  // Quotes with nothing between them are no value either.
  if (source && unpacked(source.text) !== '') return source;
  if (row.required) throw new Error('is required');
  return undefined;
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
    firestoreProfilePath: ['FIRESTORE_EMULATOR_HOST', firestoreEmulator],
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
