// All of ringing by push in development: phones in pockets, and who brings pushes to them.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { PushSender } from '../../ringing/push.ts';
import type { CallSettings } from '../../settings/settings.ts';
import { createPocket, type Pocket } from './pocket.ts';
import { startProviders } from './providers.ts';
import { pushLine } from './push-line.ts';
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
    /** A line for a person: each push, and what came of it. */
    readonly tell: (text: string) => void;
  },
): Promise<Pushes | undefined> {
  if (calls === undefined) return undefined;
  const { uids, clock, log, tell } = parts;
  const own = calls.push.apns;
  // Apple itself knows none that are made up.
  const phones = simulatedPhones(uids, { withIPhones: own === undefined });
  const pocket = createPocket({ ...parts, phones });
  const providers = await startProviders({ own, take: pocket.deliver, clock, log });
  return {
    pocket,
    senders: providers.senders.map((sender) => telling(sender, { own: own !== undefined, tell })),
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

/** Of what a stand-in has taken the pocket tells: here the rest, and all that Apple itself is given. */
function telling(
  sender: PushSender,
  { own, tell }: { own: boolean; tell: (text: string) => void },
): PushSender {
  const { provider } = sender;
  return {
    ...sender,
    async send(push, signal) {
      const answer = await sender.send(push, signal);
      const isTold = answer.result === 'handed' && !(own && provider === 'apns');
      if (!isTold) {
        const outcome =
          answer.result === 'handed' ? 'handed' : `${answer.result} (${answer.reason})`;
        const { type, to } = push.message;
        tell(pushLine({ type, provider: provider === 'apns' ? 'APNs' : 'FCM', uid: to, outcome }));
      }
      return answer;
    },
  };
}
