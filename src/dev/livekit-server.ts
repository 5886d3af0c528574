// A livekit-server as a child of this process, on loopback unless it is told otherwise. It never
// outlives its parent's ordinary end.
import { type ChildProcess, spawn } from 'node:child_process';
import { type Clock, pause } from '../base/clock.ts';
import { isLoopback } from '../base/faults.ts';
import { bare } from './reach.ts';

const READY_WITHIN_MS = 10_000;
const ASK_EVERY_MS = 50;
const ANSWER_WITHIN_MS = 1_000;
const END_WITHIN_MS = 500;
const OUTPUT_KEPT = 4_000;

export interface LiveKitServer {
  /** Settles when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface LiveKitServerOptions {
  readonly binary: string;
  readonly port: number;
  /** For all media. */
  readonly udpPort: number;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** An address of this machine at which others reach it. Absent: nobody does. */
  readonly address?: string | undefined;
  /** Whom it tells what happens in its rooms. */
  readonly webhookUrl?: string | undefined;
  readonly clock: Clock;
  /** Ends it where it is not ready yet. */
  readonly signal?: AbortSignal | undefined;
}

export type Answer = 'livekit' | 'something else' | 'nothing';

/** Who answers at this address (`http:`, `https:`, `ws:` or `wss:`). */
export async function whoAnswers(url: string): Promise<Answer> {
  try {
    const response = await fetch(url.replace(/^ws/, 'http'), {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return response.status === 200 && (await response.text()) === 'OK'
      ? 'livekit'
      : 'something else';
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN'
      ? 'nothing'
      : 'something else';
  }
}

/** Resolves when it answers. Rejects, with its last words, where it ends before or takes too long. */
export async function startLiveKitServer(options: LiveKitServerOptions): Promise<LiveKitServer> {
  const { signal } = options;
  signal?.throwIfAborted();
  const child = spawn(options.binary, [], {
    // Nothing of this process's own: LIVEKIT_KEYS and others would change what it does.
    env: { LIVEKIT_CONFIG: JSON.stringify(configOf(options)) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  signal?.addEventListener('abort', kill);
  const output = lastOutput(child);
  let failure: unknown;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  child.once('error', (error) => {
    failure = error;
    resolve();
  });
  child.once('close', () => resolve());
  let isOver = false;
  void ended.then(() => {
    isOver = true;
    process.off('exit', kill);
  });

  const server: LiveKitServer = {
    ended,
    async stop() {
      child.kill('SIGTERM');
      // The first signal makes it wait until everybody has left.
      const timer = setTimeout(kill, END_WITHIN_MS);
      await ended;
      clearTimeout(timer);
    },
  };
  const outcome = await Promise.race([
    ready(`http://127.0.0.1:${options.port}/`, options.clock, () => isOver),
    ended.then(() => 'ended' as const),
  ]);
  signal?.removeEventListener('abort', kill);
  if (outcome === 'ready') return server;
  await server.stop();
  const what = outcome === 'ended' ? 'ended at once' : `did not answer in ${READY_WITHIN_MS} ms`;
  throw new Error(`it ${what}. ${failure ?? lastLine(output())}`.trim());
}

/** JSON is YAML too. */
const configOf = (options: LiveKitServerOptions): object => ({
  port: options.port,
  bind_addresses: [...new Set(['127.0.0.1', addressOf(options)])],
  rtc: {
    node_ip: addressOf(options),
    use_external_ip: false,
    enable_loopback_candidate: isLoopback(addressOf(options)),
    // Otherwise media ports are open to the network, whatever `bind_addresses` says: TCP on every
    // address, UDP on each interface.
    tcp_port: 0,
    udp_port: options.udpPort,
    ips: { includes: [`${addressOf(options)}/${addressOf(options).includes(':') ? 128 : 32}`] },
    // Nobody answers there, and nobody need: the default would ask Google's.
    stun_servers: ['127.0.0.1:3478'],
  },
  keys: { [options.apiKey]: options.apiSecret },
  ...(options.webhookUrl !== undefined && {
    webhook: { api_key: options.apiKey, urls: [options.webhookUrl] },
  }),
  logging: { level: 'warn' },
});

const addressOf = ({ address }: LiveKitServerOptions): string => bare(address ?? '127.0.0.1');

async function ready(url: string, clock: Clock, isOver: () => boolean): Promise<'ready' | 'late'> {
  const until = clock.monotonic() + READY_WITHIN_MS;
  while (clock.monotonic() < until && !isOver()) {
    if ((await whoAnswers(url)) === 'livekit') return 'ready';
    await pause(clock, ASK_EVERY_MS);
  }
  return 'late';
}

function lastOutput(child: ChildProcess): () => string {
  let kept = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      kept = (kept + text).slice(-OUTPUT_KEPT);
    });
  }
  return () => kept;
}

const lastLine = (output: string): string => output.trimEnd().split('\n').at(-1) ?? '';
