// Ours with calls, and what it needs beside it.
import { startPostgres } from '../../test/e2e/postgres.ts';
import { type Bench, type Server, startServer } from '../servers.ts';
import { startLiveKit } from './livekit.ts';
import { expectStatus, send } from './phones.ts';

/** Runs `work` on ours with calls over this database. */
export async function withCalls<T>(
  bench: Bench,
  databaseUrl: string,
  work: (server: Server) => Promise<T>,
): Promise<T> {
  const livekit = await startLiveKit();
  const environment = {
    ...bench.environment,
    DATABASE_URL: databaseUrl,
    LIVEKIT_URL: livekit.url,
    RING_ACCESS: 'any',
    RINGS_PER_MINUTE: '1000000',
  };
  const server = await startServer('ours', 'new', { ...bench, environment });
  try {
    // The tables are made behind the first token.
    const who = { method: 'GET', path: '?live=1' };
    await expectStatus(send(server.url, bench.tokens.sample, who), 200);
    return await work(server);
  } finally {
    await server.stop();
    livekit.close();
  }
}

export async function withPostgres<T>(work: (url: string) => Promise<T>): Promise<T> {
  const postgres = await startPostgres();
  try {
    return await work(postgres.url);
  } finally {
    await postgres.close();
  }
}
