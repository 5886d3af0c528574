// All of ringing by push in development: phones in pockets, and who brings pushes to them.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { PushSender } from '../../ringing/push.ts';
import type { CallSettings } from '../../settings/settings.ts';
import { createPocket, type Pocket } from './pocket.ts';
import { startProviders } from './providers.ts';
import { simulatedPhones } from './simulated-phones.ts';

export interface Pushes {
  readonly pocket: Pocket;
  readonly senders: readonly PushSender[];
  /** What a person is told. */
  readonly sentence: string;
  stop(): Promise<void>;
}

/** `callsUrl` is not asked before the first push. Undefined: there are no calls. */
export async function providePushes(
  calls: CallSettings | undefined,
  parts: {
    readonly uids: readonly string[];
    readonly callsPath: string;
    readonly callsUrl: () => string;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Promise<Pushes | undefined> {
  if (calls === undefined) return undefined;
  const { uids, clock, log } = parts;
  const own = calls.push.apns;
  // Apple itself knows none that are made up.
  const phones = simulatedPhones(uids, { withIPhones: own === undefined });
  const pocket = createPocket({ ...parts, phones });
  const providers = await startProviders({ own, take: pocket.deliver, clock, log });
  return {
    pocket,
    senders: providers.senders,
    sentence:
      own === undefined
        ? 'to stand-ins for FCM and APNs, and so to the phones on the page'
        : 'to a stand-in for FCM, and by APNS_KEY to Apple itself',
    async stop() {
      pocket.stop();
      await providers.stop();
    },
  };
}
