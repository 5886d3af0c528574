// POST /:callId/accept: takes a seat and lets the person in.

import { notEnough } from '../../admission/ticket-gate.ts';
import type { CallId } from '../../base/ids.ts';
import { jsonBody } from '../../http/body-kinds.ts';
import { type Route, route } from '../../http/routes.ts';
import type { RateLimit } from '../../limits/rate-limit.ts';
import { callIdIn, deviceIn, membersOf, SHORT_BODY_MAX_BYTES, yesOrNoIn } from './body.ts';
import { ACCEPT } from './body-schemas.ts';
import { CALL_PARAMS, type CallGround, entryText, happenBy, userOf } from './ground.ts';
import { placeOf } from './installation.ts';
import { ENTRY, REFUSALS, SIGNED_IN_OR_TICKET, withBody } from './schemas.ts';

/** `seats`: how often one person may take one. Each writes down what everybody concerned is told. */
export function acceptRoute(ground: CallGround, { seats }: { readonly seats: RateLimit }): Route {
  return route({
    method: 'POST',
    path: `${ground.path}/:callId/accept`,
    params: CALL_PARAMS,
    admit: ground.admitTickets,
    body: jsonBody({ maxBytes: SHORT_BODY_MAX_BYTES }),
    schema: {
      summary: 'Accepts a call, or comes back to a group call',
      description:
        'From the device that has accepted already: 200 with a fresh token. From another one: 409 ' +
        '`answered_elsewhere`, or with `takeOver` the call moves here. Within ' +
        '`ANSWER_GRACE_SECONDS` of its end a ring may still be accepted. By a ticket: the seat, and ' +
        'no token; the same device asks for that, for `takeOver` and for `instead` with its ID token.',
      ...withBody(ACCEPT, SIGNED_IN_OR_TICKET),
      response: { 200: ENTRY, ...REFUSALS },
    },
    async answer(request, { params, body }) {
      const user = userOf(request);
      const members = membersOf(body);
      const device = deviceIn(members);
      const instead = callIdIn(members, 'instead');
      const takeOver = yesOrNoIn(members, 'takeOver');
      // A ticket answers its ring, and takes nothing away from another phone or call.
      if (request.ticket !== null && (takeOver || instead !== undefined)) throw notEnough();
      // Whether a seat is taken by it is decided with the call in hand: a lost answer is none.
      const [waitSeconds, profile] = await Promise.all([
        seats.take(user.uid),
        request.ticket === null ? ground.profiles.of(user) : undefined,
      ]);
      const event = {
        type: 'accept',
        callId: params.callId as CallId,
        ...{ uid: user.uid, device, takeOver },
        ...(instead !== undefined && { instead }),
        ...(waitSeconds > 0 && { againInMs: waitSeconds * 1000 }),
        ...placeOf(request, members),
      } as const;
      const seen = await happenBy(ground, request, { event, profile });
      return entryText(ground, request, seen, device);
    },
  });
}
