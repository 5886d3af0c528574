// GET /:callId: one call as it is; held open until it changes, for screens before the room.
import type { CallId } from '../../base/ids.ts';
import { arrivalOf } from '../../http/arrival.ts';
import { wholeNumber } from '../../http/fields.ts';
import { type Route, route } from '../../http/routes.ts';
import { CALL_PARAMS, type CallGround, callText, seenBy, userOf } from './ground.ts';
import { ANSWER, REFUSALS, SIGNED_IN_OR_TICKET } from './schemas.ts';

export const WAIT_SECONDS_MAX = 25;

export function getRoute(ground: CallGround): Route {
  return route({
    method: 'GET',
    path: `${ground.path}/:callId`,
    params: CALL_PARAMS,
    admit: ground.admitTickets,
    query: {
      waitSeconds: wholeNumber({
        ...{ min: 0, max: WAIT_SECONDS_MAX, default: 0 },
        description: 'How long to wait for a version greater than `after`.',
      }),
      after: wholeNumber({
        ...{ min: 0, max: 999_999_999_999_999, default: 0 },
        description: 'The version of the call that is known already.',
      }),
    },
    schema: {
      summary: 'One call of the caller’s own',
      description: 'With `waitSeconds` and `after` held open until it has changed.',
      ...SIGNED_IN_OR_TICKET,
      response: { 200: ANSWER, ...REFUSALS },
    },
    async answer(request, { params, query }) {
      const { uid } = userOf(request);
      const callId = params.callId as CallId;
      const { exchange } = arrivalOf(request.raw);
      const { signal } = exchange;
      const waitMs = query.waitSeconds * 1000;
      const wanted = { uid, callId, after: query.after, waitMs, signal };
      const look = () => exchange.whileSilent(() => ground.wait(wanted));
      return callText(ground, uid, await seenBy(uid, look));
    },
  });
}
