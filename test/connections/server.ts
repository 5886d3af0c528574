// A server in a process of its own, so that its connections, its memory and its end can be counted:
// `node server.ts standalone` or `node server.ts mounted`. It tells its state to whoever asks.
import { readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import express from 'express';
import type { Logger } from '../../src/base/log.ts';
import { createSwitchboard } from '../../src/index.ts';
import { startServer } from '../../src/server.ts';
import { loadConfig } from '../../src/settings/config.ts';

export interface State {
  /** Connections that the process holds, the listening socket and its own questions included. */
  readonly sockets: number;
  /** After a collection of garbage. */
  readonly heldBytes: number;
  /** The most that the process has ever held resident. */
  readonly peakBytes: number;
  readonly lines: readonly { readonly message: string; readonly fields: Record<string, unknown> }[];
}

const HEADERS_MS = 400;
const REQUEST_MS = 800;
const SILENCE_MS = 2_000;
const SLOW_MS = 200;

const lines: { message: string; fields: Record<string, unknown> }[] = [];
const keep = (fields: object, message: string) => {
  const { err: _err, ...rest } = fields as Record<string, unknown>;
  lines.push({ message, fields: rest });
};
const log: Logger = { debug: keep, info: keep, warn: keep, error: keep };
const options = {
  firebaseProjectId: process.env.PROJECT_ID as string,
  firebaseKeysUrl: process.env.KEYS_URL as string,
  livekitApiKey: 'lk-key',
  livekitApiSecret: 'lk-secret-of-at-least-32-characters',
  tokenRatePerMinute: 1_000_000,
  authFailuresPerMinute: 1_000_000,
  logger: log,
  /** `slow` keeps its callers waiting, so that others queue up behind them. */
  authorizeRoom: async ({ roomName }: { roomName: string }) => {
    if (roomName === 'slow') await delay(SLOW_MS);
    return true;
  },
};

async function standalone(): Promise<number> {
  const config = loadConfig({ FIREBASE_PROJECT_ID: 'demo-none', HOST: '127.0.0.1', PORT: '0' });
  const timeouts = { headersMs: HEADERS_MS, requestMs: REQUEST_MS, silenceMs: SILENCE_MS };
  const server = await startServer({ ...config, options }, { log, timeouts });
  return Number(new URL(server.url).port);
}

async function mounted(): Promise<number> {
  const app = express();
  app.use('/api/calls', createSwitchboard(options).handler);
  app.get('/healthz', (_request, response) => void response.send('ok'));
  const timeouts = { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS };
  const server = createServer({ ...timeouts, connectionsCheckingInterval: 100 }, app);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

function countSockets(): number {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter((link) => link.startsWith('socket:')).length;
}

process.on('message', (about) => {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const state: State = {
    sockets: countSockets(),
    heldBytes: heapUsed + external,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    lines,
  };
  process.send?.({ about, told: state });
});
process.once('disconnect', () => process.exit());
const port = await (process.argv[2] === 'mounted' ? mounted() : standalone());
process.send?.({ about: 'port', told: port });
