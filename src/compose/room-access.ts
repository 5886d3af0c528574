// Who may enter a room: the access room, put together from the settings.
import { openFirestore } from '../access/firestore.ts';
import { createFirestoreRule } from '../access/firestore-rule.ts';
import { createHttpRule } from '../access/http-rule.ts';
import { createRoomAccess, type RoomAccess } from '../access/room-access.ts';
import { withDeadline } from '../base/clock.ts';
import type { AccessSettings } from '../settings/settings.ts';
import type { Ground, Part } from './part.ts';

/** The SDK itself would go on for ten minutes, and a host may wait for the start before it listens. */
const WARM_UP_TIMEOUT_MS = 5_000;

export interface Rooms extends Part {
  readonly access: RoomAccess;
}

export function createRooms(settings: AccessSettings, { clock, log }: Ground): Rooms {
  switch (settings.rule) {
    case 'host':
      return { access: createRoomAccess(settings.authorizeRoom, clock) };
    case 'any':
    case 'calls':
      return { access: createRoomAccess(settings.rule, clock) };
    case 'http': {
      const { url, secret } = settings;
      return { access: createRoomAccess(createHttpRule({ url, secret, clock }), clock) };
    }
    case 'firestore':
      return byFirestore(settings, { clock, log });
  }
}

function byFirestore(
  settings: AccessSettings & { rule: 'firestore' },
  { clock, log }: Pick<Ground, 'clock' | 'log'>,
): Rooms {
  const { source, roomPath, membersField } = settings;
  const firestore = openFirestore(source, clock);
  const { questions } = firestore;
  const rule = createFirestoreRule({ roomPath, membersField, questions, clock, log });
  return {
    access: createRoomAccess(rule.authorizeRoom, clock),
    async start() {
      try {
        await firestore.open();
      } catch (err) {
        // No outage, and nothing that time mends.
        log.error({ err }, 'Firestore cannot be asked with these settings');
        throw err;
      }
      await withDeadline(clock, WARM_UP_TIMEOUT_MS, rule.warmUp).catch((err) =>
        log.warn({ err }, 'Firestore could not be asked yet'),
      );
    },
    stop: firestore.close,
  };
}
