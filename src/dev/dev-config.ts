// The configuration of development mode: what the environment may change, and what it may not.
import { devNull } from 'node:os';
import { type Config, ConfigError, loadConfig } from '../settings/config.ts';
import type { Environment } from '../settings/sources.ts';

/** A `demo-` project can never be a real one (https://firebase.google.com/docs/emulator-suite). */
export const DEMO_PROJECT_ID = 'demo-switchboard';
/** The pair of `livekit-server --dev`, so that one that is running already fits too. */
const LIVEKIT_DEVELOPMENT = {
  LIVEKIT_API_KEY: 'devkey',
  LIVEKIT_API_SECRET: 'secret',
  LIVEKIT_URL: 'ws://localhost:7880',
} as const;

export interface LiveKitTarget {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Whether it is this machine's own, which development mode may start. */
  readonly own: boolean;
}

/**
 * @throws ConfigError with `NODE_ENV=production`.
 */
export function refuseProduction(env: Environment): void {
  if (env.NODE_ENV?.trim() !== 'production') return;
  throw new ConfigError([
    'NODE_ENV is production, and development mode hands out ID tokens to anybody: ' +
      'use `livekit-switchboard serve`',
  ]);
}

/**
 * The environment counts, except for who the users are and who can reach this server. LiveKit is
 * one's own where LIVEKIT_URL is set (with its key and secret), otherwise the development pair.
 */
export function loadDevConfig(env: Environment, keysUrl: string): Config {
  const ownLiveKit = isSet(env.LIVEKIT_URL);
  const kept = Object.entries(env).filter(
    ([name]) => !name.startsWith('FIREBASE_') && (ownLiveKit || !isLiveKitKey(name)),
  );
  return loadConfig(
    {
      ...Object.fromEntries(kept),
      ...(ownLiveKit ? {} : LIVEKIT_DEVELOPMENT),
      FIREBASE_PROJECT_ID: DEMO_PROJECT_ID,
      FIREBASE_KEYS_URL: keysUrl,
      HOST: '127.0.0.1',
      DRAIN_SECONDS: '0',
    },
    // Secret files belong to deployments: none is read here.
    devNull,
  );
}

export function liveKitTarget(env: Environment, config: Config): LiveKitTarget {
  const { livekitUrl = '', livekitApiKey = '', livekitApiSecret = '' } = config.options;
  return {
    url: livekitUrl,
    apiKey: livekitApiKey,
    apiSecret: livekitApiSecret,
    own: !isSet(env.LIVEKIT_URL),
  };
}

const isSet = (value: string | undefined): boolean => (value?.trim() ?? '') !== '';
const isLiveKitKey = (name: string): boolean => name.startsWith('LIVEKIT_API_');
