// Who may ring whom: the access room, put together from the settings.
import { createRingAccess, type RingAccess } from '../access/ring-access.ts';
import type { RoomAccess } from '../access/room-access.ts';
import type { Clock } from '../base/clock.ts';
import type { CallSettings } from '../settings/settings.ts';

export function createRings(
  settings: CallSettings['ringAccess'],
  by: { readonly access: RoomAccess; readonly clock: Clock },
): RingAccess {
  const { access, clock } = by;
  switch (settings.rule) {
    case 'any':
      return createRingAccess('any', clock);
    case 'context':
      return createRingAccess({ context: access }, clock);
    case 'host':
      return createRingAccess({ mayRing: settings.mayRing }, clock);
  }
}
