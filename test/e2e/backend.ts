// Our server before a real LiveKit, with nothing but Google replaced, and an app that asks it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type AuthorizeRoom, createSwitchboard } from '../../src/index.ts';
import { PROJECT_ID, signIdToken } from '../fakes/firebase.ts';
import { type KeyEndpoint, startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { startChild } from './child.ts';
import { LIVEKIT_KEY, LIVEKIT_SECRET, type LiveKit } from './livekit.ts';
import { until } from './until.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** With its port. */
export const SERVER_SAYS_LISTENING = /"port":(\d+),"msg":"listening"/;

export interface TokenRequest {
  readonly uid: string;
  readonly roomName: string;
  /** Claims of the ID token beside the uid. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface Backend {
  readonly tokenUrl: string;
  /** Asks as an app does, and expects a LiveKit token. */
  tokenFor(request: TokenRequest): Promise<string>;
  stop(): Promise<void>;
}

/** `livekit-switchboard serve` in a process of its own, configured by variables alone. */
export async function startBackend(
  livekit: LiveKit,
  variables: Readonly<Record<string, string>> = {},
): Promise<Backend> {
  const keys = await startKeyEndpoint();
  const child = startChild({
    command: process.execPath,
    args: [CLI, 'serve'],
    env: {
      FIREBASE_PROJECT_ID: PROJECT_ID,
      FIREBASE_KEYS_URL: keys.url,
      LIVEKIT_API_KEY: LIVEKIT_KEY,
      LIVEKIT_API_SECRET: LIVEKIT_SECRET,
      LIVEKIT_URL: livekit.url,
      HOST: '127.0.0.1',
      PORT: '0',
      DRAIN_SECONDS: '0',
      ...variables,
    },
  });
  const stop = async () => {
    await child.stop();
    await keys.close();
  };
  try {
    const [, port] = await child.says(SERVER_SAYS_LISTENING);
    const origin = `http://127.0.0.1:${port}`;
    await until('our server is ready', async () => (await fetch(`${origin}/readyz`)).ok);
    return backendAt(`${origin}/api/calls/livekit-token`, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The library in a server of the host's, with the host's own rule. */
export async function startHost(livekit: LiveKit, authorizeRoom: AuthorizeRoom): Promise<Backend> {
  const keys: KeyEndpoint = await startKeyEndpoint();
  const switchboard = createSwitchboard({
    firebaseProjectId: PROJECT_ID,
    firebaseKeysUrl: keys.url,
    livekitApiKey: LIVEKIT_KEY,
    livekitApiSecret: LIVEKIT_SECRET,
    livekitUrl: livekit.url,
    authorizeRoom,
  });
  const server = createServer(switchboard.handler);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return backendAt(`http://127.0.0.1:${port}/api/calls/livekit-token`, async () => {
    await switchboard.stop();
    await new Promise((done) => server.close(done));
    await keys.close();
  });
}

const backendAt = (tokenUrl: string, stop: () => Promise<void>): Backend => ({
  tokenUrl,
  async tokenFor({ uid, roomName, claims = {} }) {
    const response = await fetch(tokenUrl, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${signIdToken({ ...claims, sub: uid })}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ roomName, participantIdentity: uid }),
    });
    const { token = '', code } = (await response.json()) as { token?: string; code?: string };
    expect({ status: response.status, code }).toEqual({ status: 200, code: undefined });
    return token;
  },
  stop,
});
