// Who may enter a room: the access room, put together from the settings.
import { hostFirestore } from '../access/firestore.ts';
import { createFirestoreRule } from '../access/firestore-rule.ts';
import { createHttpRule } from '../access/http-rule.ts';
import { createRoomAccess, type RoomAccess } from '../access/room-access.ts';
import { type Clock, withDeadline } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Settings } from '../settings/check-options.ts';

/** The SDK itself would go on for ten minutes, and a host may wait for the start before it listens. */
const WARM_UP_TIMEOUT_MS = 5_000;

export interface Rooms {
  readonly access: RoomAccess;
  /** Warms up what is slow the first time. Resolves when that has ended, well or not. */
  start(): Promise<void>;
}

export function createRooms(
  settings: Settings,
  { clock, log }: { clock: Clock; log: Logger },
): Rooms {
  const { authorizeRoom, roomAccess } = settings;
  const ready = async () => {};
  if (authorizeRoom !== undefined) {
    return { access: createRoomAccess(authorizeRoom, clock), start: ready };
  }
  switch (roomAccess) {
    case 'any':
    case 'calls':
      return { access: createRoomAccess(roomAccess, clock), start: ready };
    case 'http': {
      // Checked with the options: here they are.
      const { accessUrl, accessSecret } = settings as { accessUrl: string; accessSecret: string };
      const rule = createHttpRule({ url: accessUrl, secret: accessSecret, clock });
      return { access: createRoomAccess(rule, clock), start: ready };
    }
    case 'firestore': {
      const { firebaseApp, firestoreRoomPath, firestoreMembersField: membersField } = settings;
      const rule = createFirestoreRule({
        roomPath: firestoreRoomPath as string,
        membersField,
        readField: hostFirestore(firebaseApp as NonNullable<typeof firebaseApp>),
        clock,
      });
      const start = () =>
        withDeadline(clock, WARM_UP_TIMEOUT_MS, rule.warmUp).catch((err) =>
          log.warn({ err }, 'Firestore could not be asked yet'),
        );
      return { access: createRoomAccess(rule.authorizeRoom, clock), start };
    }
  }
}
