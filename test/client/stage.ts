// A client before a scripted server, with time in the hand.
import { onTestFinished, vi } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import type {
  CallsClient,
  CallsClientOptions,
  CallUpdate,
  CallView,
  Connection,
  Fetch,
} from '../../src/client/index.ts';
import type { Hint } from '../../src/client/surroundings.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

export const ID = '11111111-2222-4333-8444-555555555555';
export const OTHER_ID = '99999999-2222-4333-8444-555555555555';
export const DEVICE = 'this-device';

export interface ClientStage {
  readonly client: CallsClient;
  readonly server: ScriptedServer;
  readonly clock: FakeClock;
  /** What `getIdToken` was asked: whether a new one is wanted. */
  readonly asked: boolean[];
  readonly connections: Connection[];
  hint(hint: Hint): void;
  /** Whether somebody would hear one. */
  hearsHints(): boolean;
  /** Listens, and keeps what it is told. */
  listen(): { readonly told: CallUpdate[]; stop(): void };
  /** Turns the clock on as soon as a timer of `ms` is waiting. */
  pass(ms: number): Promise<void>;
}

/** `chance`: of the most that a wait may have; without any, waits are the shortest. */
export async function setClient(
  options: Partial<CallsClientOptions> = {},
  { chance = 0 } = {},
): Promise<ClientStage> {
  const server = await startScriptedServer();
  const clock = createFakeClock();
  const asked: boolean[] = [];
  const connections: Connection[] = [];
  let onHint: ((hint: Hint) => void) | undefined;
  const client = createClient(
    {
      baseUrl: server.url,
      deviceId: DEVICE,
      getIdToken: async (isFresh) => {
        asked.push(isFresh);
        return isFresh ? 'new-token' : 'token';
      },
      ...options,
    },
    {
      clock,
      random: () => chance,
      fetch: (url, init) => fetch(url, init),
      canStream: true,
      isPage: true,
      device: async () => 'a-device-of-its-own',
      onHint(run) {
        onHint = run;
        return () => {
          onHint = undefined;
        };
      },
    },
  );
  client.onConnection((connection) => connections.push(connection));
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  return {
    client,
    server,
    clock,
    asked,
    connections,
    hint: (hint) => onHint?.(hint),
    hearsHints: () => onHint !== undefined,
    listen() {
      const told: CallUpdate[] = [];
      return { told, stop: client.onCall((update) => told.push(update)) };
    },
    async pass(ms) {
      await vi.waitFor(() => {
        if (!clock.waiting().includes(ms)) throw new Error(`waiting: ${clock.waiting()}`);
      });
      clock.advance(ms);
    },
  };
}

/** As React Native has it: an answer comes whole or not at all, and has no body to read from. */
export const wholeFetch: Fetch = async (url, init) => {
  const response = await fetch(url, init);
  const whole = await response.text();
  const { ok, status, headers } = response;
  return { ok, status, headers, text: async () => whole };
};

/** A call of alice's to bob, in the eyes of bob. */
export const call = (more: Partial<CallView> = {}): CallView => ({
  id: ID,
  version: 1,
  kind: 'audio',
  isGroup: false,
  state: 'ringing',
  createdAt: '2026-01-01T00:00:00.000Z',
  caller: 'alice',
  me: { role: 'callee', state: 'ringing', ringSeconds: 45 },
  parties: [
    { uid: 'alice', role: 'caller', state: 'joined' },
    { uid: 'bob', role: 'callee', state: 'ringing' },
  ],
  ...more,
});

export const active = (version: number, device = DEVICE): CallView =>
  call({ version, state: 'active', me: { role: 'callee', state: 'joining', device } });

export const ended = (version: number): CallView =>
  call({ version, state: 'ended', outcome: 'missed', me: { role: 'callee', state: 'missed' } });

export const answer = (view: CallView, more: object = {}): object => ({
  call: view,
  serverTime: '2026-01-01T00:00:00.000Z',
  ...more,
});

export const entry = (view: CallView): object =>
  answer(view, {
    token: 'livekit-token',
    participant_token: 'livekit-token',
    server_url: 'wss://livekit.example.com',
    expires_at: '2026-01-01T00:10:00.000Z',
  });

/** The short of it. */
export const seen = (told: readonly CallUpdate[]) =>
  told.map(({ call: { version, state }, cause, rings }) => ({ version, state, cause, rings }));
