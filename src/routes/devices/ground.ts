// What the routes of devices stand on.
import type { Clock } from '../../base/clock.ts';
import { nameInPath } from '../../http/fields.ts';
import type { Admit } from '../../http/routes.ts';
import type { TargetKind } from '../../ringing/device.ts';
import type { DeviceStore } from '../../ringing/store.ts';

export interface DeviceGround {
  /** Where calls are: `/api/calls`. */
  readonly path: string;
  readonly admit: Admit;
  /** Whoever shows the ticket of a ring, too. */
  readonly admitTickets: Admit;
  readonly store: Pick<DeviceStore, 'putDevice' | 'removeDevice'>;
  /** Of which some sender takes values. */
  readonly kindsServed: readonly TargetKind[];
  readonly clock: Clock;
}

export const DEVICE_PARAMS = {
  installationId: nameInPath('The installation, as the app has named it once and for all.'),
};
