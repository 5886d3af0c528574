// Servers with calls in processes of their own, before a real LiveKit that tells them by webhook, and
// people with phones: our client, and LiveKit's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import {
  type CallsClient,
  type CallsClientOptions,
  type CallUpdate,
  type CallView,
  createCallsClient,
  type Entry,
  type Placed,
} from '../../src/client/index.ts';
import { PROJECT_ID, signIdToken } from '../fakes/firebase.ts';
import { startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { SERVER_SAYS_LISTENING } from './backend.ts';
import { type Child, startChild } from './child.ts';
import { type Client, join } from './clients.ts';
import type { Keep } from './endings.ts';
import { LIVEKIT_KEY, LIVEKIT_SECRET, type LiveKit, startLiveKit } from './livekit.ts';
import { freeTcpPorts } from './ports.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { until } from './until.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const METRICS_TOKEN = 'token-of-the-end-to-end-tests';

export const ENGINES = ['Postgres', 'SQLite'] as const;
export type EngineName = (typeof ENGINES)[number];
export type Variables = Readonly<Record<string, string>>;

export interface CallServer {
  /** Of the routes of calls. */
  readonly baseUrl: string;
  readonly child: Child;
  /** What `readyz` says: its status, and what is missing. */
  readiness(): Promise<{ status: number; error: string }>;
  ready(): Promise<void>;
  /** A line of the metrics: the sum over its labels that match. */
  metric(name: string, labels?: string): Promise<number>;
  /** As a machine that fails does: SIGKILL. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface CallGround {
  readonly livekit: LiveKit;
  /** Ends LiveKit, connections and all. */
  stopLiveKit(): Promise<void>;
  /** Begins it again, with the same addresses. */
  startLiveKit(): Promise<void>;
  /** An empty one. */
  database(engine: EngineName): Promise<string>;
  /** The one that `database('Postgres')` is in. */
  postgres(): Promise<Postgres>;
  /** Comes back when it listens. The first has the port to which LiveKit sends its webhooks. */
  serve(which: 'first' | 'second', database: string, variables?: Variables): Promise<CallServer>;
}

/** `via`: where LiveKit sends its webhooks instead, which end at `url` or do not. */
export async function startGround(
  keep: Keep,
  via: (url: string) => Promise<string> = async (url) => url,
): Promise<CallGround> {
  const keys = await startKeyEndpoint();
  keep({ stop: () => keys.close() });
  const [first = 0, second = 0] = await freeTcpPorts(2);
  const webhooks = await via(`http://127.0.0.1:${first}/api/calls/livekit-webhook`);
  const pairs = { [LIVEKIT_KEY]: LIVEKIT_SECRET };
  let livekit = await startLiveKit(pairs, undefined, webhooks);
  keep({ stop: () => livekit.stop() });
  const { ports, url } = livekit;
  let postgres: Promise<Postgres> | undefined;
  let databases = 0;

  const startedPostgres = async () => {
    const started = await startPostgres();
    keep({ stop: started.close });
    return started;
  };
  const ownPostgres = () => {
    postgres ??= startedPostgres();
    return postgres;
  };
  return {
    get livekit() {
      return livekit;
    },
    stopLiveKit: () => livekit.stop(),
    async startLiveKit() {
      livekit = await startLiveKit(pairs, ports, webhooks);
    },
    postgres: ownPostgres,
    async database(engine) {
      databases += 1;
      if (engine === 'Postgres') return (await ownPostgres()).database(`calls_${databases}`);
      const folder = mkdtempSync(joinPath(tmpdir(), 'switchboard-calls-'));
      keep({ stop: async () => rmSync(folder, { recursive: true }) });
      return `sqlite:${joinPath(folder, 'calls.db')}`;
    },
    async serve(which, database, variables = {}) {
      const child = keep(
        startChild({
          command: process.execPath,
          args: [CLI, 'serve'],
          env: {
            ...{ FIREBASE_PROJECT_ID: PROJECT_ID, FIREBASE_KEYS_URL: keys.url },
            ...{ LIVEKIT_API_KEY: LIVEKIT_KEY, LIVEKIT_API_SECRET: LIVEKIT_SECRET },
            ...{ LIVEKIT_URL: url, DATABASE_URL: database },
            ...{ ROOM_ACCESS: 'calls', RING_ACCESS: 'any' },
            ...{ HOST: '127.0.0.1', PORT: String(which === 'first' ? first : second) },
            ...{ DRAIN_SECONDS: '0', METRICS_TOKEN },
            ...variables,
          },
        }),
      );
      const [, port] = await child.says(SERVER_SAYS_LISTENING);
      return serverAt(`http://127.0.0.1:${port}`, child);
    },
  };
}

function serverAt(origin: string, child: Child): CallServer {
  const readiness = async () => {
    const answer = await fetch(`${origin}/readyz`);
    const { error = '' } = (await answer.json()) as { error?: string };
    return { status: answer.status, error };
  };
  return {
    baseUrl: `${origin}/api/calls`,
    child,
    readiness,
    ready: () => until('our server is ready', async () => (await readiness()).status === 200),
    async metric(name, labels = '') {
      const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
      const text = await (await fetch(`${origin}/metrics`, { headers })).text();
      return text
        .split('\n')
        .filter((line) => line.startsWith(name) && line.includes(labels))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    async kill() {
      child.process.kill('SIGKILL');
      await child.stop();
    },
    stop: () => child.stop(),
  };
}

/** A server as of {@link CallGround.serve} that is ready. */
export async function serveReady(
  ground: CallGround,
  ...which: Parameters<CallGround['serve']>
): Promise<CallServer> {
  const server = await ground.serve(...which);
  await server.ready();
  return server;
}

export interface Phone {
  readonly uid: string;
  readonly calls: CallsClient;
  /** All that its feed has told, in order. */
  readonly told: readonly CallUpdate[];
  /** `POST /accept`, with the call's id left out. */
  readonly requests: readonly string[];
  /** How this call stands, as far as the feed has told. */
  update(callId: string): CallUpdate | undefined;
  stop(): Promise<void>;
}

/** Of this person. It listens to its feed unless `isDeaf`. */
export function phoneOf(
  uid: string,
  { baseUrl }: Pick<CallServer, 'baseUrl'>,
  options: Partial<CallsClientOptions> & { readonly isDeaf?: boolean } = {},
): Phone {
  const { isDeaf = false, ...more } = options;
  const told: CallUpdate[] = [];
  const requests: string[] = [];
  const calls = createCallsClient({
    baseUrl,
    getIdToken: () => signIdToken({ sub: uid, user_id: uid, name: `${uid} by name` }),
    fetch: (url, init) => {
      const path = url.slice(baseUrl.length).replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, ':callId');
      requests.push(`${init.method} ${path === '' ? '/' : path}`);
      return fetch(url, init as RequestInit);
    },
    ...more,
  });
  if (!isDeaf) calls.onCall((update) => told.push(update));
  return {
    uid,
    calls,
    told,
    requests,
    update: (callId) => told.findLast(({ call }) => call.id === callId),
    async stop() {
      calls.close();
    },
  };
}

/** Into the room that a phone was let into, with a microphone that is on. */
export async function enter({
  serverUrl,
  token,
}: Pick<Placed | Entry, 'serverUrl' | 'token'>): Promise<Client> {
  if (serverUrl === undefined || token === undefined) {
    throw new Error('there is no token: the call has ended');
  }
  const client = await join(serverUrl, token);
  if (!(await client.publishMicrophone())) throw new Error('the microphone is not let in');
  return client;
}

/** One may be chance; so many are somebody who speaks. */
const FRAMES = 25;

/** Waits until sound of `sender` reaches `receiver`, from now on. */
export async function soundFrom(sender: Client, receiver: Client): Promise<void> {
  const heard = () => receiver.receivedFrom(sender.identity).audio;
  const before = heard();
  await until(
    `the sound of ${sender.identity} reaches ${receiver.identity}`,
    () => heard() >= before + FRAMES,
  );
}

/** `expect` of what comes in time. */
export const eventually = <T>(look: () => T, withinMs = 20_000) =>
  expect.poll(look, { timeout: withinMs, interval: 20 });

/** Uid → state. */
export const statesIn = (call: CallView | undefined): Record<string, string> =>
  Object.fromEntries((call?.parties ?? []).map(({ uid, state }) => [uid, state]));
