// The environment, read and checked once: the only reader of it.
import type { LogLevel } from '../base/log.ts';
import { misspelt } from './misspelt.ts';
import type { SwitchboardOptions } from './options.ts';
import type { ServiceAccount } from './parse.ts';
import { type Environment, SECRETS_DIRECTORY, secretText, textOf } from './sources.ts';
import { VARIABLES, type Variable } from './variables.ts';

export interface Config {
  /** Everything that the library takes too. */
  readonly options: SwitchboardOptions;
  /** Undefined: firebase-admin finds its credentials by itself, where `needsFirebase`. */
  readonly serviceAccount: ServiceAccount | undefined;
  /** A setting asks Firebase, and firebase-admin is needed for it. */
  readonly needsFirebase: boolean;
  readonly host: string;
  readonly port: number;
  readonly logLevel: LogLevel;
  /** How long a stopping server serves on while `readyz` says 503. */
  readonly drainMs: number;
  readonly metricsToken: string | undefined;
  /** What works and is worth a second thought; to be logged at start. */
  readonly warnings: readonly string[];
}

type Name = keyof typeof VARIABLES;
type Values = { [N in Name]: ReturnType<(typeof VARIABLES)[N]['parse']> | undefined };

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
export function loadConfig(env: Environment, secretsDirectory = SECRETS_DIRECTORY): Config {
  const problems: string[] = [];
  const values = {} as Record<Name, unknown>;
  for (const [name, variable] of Object.entries(VARIABLES) as [Name, Variable][]) {
    try {
      const given = variable.secret ? secretText(name, env, secretsDirectory) : textOf(env[name]);
      const value = given ?? variable.default;
      if (value === undefined && variable.required) throw new Error('is required');
      values[name] = value === undefined ? undefined : variable.parse(value);
    } catch (error) {
      problems.push(`${name} ${(error as Error).message}`);
    }
  }
  // Only what is right by itself can be held against the rest.
  const given = values as Values;
  const production = textOf(env.NODE_ENV) === 'production';
  if (problems.length === 0) problems.push(...contradictionsOf(given, { env, production }));
  if (problems.length > 0) throw new ConfigError(problems);
  const config = configOf(given, production);
  return { ...config, warnings: [...misspelt(env), ...config.warnings] };
}

function configOf(values: Values, production: boolean): Config {
  const warnings: string[] = [];
  if (production && values.LIVEKIT_URL?.startsWith('ws:')) {
    warnings.push('LIVEKIT_URL is ws://, not encrypted: use wss:// in production');
  }
  if (production && values.ACCESS_URL?.startsWith('http:')) {
    warnings.push('ACCESS_URL is http://, not encrypted: only good inside a private network');
  }
  if (production && values.ROOM_ACCESS === 'any') {
    warnings.push('ROOM_ACCESS is any: any signed-in user can join any room by name');
  }
  return {
    options: {
      firebaseProjectId: values.FIREBASE_PROJECT_ID,
      firebaseKeysUrl: values.FIREBASE_KEYS_URL,
      firebaseAuthEmulatorHost: values.FIREBASE_AUTH_EMULATOR_HOST,
      checkRevoked: values.CHECK_REVOKED,
      anonymousUsers: values.ANONYMOUS_USERS,
      emailVerified: values.EMAIL_VERIFIED,
      firebaseTenantIds: values.FIREBASE_TENANT_IDS,
      appCheck: values.APP_CHECK,
      appCheckAppIds: values.APP_CHECK_APP_IDS,
      appCheckKeysUrl: values.APP_CHECK_KEYS_URL,
      appCheckConsume: values.APP_CHECK_CONSUME,
      livekitApiKey: values.LIVEKIT_API_KEY,
      livekitApiSecret: values.LIVEKIT_API_SECRET,
      livekitUrl: values.LIVEKIT_URL,
      livekitTokenTtlSeconds: values.LIVEKIT_TOKEN_TTL_SECONDS,
      roomAccess: values.ROOM_ACCESS,
      firestoreRoomPath: values.FIRESTORE_ROOM_PATH,
      firestoreMembersField: values.FIRESTORE_MEMBERS_FIELD,
      accessUrl: values.ACCESS_URL,
      accessSecret: values.ACCESS_SECRET,
      tokenRatePerMinute: values.TOKEN_RATE_PER_MINUTE,
      authFailuresPerMinute: values.AUTH_FAILURES_PER_MINUTE,
      redisUrl: values.REDIS_URL,
      corsOrigins: values.CORS_ORIGINS,
      trustProxy: values.TRUST_PROXY,
    },
    serviceAccount: values.FIREBASE_SERVICE_ACCOUNT,
    needsFirebase: needsFirebase(values),
    // These have defaults.
    host: values.HOST as string,
    port: values.PORT as number,
    logLevel: values.LOG_LEVEL as LogLevel,
    drainMs: (values.DRAIN_SECONDS as number) * 1000,
    metricsToken: values.METRICS_TOKEN,
    warnings,
  };
}

const needsFirebase = (values: Values): boolean =>
  values.CHECK_REVOKED === true ||
  values.APP_CHECK_CONSUME === true ||
  values.ROOM_ACCESS === 'firestore';

/** What each value is right by itself, and wrong beside the others. */
function contradictionsOf(
  values: Values,
  { env, production }: { env: Environment; production: boolean },
): string[] {
  const problems: string[] = [];
  const { FIREBASE_AUTH_EMULATOR_HOST: emulator, FIREBASE_PROJECT_ID: projectId } = values;
  if (emulator !== undefined && production) {
    problems.push('FIREBASE_AUTH_EMULATOR_HOST lets anybody in: not with NODE_ENV=production');
  }
  if (emulator !== undefined && projectId?.startsWith('demo-') === false) {
    problems.push('FIREBASE_AUTH_EMULATOR_HOST needs a FIREBASE_PROJECT_ID that begins with demo-');
  }
  if (textOf(env.FIRESTORE_EMULATOR_HOST) !== undefined && production) {
    problems.push('FIRESTORE_EMULATOR_HOST is for development: not with NODE_ENV=production');
  }
  const { FIREBASE_SERVICE_ACCOUNT: account, GOOGLE_APPLICATION_CREDENTIALS: file } = values;
  if (account !== undefined && file !== undefined) {
    problems.push(
      'FIREBASE_SERVICE_ACCOUNT and GOOGLE_APPLICATION_CREDENTIALS say the same: keep one',
    );
  }
  for (const [name, of] of [
    ['FIREBASE_SERVICE_ACCOUNT', account?.project_id],
    ['GOOGLE_APPLICATION_CREDENTIALS', file?.projectId],
  ] as const) {
    if (of !== undefined && of !== projectId) {
      problems.push(`${name} is of another project than FIREBASE_PROJECT_ID`);
    }
  }
  const emulated = emulator ?? textOf(env.FIRESTORE_EMULATOR_HOST);
  if (needsFirebase(values) && account === undefined && file === undefined && !emulated) {
    problems.push(
      'FIREBASE_SERVICE_ACCOUNT (or GOOGLE_APPLICATION_CREDENTIALS) is needed for CHECK_REVOKED, ' +
        'APP_CHECK_CONSUME and ROOM_ACCESS=firestore',
    );
  }
  if (values.APP_CHECK_CONSUME && values.APP_CHECK === 'off') {
    problems.push('APP_CHECK_CONSUME needs APP_CHECK to be monitor or enforce');
  }
  if (values.ROOM_ACCESS === 'firestore' && values.FIRESTORE_ROOM_PATH === undefined) {
    problems.push(
      'FIRESTORE_ROOM_PATH is required with ROOM_ACCESS=firestore, like chats/{roomName}',
    );
  }
  for (const name of ['ACCESS_URL', 'ACCESS_SECRET'] as const) {
    if (values.ROOM_ACCESS === 'http' && values[name] === undefined) {
      problems.push(`${name} is required with ROOM_ACCESS=http`);
    }
  }
  return problems;
}
