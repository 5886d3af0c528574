// Clients of several people before the real switchboard, over SQLite, all by one clock.
import { createClient } from '../../src/client/client.ts';
import type { CallsClient, CallsClientOptions, CallUpdate } from '../../src/client/index.ts';
import { type CallStage, setCallStage } from '../call-stage.ts';

export interface People {
  readonly stage: CallStage;
  /** On the device `uid-1`, unless `options` say otherwise. */
  clientOf(uid: string, options?: Partial<CallsClientOptions>): CallsClient;
  close(): Promise<void>;
}

export async function setPeople(): Promise<People> {
  const stage = await setCallStage();
  const clients: CallsClient[] = [];
  return {
    stage,
    clientOf(uid, options = {}) {
      const client = createClient(
        {
          baseUrl: stage.baseUrl,
          getIdToken: () => stage.idToken({ sub: uid, user_id: uid }),
          deviceId: `${uid}-1`,
          ...options,
        },
        {
          clock: stage.clock,
          random: () => 0,
          fetch: (url, init) => fetch(url, init),
          canStream: true,
          isPage: true,
          device: async () => `${uid}-1`,
          onHint: () => () => {},
        },
      );
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      await stage.close();
    },
  };
}

/** What a client tells, as it tells it. */
export function listen(client: CallsClient): CallUpdate[] {
  const told: CallUpdate[] = [];
  client.onCall((update) => told.push(update));
  return told;
}
