// What is in people's pockets: their simulated phones, and the pushes that came to them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.ts';
import { createLockedPhone, type LockScreen } from './locked-phone.ts';
import { pushLine } from './push-line.ts';
import { createPushList, type ListedPush, type TakenPush } from './push-list.ts';
import type { SimulatedPhone } from './simulated-phones.ts';

export interface PocketView {
  readonly phones: readonly (SimulatedPhone & {
    /** The app was opened once, and has said by which values it is reached. */
    readonly isRegistered: boolean;
    readonly screen: LockScreen;
  })[];
  readonly pushes: readonly ListedPush[];
}

export interface Pocket {
  /** Looks at each request, and knows by it which phones are registered. */
  watch(request: IncomingMessage, response: ServerResponse): void;
  /** A provider has taken this push: the phone gets it. */
  deliver(push: TakenPush): void;
  /** `after`: the number of the last push that is known. */
  view(after: number): PocketView;
  /** Of the last ring that was pushed to this value: for whoever tries a phone by hand. */
  ticketOf(value: string): string | undefined;
  stop(): void;
}

const NOBODY = 'reaches nothing: none of the phones on this page';

/** `callsUrl` is not asked before the first push. */
export function createPocket(parts: {
  readonly phones: readonly SimulatedPhone[];
  readonly callsPath: string;
  readonly callsUrl: () => string;
  readonly clock: Clock;
  /** A line for a person: each push, and what came of it. */
  readonly tell: (text: string) => void;
}): Pocket {
  const { phones, callsPath, callsUrl, clock, tell } = parts;
  const registered = new Set<string>();
  const list = createPushList(clock);
  const native = new Map(
    phones.map(({ installationId }) => [
      installationId,
      createLockedPhone({ installationId, callsUrl, clock }),
    ]),
  );
  const byValue = new Map(
    phones.flatMap((phone) => phone.registration.pushes.map(({ value }) => [value, phone])),
  );

  function keep(push: TakenPush, to: Pick<ListedPush, 'uid' | 'phone' | 'outcome'>): void {
    list.add(push, to);
    tell(pushLine({ type: push.payload.type, provider: push.provider, ...to }));
  }

  return {
    watch({ method, url = '' }, response) {
      if (method !== 'PUT' && method !== 'DELETE') return;
      const [path = ''] = url.split('?', 1);
      const installationId = path.replace(`${callsPath}/devices/`, '');
      const phone = native.get(installationId);
      if (phone === undefined) return;
      response.once('finish', () => {
        if (response.statusCode !== 200) return;
        phone.unlock();
        if (method === 'PUT') registered.add(installationId);
        else registered.delete(installationId);
      });
    },
    deliver(push) {
      const phone = byValue.get(push.value);
      if (phone === undefined) {
        const { to } = push.payload;
        const uid = typeof to === 'string' ? to : undefined;
        keep(push, { uid, phone: undefined, outcome: NOBODY });
        return;
      }
      const { uid, name, installationId } = phone;
      // Of before a restart, perhaps: the database remembers.
      registered.add(installationId);
      const outcome = native.get(installationId)?.take(push.payload) ?? NOBODY;
      keep(push, { uid, phone: name, outcome });
    },
    view: (after) => ({
      phones: phones.map((phone) => ({
        ...phone,
        isRegistered: registered.has(phone.installationId),
        screen: native.get(phone.installationId)?.screen() ?? {},
      })),
      pushes: list.after(after),
    }),
    ticketOf: list.ticketOf,
    stop() {
      for (const phone of native.values()) phone.stop();
    },
  };
}
