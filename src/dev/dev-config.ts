// The configuration of development mode: what the environment may change, and what it may not.
import { devNull } from 'node:os';
import { type Config, ConfigError, loadConfig } from '../settings/config.ts';
import { isProduction } from '../settings/say.ts';
import type { Environment } from '../settings/sources.ts';
import { VARIABLES } from '../settings/table.ts';
import type { Reach } from './reach.ts';

/** A `demo-` project can never be a real one (https://firebase.google.com/docs/emulator-suite). */
export const DEMO_PROJECT_ID = 'demo-switchboard';
export const LIVEKIT_PORT = 7880;
/** The pair of `livekit-server --dev`, so that one that is running already fits too. */
const LIVEKIT_DEVELOPMENT = { LIVEKIT_API_KEY: 'devkey', LIVEKIT_API_SECRET: 'secret' } as const;

export interface LiveKitTarget {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Whether it is this machine's own, which development mode may start. */
  readonly own: boolean;
  /** Where other machines reach it too: the address for their calls. */
  readonly address?: string | undefined;
}

/** What the environment has set: what counts here, and what doesn't. */
export interface SettingsInUse {
  readonly used: readonly string[];
  readonly putAside: readonly string[];
}

/**
 * @throws ConfigError with `NODE_ENV=production`.
 */
export function refuseProduction(env: Environment): void {
  if (!isProduction(env.NODE_ENV)) return;
  throw new ConfigError([
    'NODE_ENV is production, and development mode hands out ID tokens to anybody: ' +
      'use `livekit-switchboard serve`',
  ]);
}

/**
 * The environment counts, except for who the users are. LiveKit is one's own where LIVEKIT_URL is
 * set (with its key and secret), otherwise the development pair.
 *
 * @throws ConfigError for what is wrong with the environment, and for what would ask Firebase.
 */
export function loadDevConfig(
  env: Environment,
  parts: { keysUrl: string; reach: Reach; database?: string | undefined },
): Config {
  const { keysUrl, reach, database } = parts;
  refuseRealFirestore(env);
  const isOwn = !isSet(env.LIVEKIT_URL);
  const kept = Object.entries(env).filter(([name]) => !isPutAside(name, env));
  return loadConfig(
    {
      ...Object.fromEntries(kept),
      ...(isOwn && LIVEKIT_DEVELOPMENT),
      ...(isOwn && { LIVEKIT_URL: `ws://${reach.addresses[0] ?? 'localhost'}:${LIVEKIT_PORT}` }),
      FIREBASE_PROJECT_ID: DEMO_PROJECT_ID,
      FIREBASE_KEYS_URL: keysUrl,
      HOST: reach.host,
      // Everybody here is a demo user: no need for a warning that they all get in.
      ...(isSet(env.ROOM_ACCESS) ? {} : { ROOM_ACCESS: 'any' }),
      ...(isSet(env.RING_ACCESS) || hasRoomRule(env) ? {} : { RING_ACCESS: 'any' }),
      ...(database !== undefined && { DATABASE_URL: database }),
      // Written down, so that nobody is warned: development mode brings senders of its own.
      FCM: 'off',
      DRAIN_SECONDS: '0',
    },
    // Secret files belong to deployments: none is read here.
    devNull,
  );
}

export function liveKitTarget(env: Environment, config: Config, reach: Reach): LiveKitTarget {
  const { url = '', keys } = config.settings.livekit;
  const own = !isSet(env.LIVEKIT_URL);
  return {
    url,
    apiKey: keys?.apiKey ?? '',
    apiSecret: keys?.apiSecret ?? '',
    own,
    address: own ? reach.addresses[0] : undefined,
  };
}

export function settingsInUse(env: Environment): SettingsInUse {
  const set = VARIABLES.map(({ variable }) => variable)
    .flatMap((name) => [name, `${name}_FILE`])
    .filter((name) => isSet(env[name]) && !OF_OUR_OWN.includes(name));
  return {
    used: set.filter((name) => !isPutAside(name, env)),
    putAside: set.filter((name) => isPutAside(name, env)),
  };
}

/** Told elsewhere, or of no interest. */
const OF_OUR_OWN = ['HOST', 'PORT', 'DRAIN_SECONDS', 'LOG_LEVEL'];

/** The users are no project's, nobody here can be asked about them, and no app attests itself. */
function isPutAside(name: string, env: Environment): boolean {
  if (name.startsWith('LIVEKIT_API_')) return !isSet(env.LIVEKIT_URL);
  if (name === 'FIRESTORE_PROFILE_PATH') return !isSet(env.FIRESTORE_EMULATOR_HOST);
  return /^(?:FIREBASE_|APP_CHECK|CHECK_REVOKED$|GOOGLE_APPLICATION_CREDENTIALS$|FCM$)/.test(name);
}

function refuseRealFirestore(env: Environment): void {
  if (env.ROOM_ACCESS?.trim() !== 'firestore' || isSet(env.FIRESTORE_EMULATOR_HOST)) return;
  throw new ConfigError([
    'ROOM_ACCESS=firestore needs FIRESTORE_EMULATOR_HOST in development mode, like ' +
      '127.0.0.1:8080: the users here are no real project’s',
  ]);
}

/** It then decides who may ring whom as well. */
const hasRoomRule = ({ ROOM_ACCESS = '' }: Environment): boolean =>
  ['firestore', 'http'].includes(ROOM_ACCESS.trim());

const isSet = (value: string | undefined): boolean => (value?.trim() ?? '') !== '';
