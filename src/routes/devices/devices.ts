// PUT and DELETE /devices/:installationId: where pushes reach a person, and where they do no more.
import type { InstallationId } from '../../base/ids.ts';
import { withStore } from '../../calls/with-store.ts';
import { jsonBody } from '../../http/body-kinds.ts';
import { type Route, route } from '../../http/routes.ts';
import type { Device } from '../../ringing/device.ts';
import { timeOf, userOf } from '../calls/ground.ts';
import { REFUSALS, SIGNED_IN_OR_TICKET, withBody } from '../calls/schemas.ts';
import { deviceIn } from './body.ts';
import { DEVICE_PARAMS, type DeviceGround } from './ground.ts';
import { DEVICE_ANSWER, PUT_DEVICE } from './schemas.ts';

/** A value of each kind, the longest of them written in escapes. */
const BODY_MAX_BYTES = 16 * 1024;

export const deviceRoutes = (ground: DeviceGround): Route[] => [
  putDeviceRoute(ground),
  removeDeviceRoute(ground),
];

const pathIn = ({ path }: DeviceGround): string => `${path}/devices/:installationId`;

function putDeviceRoute(ground: DeviceGround): Route {
  const { store, kindsServed, clock } = ground;
  return route({
    method: 'PUT',
    path: pathIn(ground),
    params: DEVICE_PARAMS,
    admit: ground.admit,
    body: jsonBody({ maxBytes: BODY_MAX_BYTES }),
    schema: {
      summary: 'Registers an installation for pushes, or its new values',
      description:
        'At every start of the app, and when a value changes: it is a sign of life, too. A value ' +
        'belongs to the user who was signed in last.',
      ...withBody(PUT_DEVICE),
      response: { 200: DEVICE_ANSWER, ...REFUSALS },
    },
    async answer(request, { params, body }) {
      const { uid } = userOf(request);
      const device = deviceIn(body, uid, params.installationId as InstallationId);
      await withStore(() => store.putDevice(device));
      const { installation: installationId, platform, targets } = device;
      const pushes = targets.map(({ kind }) => ({ kind, isServed: kindsServed.includes(kind) }));
      return JSON.stringify({
        device: { installationId, platform, pushes } satisfies Answered,
        serverTime: timeOf(clock.now()),
      });
    },
  });
}

interface Answered extends Pick<Device, 'platform'> {
  readonly installationId: InstallationId;
  readonly pushes: readonly object[];
}

function removeDeviceRoute(ground: DeviceGround): Route {
  const { store } = ground;
  return route({
    method: 'DELETE',
    path: pathIn(ground),
    params: DEVICE_PARAMS,
    admit: ground.admitTickets,
    schema: {
      summary: 'Removes an installation of the caller’s own',
      description:
        'Before the app signs out: afterwards it has no ID token to say so with. 200 as well where ' +
        'there was none, so that it may be asked again.',
      ...SIGNED_IN_OR_TICKET,
      response: { 200: { type: 'object' }, ...REFUSALS },
    },
    async answer(request, { params }) {
      const { uid } = userOf(request);
      await withStore(() => store.removeDevice(uid, params.installationId as InstallationId));
      return '{}';
    },
  });
}
