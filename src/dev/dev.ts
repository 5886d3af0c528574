// Development mode: the real server on loopback, with an identity provider of its own, a page to
// try it on and, where there is one, a LiveKit server. Never within reach of `serve`.
import { systemClock } from '../base/clock.ts';
import { runToTheEnd } from '../base/ending.ts';
import type { Logger } from '../base/log.ts';
import { tokenPathUnder } from '../routes/token.ts';
import { startServer } from '../server.ts';
import type { Config } from '../settings/config.ts';
import type { Environment } from '../settings/sources.ts';
import { banner } from './banner.ts';
import { callDatabase } from './call-folder.ts';
import { DEMO_USERS } from './demo-users.ts';
import {
  DEMO_PROJECT_ID,
  type LiveKitTarget,
  liveKitTarget,
  loadDevConfig,
  refuseProduction,
  settingsInUse,
} from './dev-config.ts';
import { createFront, type Front } from './dev-routes.ts';
import { createIdentityProvider, type IdentityProvider, serveKeys } from './identity-provider.ts';
import { provideLiveKit } from './livekit.ts';
import { findLiveKitServer } from './livekit-binary.ts';
import { createPresence } from './presence.ts';
import { type Reach, reachOf } from './reach.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import { createVisitors } from './visitors.ts';

const STOP_WITHIN_MS = 3_000;
/** For what is in flight, a body that has stalled among it. Nobody waits long at a terminal. */
const SERVER_STOPS_WITHIN_MS = 1_500;

export interface Development {
  /**
   * Resolves with the address of the page when everything is there that will be. Rejects where it is
   * stopped before.
   */
  start(): Promise<string>;
  stop(): Promise<void>;
}

/** The command: runs until a signal comes. */
export async function dev(env: Environment): Promise<void> {
  const development = createDevelopment(env, console.log);
  const program = {
    async start() {
      try {
        await development.start();
      } catch (error) {
        await development.stop();
        throw error;
      }
    },
    stop: development.stop,
  };
  await runToTheEnd(program, { log: forTheTerminal, withinMs: STOP_WITHIN_MS });
}

const nothing = () => {};
/** That it ends, that it has ended, and how, where that is not well. */
const forTheTerminal: Logger = {
  debug: nothing,
  info: (_fields, message) => console.log(message === 'stopping' ? '\nStopping …' : 'Stopped.'),
  warn: nothing,
  error: ({ err }: { err?: unknown }, message) =>
    console.error(...(err === undefined ? [message] : [message, err])),
};

function frontOf(parts: {
  config: Config;
  provider: IdentityProvider;
  target: LiveKitTarget;
  reach: Reach;
  terminal: Terminal;
  callsSentence: string;
}): Front {
  const { config, provider, target, reach, terminal, callsSentence } = parts;
  const { basePath } = config.settings.front;
  return createFront({
    provider,
    users: DEMO_USERS,
    target,
    endpoint: tokenPathUnder(basePath),
    callsPath: basePath,
    calls: config.settings.calls,
    callsSentence,
    presence: createPresence({
      feedPath: `${basePath}/events`,
      uids: DEMO_USERS.map(({ uid }) => uid),
      clock: systemClock,
    }),
    visitors: createVisitors(reach.hosts),
    terminal,
  });
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
  const reach = reachOf(env);
  const stopping = new AbortController();
  const { signal } = stopping;
  const releases: (() => Promise<void> | void)[] = [];
  let started: Promise<string> | undefined;
  let stopped: Promise<void> | undefined;

  /** Remembers how to end a part, and goes no further where the end has begun meanwhile. */
  function release(stop: () => Promise<void> | void): void {
    releases.push(stop);
    signal.throwIfAborted();
  }

  async function start(): Promise<string> {
    signal.throwIfAborted();
    const keys = await serveKeys(provider);
    release(keys.stop);
    const database = callDatabase(env, process.cwd());
    const config = loadDevConfig(env, { keysUrl: keys.url, reach, database: database?.url });
    const target = liveKitTarget(env, config, reach);
    const terminal = createTerminal({ say, clock: systemClock, level: config.logLevel });
    const callsSentence = database?.sentence ?? 'kept where DATABASE_URL says';
    const front = frontOf({ config, provider, target, reach, terminal, callsSentence });
    const server = await startServer(config, {
      log: terminal.log,
      front,
      timeouts: { stopMs: SERVER_STOPS_WITHIN_MS },
    });
    release(server.stop);
    const liveKit = await provideLiveKit({
      target,
      binary,
      webhookUrl: `${server.url}${config.settings.front.basePath}/livekit-webhook`,
      clock: systemClock,
      signal,
    });
    release(() => liveKit.server?.stop());
    void liveKit.server?.ended.then(() => {
      if (!signal.aborted) say('The LiveKit server has ended.');
    });
    const url = `http://${reach.name}:${new URL(server.url).port}`;
    say(
      banner({
        url,
        endpoint: tokenPathUnder(config.settings.front.basePath),
        users: DEMO_USERS,
        calls: callsSentence,
        liveKit: liveKit.sentence,
        rule: config.settings.access.rule,
        settings: settingsInUse(env),
        reach,
        env,
      }),
    );
    return url;
  }

  async function stop(): Promise<void> {
    stopping.abort();
    await started?.catch(nothing);
    for (const end of releases.toReversed()) await end();
  }

  return {
    start() {
      started ??= start();
      return started;
    },
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}
