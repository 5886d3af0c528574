// POST /:callId/decline, leave and end: three ways out of a call.
import type { CallId } from '../../base/ids.ts';
import { jsonBody } from '../../http/body-kinds.ts';
import { type Route, route } from '../../http/routes.ts';
import { membersOf, oneOfIn, optionalDeviceIn, SHORT_BODY_MAX_BYTES } from './body.ts';
import { DECLINE, END, LEAVE } from './body-schemas.ts';
import { CALL_PARAMS, type CallGround, callText, happen, userOf } from './ground.ts';
import { placeOf } from './installation.ts';
import { ANSWER, REFUSALS, SIGNED_IN_OR_TICKET, withBody } from './schemas.ts';

const REASONS = ['declined', 'busy', 'timeout'] as const;

/** Nothing in it is required. */
const body = jsonBody({ maxBytes: SHORT_BODY_MAX_BYTES, isOptional: true });
const response = { 200: ANSWER, ...REFUSALS };

export function declineRoute(ground: CallGround): Route {
  return route({
    method: 'POST',
    path: `${ground.path}/:callId/decline`,
    params: CALL_PARAMS,
    admit: ground.admitTickets,
    body,
    schema: {
      summary: 'Declines a ring',
      description:
        'Changes nothing where there is none. `timeout` never does: this phone alone stopped.',
      ...withBody(DECLINE, SIGNED_IN_OR_TICKET),
      response,
    },
    async answer(request, input) {
      const user = userOf(request);
      const members = membersOf(input.body);
      const reason = oneOfIn(members, 'reason', REASONS) ?? 'declined';
      const seen = await happen(ground, request, {
        type: 'decline',
        callId: input.params.callId as CallId,
        ...{ uid: user.uid, reason, ...placeOf(request, members) },
      });
      return callText(ground, user.uid, seen);
    },
  });
}

export function leaveRoute(ground: CallGround): Route {
  return route({
    method: 'POST',
    path: `${ground.path}/:callId/leave`,
    params: CALL_PARAMS,
    admit: ground.admit,
    body,
    schema: {
      summary: 'Hangs up',
      description:
        'Whatever the state: a ring is declined, an unanswered call of one’s own cancelled, a seat ' +
        'given up. A device that names itself and does not hold the seat gives up nothing.',
      ...withBody(LEAVE),
      response,
    },
    async answer(request, input) {
      const user = userOf(request);
      const members = membersOf(input.body);
      const device = optionalDeviceIn(members);
      const seen = await happen(ground, request, {
        type: 'leave',
        callId: input.params.callId as CallId,
        uid: user.uid,
        ...(device !== undefined && { device }),
        ...placeOf(request, members),
      });
      return callText(ground, user.uid, seen);
    },
  });
}

export function endRoute(ground: CallGround): Route {
  return route({
    method: 'POST',
    path: `${ground.path}/:callId/end`,
    params: CALL_PARAMS,
    admit: ground.admit,
    body,
    schema: {
      summary: 'Ends a call for all',
      description: 'The caller may, and in a one-to-one either; others get 403 `not_caller`.',
      ...withBody(END),
      response,
    },
    async answer(request, input) {
      const user = userOf(request);
      const seen = await happen(ground, request, {
        type: 'end',
        callId: input.params.callId as CallId,
        ...{ uid: user.uid, ...placeOf(request, membersOf(input.body)) },
      });
      return callText(ground, user.uid, seen);
    },
  });
}
