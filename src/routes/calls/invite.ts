// POST /:callId/invite: brings others into a call that goes on.
import type { RingAccess } from '../../access/ring-access.ts';
import type { CallId } from '../../base/ids.ts';
import { isLive, isSeated, partyOf } from '../../calls/call.ts';
import { jsonBody } from '../../http/body-kinds.ts';
import { type Route, route } from '../../http/routes.ts';
import { calleesIn, LONG_BODY_MAX_BYTES, membersOf } from './body.ts';
import { INVITE } from './body-schemas.ts';
import { CALL_PARAMS, type CallGround, callText, happenBy, seenBy, userOf } from './ground.ts';
import { refusal } from './refusals.ts';
import { askMayRing, type CountRings } from './rings.ts';
import { ANSWER, REFUSALS, withBody } from './schemas.ts';

export function inviteRoute(
  ground: CallGround,
  by: { ringAccess: RingAccess; countRings: CountRings; maxParticipants: number },
): Route {
  const { ringAccess, countRings, maxParticipants } = by;
  return route({
    method: 'POST',
    path: `${ground.path}/:callId/invite`,
    params: CALL_PARAMS,
    admit: ground.admit,
    body: jsonBody({ maxBytes: LONG_BODY_MAX_BYTES }),
    schema: {
      summary: 'Invites others into a call',
      description:
        'Whoever is in it may, and rings those too who have declined or missed it. It is a group ' +
        'from then on.',
      ...withBody(INVITE),
      response: { 200: ANSWER, ...REFUSALS },
    },
    async answer(request, { params, body }) {
      const user = userOf(request);
      const callId = params.callId as CallId;
      const asked = calleesIn(membersOf(body), user.uid, maxParticipants - 1);
      const { call } = await seenBy(user.uid, () => ground.store.call(callId));
      // Before anybody else is asked. What happens meanwhile is seen by the event itself.
      if (!isLive(call)) throw refusal('call_ended');
      const party = partyOf(call, user.uid);
      if (party === undefined || !isSeated(party)) throw refusal('not_caller');
      await countRings(user.uid, asked.length);
      // Kind and context of a call never change.
      const { callees, profile } = await askMayRing(
        { ringAccess, profiles: ground.profiles },
        {
          caller: user,
          callees: asked,
          kind: call.kind,
          ...(call.context !== undefined && { context: call.context }),
        },
      );
      const event = { type: 'invite', callId, uid: user.uid, callees } as const;
      const seen = await happenBy(ground, request, { event, profile });
      return callText(ground, user.uid, seen);
    },
  });
}
