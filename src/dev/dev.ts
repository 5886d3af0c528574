// Development mode: the real server on loopback, with an identity provider of its own, a page to
// try it on and, where there is one, a LiveKit server. Never within reach of `serve`.
import closeWithGrace from 'close-with-grace';
import { systemClock } from '../clock.ts';
import type { Environment } from '../config/sources.ts';
import { createJsonLogger } from '../log.ts';
import { startServer } from '../server.ts';
import { banner } from './banner.ts';
import { DEMO_USERS } from './demo-users.ts';
import { DEMO_PROJECT_ID, liveKitTarget, loadDevConfig, refuseProduction } from './dev-config.ts';
import { createFront } from './dev-routes.ts';
import { createIdentityProvider, serveKeys } from './identity-provider.ts';
import { provideLiveKit } from './livekit.ts';
import { findLiveKitServer } from './livekit-binary.ts';

const STOP_WITHIN_MS = 3_000;

export interface Development {
  /** Resolves with the address of the page when everything is there that will be. */
  start(): Promise<string>;
  stop(): Promise<void>;
}

/** The command: runs until a signal comes. */
export async function dev(env: Environment): Promise<void> {
  const development = createDevelopment(env, console.log);
  // Before the start, so that a signal in the middle of it leaves nothing behind.
  const grace = closeWithGrace({ delay: STOP_WITHIN_MS, logger: false }, async ({ err }) => {
    if (err) console.error(err);
    await development.stop();
  });
  try {
    await development.start();
  } catch (error) {
    grace.uninstall();
    await development.stop();
    throw error;
  }
}

/**
 * @throws ConfigError with `NODE_ENV=production`, and for what is wrong with the environment.
 */
export function createDevelopment(env: Environment, say: (text: string) => void): Development {
  refuseProduction(env);
  const binary = findLiveKitServer(env);
  const provider = createIdentityProvider({
    projectId: DEMO_PROJECT_ID,
    users: DEMO_USERS,
    clock: systemClock,
  });
  const log = createJsonLogger('warn');
  const releases: (() => Promise<void> | void)[] = [];
  let stopped: Promise<void> | undefined;

  async function start(): Promise<string> {
    const keys = await serveKeys(provider);
    releases.push(keys.stop);
    const config = loadDevConfig(env, keys.url);
    const target = liveKitTarget(env, config);
    const front = createFront({ provider, users: DEMO_USERS, target });
    const server = await startServer(config, { log, front });
    releases.push(server.stop);
    const liveKit = await provideLiveKit(target, binary);
    if (liveKit.server !== undefined) {
      releases.push(liveKit.server.stop);
      void liveKit.server.ended.then(() => {
        if (stopped === undefined) say('The LiveKit server has ended.');
      });
    }
    const url = `http://localhost:${new URL(server.url).port}`;
    say(banner({ url, users: DEMO_USERS, liveKit: liveKit.sentence, env }));
    return url;
  }

  async function release(): Promise<void> {
    for (const step of releases.toReversed()) await step();
  }

  return {
    start,
    stop() {
      stopped ??= release();
      return stopped;
    },
  };
}
