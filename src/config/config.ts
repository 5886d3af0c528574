// The environment, read and checked once: the only reader of it.
import type { RoomAccessRule } from '../access/room-access.ts';
import type { LogLevel } from '../log.ts';
import type { SwitchboardOptions } from '../options.ts';
import { type Environment, SECRETS_DIRECTORY, secretText, textOf } from './sources.ts';
import { VARIABLES, type Variable } from './variables.ts';

export interface Config {
  /** Everything that the library takes too. */
  readonly options: SwitchboardOptions;
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
  if (problems.length > 0) throw new ConfigError(problems);
  return configOf(values as Values, env.NODE_ENV === 'production');
}

function configOf(values: Values, production: boolean): Config {
  const warnings: string[] = [];
  if (production && values.LIVEKIT_URL?.startsWith('ws:')) {
    warnings.push('LIVEKIT_URL is ws://, not encrypted: use wss:// in production');
  }
  if (production && values.ROOM_ACCESS === 'any') {
    warnings.push('ROOM_ACCESS is any: any signed-in user can join any room by name');
  }
  return {
    options: {
      firebaseProjectId: values.FIREBASE_PROJECT_ID,
      firebaseKeysUrl: values.FIREBASE_KEYS_URL,
      livekitApiKey: values.LIVEKIT_API_KEY,
      livekitApiSecret: values.LIVEKIT_API_SECRET,
      livekitUrl: values.LIVEKIT_URL,
      livekitTokenTtlSeconds: values.LIVEKIT_TOKEN_TTL_SECONDS,
      roomAccess: values.ROOM_ACCESS as RoomAccessRule,
      tokenRatePerMinute: values.TOKEN_RATE_PER_MINUTE,
      authFailuresPerMinute: values.AUTH_FAILURES_PER_MINUTE,
      corsOrigins: values.CORS_ORIGINS,
      trustProxy: values.TRUST_PROXY,
    },
    // These have defaults.
    host: values.HOST as string,
    port: values.PORT as number,
    logLevel: values.LOG_LEVEL as LogLevel,
    drainMs: (values.DRAIN_SECONDS as number) * 1000,
    metricsToken: values.METRICS_TOKEN,
    warnings,
  };
}
