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
import type { Pocket } from './pocket/pocket.ts';
import { providePushes } from './pocket/pushes.ts';
import { createPresence } from './presence.ts';
import { type Reach, reachOf } from './reach.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import { createVisitors } from './visitors.ts';

const UIDS = DEMO_USERS.map(({ uid }) => uid);
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
  pocket: Pocket | undefined;
}): Front {
  const { config, provider, target, reach, terminal, callsSentence, pocket } = parts;
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
      uids: UIDS,
      clock: systemClock,
    }),
    pocket,
    visitors: createVisitors(reach.hosts),
    terminal,
  });
}

interface Run {
  readonly say: (text: string) => void;
  /** Aborts when the end has begun. */
  readonly signal: AbortSignal;
  /** Remembers how to end a part, and goes no further where the end has begun meanwhile. */
  readonly release: (stop: () => Promise<void> | void) => void;
}

/**
 * @throws ConfigError with `NODE_ENV=production`, and for what is wrong with the environment.
 */
export function createDevelopment(env: Environment, say: (text: string) => void): Development {
  refuseProduction(env);
  const binary = findLiveKitServer(env);
  const reach = reachOf(env);
  const stopping = new AbortController();
  const { signal } = stopping;
  const releases: (() => Promise<void> | void)[] = [];
  let started: Promise<string> | undefined;
  let stopped: Promise<void> | undefined;

  function release(stop: () => Promise<void> | void): void {
    releases.push(stop);
    signal.throwIfAborted();
  }

  async function stop(): Promise<void> {
    stopping.abort();
    await started?.catch(nothing);
    for (const end of releases.toReversed()) await end();
  }

  return {
    start() {
      started ??= start(env, { binary, reach }, { say, signal, release });
      return started;
    },
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

async function start(
  env: Environment,
  { binary, reach }: { binary: string | undefined; reach: Reach },
  { say, signal, release }: Run,
): Promise<string> {
  signal.throwIfAborted();
  const provider = createIdentityProvider({
    projectId: DEMO_PROJECT_ID,
    users: DEMO_USERS,
    clock: systemClock,
  });
  const keys = await serveKeys(provider);
  release(keys.stop);
  const database = callDatabase(env, process.cwd());
  const config = loadDevConfig(env, { keysUrl: keys.url, reach, database: database?.url });
  const { basePath } = config.settings.front;
  const target = liveKitTarget(env, config, reach);
  const terminal = createTerminal({
    say,
    clock: systemClock,
    level: config.logLevel,
    header: config.settings.front.authorizationHeader,
  });
  const callsSentence = database?.sentence ?? 'kept where DATABASE_URL says';
  let origin = '';
  const pushes = await providePushes(config.settings.calls, {
    uids: UIDS,
    callsPath: basePath,
    callsUrl: () => `${origin}${basePath}`,
    clock: systemClock,
    log: terminal.log,
    tell: terminal.tell,
  });
  release(async () => pushes?.stop());
  const pocket = pushes?.pocket;
  const server = await startServer(config, {
    log: terminal.log,
    front: frontOf({ config, provider, target, reach, terminal, callsSentence, pocket }),
    ...(pushes && { senders: pushes.senders }),
    timeouts: { stopMs: SERVER_STOPS_WITHIN_MS },
  });
  origin = server.url;
  release(server.stop);
  release(() => pocket?.stop());
  const liveKit = await provideLiveKit({
    target,
    binary,
    webhookUrl: `${server.url}${basePath}/livekit-webhook`,
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
      endpoint: tokenPathUnder(basePath),
      users: DEMO_USERS,
      calls: callsSentence,
      pushes: pushes?.sentence,
      liveKit: liveKit.sentence,
      rule: config.settings.access.rule,
      settings: settingsInUse(env),
      reach,
      env,
    }),
  );
  return url;
}
