import { type Clock, DeadlineError, withDeadline } from '../../base/clock.ts';
import type { Connections } from './connections.ts';
import { DatabaseError } from './faults.ts';
import { cutOff, type PgClient } from './pool.ts';

/** A connection for what is no single transaction; after an error nobody else gets it. */
export async function withClient<Result>(
  by: { readonly connections: Connections; readonly clock: Clock; readonly withinMs: number },
  work: (client: PgClient) => Promise<Result>,
): Promise<Result> {
  const client = await by.connections.borrow();
  try {
    const result = await withDeadline(by.clock, by.withinMs, () => work(client));
    client.release();
    return result;
  } catch (error) {
    cutOff(client);
    client.release(true);
    throw error instanceof DeadlineError ? new DatabaseError(error) : error;
  }
}
