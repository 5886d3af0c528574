// The three servers under test, each on the same core, and ours with everything switched on.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyEndpoint } from './key-endpoint.ts';
import { end, start } from './processes.ts';
import { PROJECT_ID, type TokenSet } from './tokens.ts';

const SERVER_CORE = 0;
const READY_WITHIN_MS = 20_000;
const LOG_TAIL = 2_000;
const ROOT = join(import.meta.dirname, '..');
export const METRICS_TOKEN = 'bench-metrics-token';

export type ServerName = 'floor' | 'ours' | 'example';
export type TokenKind = 'seen' | 'new';

export interface Bench {
  readonly tokens: TokenSet;
  readonly keys: KeyEndpoint;
  /** For logs and the certificate; gone at the end. */
  readonly directory: string;
  /** How long ours serves on after the signal; by default not at all. */
  readonly drainSeconds?: number;
  /** Of ours, beside what the bench sets: a database, and LiveKit's address. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What ours runs, in place of `dist/cli.js serve`. */
  readonly program?: string;
}

export interface Server {
  readonly name: ServerName;
  readonly url: string;
  readonly pid: number;
  readonly logFile: string;
  /** By `performance.now()`. */
  readonly spawnedAt: number;
  stop(): Promise<void>;
}

const LIVEKIT = {
  LIVEKIT_API_KEY: 'APIbenchbench',
  LIVEKIT_API_SECRET: 'a-secret-of-the-bench-that-is-long-enough-for-hs256',
};

const SERVERS: Readonly<
  Record<ServerName, (bench: Bench, kind: TokenKind) => [string[], Record<string, string>]>
> = {
  floor: ({ tokens }, kind) => [
    [join(ROOT, 'bench', 'floor.ts')],
    {
      ID_TOKENS: kind,
      ID_TOKEN_KEY_PEM: tokens.publicKey.export({ type: 'spki', format: 'pem' }) as string,
    },
  ],
  ours: ({ keys, drainSeconds = 0, environment = {}, program }) => [
    startCommand(program),
    {
      HOST: '127.0.0.1',
      FIREBASE_KEYS_URL: keys.jwksUrl,
      LIVEKIT_URL: 'wss://bench.livekit.example',
      TOKEN_RATE_PER_MINUTE: '1000000',
      AUTH_FAILURES_PER_MINUTE: '1000000',
      METRICS_TOKEN,
      LOG_LEVEL: 'info',
      DRAIN_SECONDS: String(drainSeconds),
      ...environment,
    },
  ],
  example: ({ keys }) => [
    [join(ROOT, 'bench', 'usual-example.ts')],
    { GOOGLE_PORT: String(keys.tlsPort), GOOGLE_CERTIFICATE: keys.certificate },
  ],
};

/** What `npm start` hands to node: its flags, the file and the command. */
function startCommand(program: string | undefined): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  // What stands behind is for Windows.
  const [here = ''] = (scripts.start as string).split(' || ', 1);
  const [exec, node, ...rest] = here.split(' ');
  if (exec !== 'exec' || node !== 'node') throw new Error('npm start does not call node');
  const flags = rest.filter((word) => word.startsWith('-'));
  return program === undefined
    ? rest.map((word) => (word.endsWith('.js') ? join(ROOT, word) : word))
    : [...flags, program];
}

/** Starts a server without waiting for it. */
export async function spawnServer(
  name: ServerName,
  kind: TokenKind,
  bench: Bench,
): Promise<Server> {
  const port = await freePort();
  const [command, environment] = SERVERS[name](bench, kind);
  const logFile = join(bench.directory, `${name}-${kind}-${port}.log`);
  const log = openSync(logFile, 'w');
  const spawnedAt = performance.now();
  const child = start('taskset', ['-c', String(SERVER_CORE), process.execPath, ...command], {
    stdio: ['ignore', log, log],
    // Where no `.env` of a developer lies.
    cwd: bench.directory,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      PORT: String(port),
      FIREBASE_PROJECT_ID: PROJECT_ID,
      ...LIVEKIT,
      ...environment,
    },
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error('taskset could not be started');
  const url = `http://127.0.0.1:${port}`;
  let stopping = false;
  child.once('exit', (code, signal) => {
    if (stopping) return;
    console.error(`${name} ended by itself (${signal ?? code}); the end of its log:`);
    console.error(readFileSync(logFile, 'utf8').slice(-LOG_TAIL));
  });
  const stop = () => {
    stopping = true;
    return end(child);
  };
  return { name, url, pid: child.pid, logFile, spawnedAt, stop };
}

/** Starts a server and waits until it hands out the right token. */
export async function startServer(
  name: ServerName,
  kind: TokenKind,
  bench: Bench,
): Promise<Server> {
  const server = await spawnServer(name, kind, bench);
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const problem = await fault(server.url, bench.tokens);
    if (problem === undefined) return server;
    if (Date.now() > giveUpAt) {
      const log = readFileSync(server.logFile, 'utf8').slice(-LOG_TAIL);
      throw new Error(`${name} is not ready: ${problem}\n${log}`);
    }
    await sleep(50);
  }
}

/** What is wrong with the answer to a good request; undefined where it is right. */
async function fault(url: string, { sample }: TokenSet): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/api/calls/livekit-token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${sample.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ roomName: 'room-1', participantIdentity: sample.uid }),
    });
    const text = await response.text();
    if (response.status !== 200) return `${response.status} ${text}`;
    const payload = (JSON.parse(text) as { token: string }).token.split('.')[1] ?? '';
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return claims.sub === sample.uid && claims.video.room === 'room-1' ? undefined : text;
  } catch (error) {
    return String(error);
  }
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const server = createServer().listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
