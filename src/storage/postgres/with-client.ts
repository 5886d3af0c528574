import type { Connections } from './connections.ts';
import type { PgClient } from './pool.ts';

/** A connection for what is no single transaction; after an error nobody else gets it. */
export async function withClient<Result>(
  connections: Connections,
  work: (client: PgClient) => Promise<Result>,
): Promise<Result> {
  const client = await connections.borrow();
  try {
    const result = await work(client);
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}
