// POST /:callId/alerting: a phone says that it rings.
import type { CallId } from '../../base/ids.ts';
import { withStore } from '../../calls/with-store.ts';
import { jsonBody } from '../../http/body-kinds.ts';
import { type Route, route } from '../../http/routes.ts';
import type { Platform } from '../../ringing/device.ts';
import type { RingStore } from '../../ringing/store.ts';
import { membersOf, SHORT_BODY_MAX_BYTES } from './body.ts';
import { ALERTING } from './body-schemas.ts';
import { CALL_PARAMS, type CallGround, callText, happen, userOf } from './ground.ts';
import { placeOf } from './installation.ts';
import { ANSWER, REFUSALS, SIGNED_IN_OR_TICKET, withBody } from './schemas.ts';

export function alertingRoute(
  ground: CallGround,
  by: {
    readonly rings: Pick<RingStore, 'deviceAlerted'>;
    /** For measurements: the first word of a phone that a push went to. */
    readonly onAlerting?: (platform: Platform) => void;
  },
): Route {
  const { rings, onAlerting } = by;
  return route({
    method: 'POST',
    path: `${ground.path}/:callId/alerting`,
    params: CALL_PARAMS,
    admit: ground.admitTickets,
    body: jsonBody({ maxBytes: SHORT_BODY_MAX_BYTES, isOptional: true }),
    schema: {
      summary: 'Says that a phone rings',
      description:
        'The first of a callee’s phones is told to the caller: `isAlerting`, and the cause ' +
        '`alerting`. Changes nothing for whoever does not ring any more.',
      ...withBody(ALERTING, SIGNED_IN_OR_TICKET),
      response: { 200: ANSWER, ...REFUSALS },
    },
    async answer(request, { params, body }) {
      const { uid } = userOf(request);
      const { installation } = placeOf(request, membersOf(body));
      const callId = params.callId as CallId;
      const seen = await happen(ground, request, { type: 'alerting', callId, uid });
      if (installation !== undefined) {
        const platform = await withStore(() => rings.deviceAlerted(callId, uid, installation));
        if (platform !== undefined) onAlerting?.(platform);
      }
      return callText(ground, uid, seen);
    },
  });
}
