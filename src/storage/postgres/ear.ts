// One connection that listens, from its beginning to its loss.
import type { Clock } from '../../base/clock.ts';
import { NOTIFY_CHANNEL } from '../sql/dialect.ts';
import type { PgConnection } from './pool.ts';

const ECHO_MS = 3_000;

export interface Ear {
  /** Whether what is told comes back; nothing else proves that it hears. */
  hasEcho(): Promise<boolean>;
  close(): void;
}

export interface EarParts {
  readonly clock: Clock;
  readonly connect: () => Promise<{ connection: PgConnection; end(): void }>;
  /** Tells everybody over another connection, ourselves among them. */
  readonly call: () => Promise<unknown>;
  /** Answers whether it was our own. */
  readonly onMessage: (payload: string) => boolean;
  /** At most once, and not after `close`. */
  readonly onLost: (why: Error) => void;
}

export async function openEar({ clock, connect, call, onMessage, onLost }: EarParts): Promise<Ear> {
  let isClosed = false;
  let echoed = () => {};
  const { connection, end } = await connect();
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    end();
  };
  const lost = (why: Error) => {
    if (isClosed) return;
    close();
    onLost(why);
  };
  connection.on('error', lost);
  connection.on('end', () => lost(new Error('the connection has ended')));
  connection.on('notification', ({ payload }) => {
    if (!isClosed && onMessage(payload ?? '')) echoed();
  });
  try {
    await connection.query({ text: `listen ${NOTIFY_CHANNEL}` });
  } catch (error) {
    close();
    throw error;
  }
  return {
    async hasEcho() {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const cancel = clock.after(ECHO_MS, () => resolve(false));
      echoed = () => resolve(true);
      // Where nothing can be told the database is away: no reason to think this one deaf.
      await call().catch(() => resolve(true));
      const isHeard = await promise;
      cancel();
      return isHeard;
    },
    close,
  };
}
