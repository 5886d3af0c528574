// What ours needs to push: both providers in a process of their own, and what has arrived there.
import { once } from 'node:events';
import { join } from 'node:path';
import { makeApnsKeys } from '../../src/dev/stand-ins/apns.ts';
import { makeCertificate } from '../key-endpoint.ts';
import { end, LOAD_CORE, start } from '../processes.ts';
import type { Bench } from '../servers.ts';
import { PROJECT_ID } from '../tokens.ts';

const BUNDLE_ID = 'com.example.bench';

/** A push that a provider has taken; `at` by {@link nowMs}. */
export interface Taken {
  readonly callId: string;
  readonly type: string;
  /** FCM's or Apple's name of the device. */
  readonly token: string;
  readonly at: number;
}

export interface ProviderEnvironment {
  readonly TLS_KEY: string;
  readonly TLS_CERTIFICATE: string;
  readonly PROJECT_ID: string;
  readonly APNS_KEY: string;
  readonly APNS_KEY_ID: string;
  readonly APNS_TEAM_ID: string;
  readonly APNS_BUNDLE_ID: string;
}

export interface ServerEnvironment {
  readonly BENCH_FCM_URL: string;
  readonly BENCH_APNS_URL: string;
  readonly BENCH_APNS_KEY: string;
  readonly BENCH_APNS_KEY_ID: string;
  readonly BENCH_APNS_TEAM_ID: string;
  readonly BENCH_APNS_BUNDLE_ID: string;
}

/** The same in every process of this machine. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export interface Providers {
  /** With what it takes for ours to push there. */
  readonly bench: Bench;
  /** Hears of each push from now on, in place of whoever did. */
  onTaken(listener: (taken: Taken) => void): void;
  close(): Promise<void>;
}

export async function startProviders(bench: Bench): Promise<Providers> {
  const { certificate, key: certificateKey } = makeCertificate(bench.directory, 'localhost');
  const { key, keyId, teamId, publicKey } = makeApnsKeys();
  const environment: ProviderEnvironment = {
    TLS_KEY: certificateKey,
    TLS_CERTIFICATE: certificate,
    PROJECT_ID,
    APNS_KEY: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    APNS_KEY_ID: keyId,
    APNS_TEAM_ID: teamId,
    APNS_BUNDLE_ID: BUNDLE_ID,
  };
  const child = start(
    'taskset',
    ['-c', String(LOAD_CORE), process.execPath, join(import.meta.dirname, 'providers.ts')],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { PATH: process.env.PATH, ...environment },
    },
  );
  const [{ fcmUrl, apnsUrl }] = (await once(child, 'message')) as [
    { fcmUrl: string; apnsUrl: string },
  ];
  let listen = (_taken: Taken): void => {};
  child.on('message', ({ taken }: { taken: readonly Taken[] }) => {
    for (const one of taken) listen(one);
  });
  const ofServer: ServerEnvironment = {
    BENCH_FCM_URL: fcmUrl,
    BENCH_APNS_URL: apnsUrl,
    BENCH_APNS_KEY: key,
    BENCH_APNS_KEY_ID: keyId,
    BENCH_APNS_TEAM_ID: teamId,
    BENCH_APNS_BUNDLE_ID: BUNDLE_ID,
  };
  return {
    bench: {
      ...bench,
      program: join(import.meta.dirname, 'pushing-server.ts'),
      environment: { ...bench.environment, ...ofServer, NODE_EXTRA_CA_CERTS: certificate },
    },
    onTaken(listener) {
      listen = listener;
    },
    close: () => end(child),
  };
}

/** `work` with ours that pushes there. */
export async function withProviders<T>(
  bench: Bench,
  work: (providers: Providers) => Promise<T>,
): Promise<T> {
  const providers = await startProviders(bench);
  try {
    return await work(providers);
  } finally {
    await providers.close();
  }
}
