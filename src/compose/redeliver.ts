// livekit-switchboard webhooks redeliver: the host is told at last what he could not be told in time.
import type { Environment } from '../settings/sources.ts';
import { onDatabase } from './database-command.ts';

/** Answers what it did, in a sentence. Rejects with one for the operator. */
export async function redeliver(env: Environment): Promise<string> {
  const count = await onDatabase(env, (store) => store.redeliverHostEvents());
  if (count === 0) return 'No event was given up: nothing is sent again.';
  const events = count === 1 ? '1 event that was' : `${count} events that were`;
  return `${events} given up will be sent again by the running server.`;
}
