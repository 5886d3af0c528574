// The routes of calls, of devices and of feeds, in the order of the API's description.
import type { Route } from '../http/routes.ts';
import { acceptRoute } from '../routes/calls/accept.ts';
import { alertingRoute } from '../routes/calls/alerting.ts';
import { getRoute } from '../routes/calls/get.ts';
import type { CallGround } from '../routes/calls/ground.ts';
import { declineRoute, endRoute, leaveRoute } from '../routes/calls/hang-up.ts';
import { inviteRoute } from '../routes/calls/invite.ts';
import { listRoute } from '../routes/calls/list.ts';
import { placeRoute } from '../routes/calls/place.ts';
import { deviceRoutes } from '../routes/devices/devices.ts';
import type { DeviceGround } from '../routes/devices/ground.ts';

export const callRoutes = (
  ground: CallGround & Pick<DeviceGround, 'kindsServed' | 'clock' | 'store'>,
  by: Parameters<typeof placeRoute>[1] &
    Parameters<typeof acceptRoute>[1] &
    Parameters<typeof alertingRoute>[1],
): Route[] => [
  placeRoute(ground, by),
  listRoute(ground),
  getRoute(ground),
  acceptRoute(ground, by),
  declineRoute(ground),
  leaveRoute(ground),
  endRoute(ground),
  inviteRoute(ground, by),
  alertingRoute(ground, by),
  ...deviceRoutes(ground),
];
