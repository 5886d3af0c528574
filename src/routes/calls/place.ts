// POST /: places a call and lets the caller in.
import { createHash, randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { RingAccess } from '../../access/ring-access.ts';
import type { CallId, DeviceId, InstallationId, UserId } from '../../base/ids.ts';
import type { User } from '../../base/user.ts';
import { CALL_KINDS, type CallKind } from '../../calls/call.ts';
import { newCallRoom } from '../../calls/room-config.ts';
import { withStore } from '../../calls/with-store.ts';
import { arrivalOf } from '../../http/arrival.ts';
import { jsonBody } from '../../http/body-kinds.ts';
import { type Route, route } from '../../http/routes.ts';
import {
  calleesIn,
  callIdIn,
  contextIn,
  dataIn,
  deviceIn,
  installationIn,
  invalid,
  LONG_BODY_MAX_BYTES,
  membersOf,
  oneOfIn,
} from './body.ts';
import { PLACE } from './body-schemas.ts';
import { type CallGround, entryText, happenBy, type Seen, userOf } from './ground.ts';
import { askMayRing, type CountRings } from './rings.ts';
import { ENTRY, REFUSALS, withBody } from './schemas.ts';

interface PlaceRequest {
  readonly callees: readonly UserId[];
  readonly kind: CallKind;
  readonly device: DeviceId;
  readonly callId: CallId | undefined;
  readonly context: string | undefined;
  readonly data: string | undefined;
  readonly installation: InstallationId | undefined;
}

export function placeRoute(
  ground: CallGround,
  by: { ringAccess: RingAccess; countRings: CountRings; maxParticipants: number },
): Route {
  const { ringAccess, countRings, maxParticipants } = by;

  async function answer(request: FastifyRequest, body: unknown) {
    const user = userOf(request);
    const asked = readPlace(body, user.uid, {
      maxParticipants,
      needsContext: ringAccess.needsContext,
    });
    const { kind, device, callId, context, data, installation } = asked;
    const requestHash = hashOf(asked);
    const answerWith = (seen: Seen) => {
      arrivalOf(request.raw).exchange.callId = seen.call.id;
      const text = entryText(ground, request, seen, device);
      return { status: seen.created ? 201 : 200, text };
    };
    let rung: Awaited<ReturnType<typeof mayRing>>;
    try {
      rung = await mayRing(user, asked);
    } catch (refusal) {
      const before = await placedBefore({ callId, caller: user.uid, requestHash });
      if (before === undefined) throw refusal;
      return answerWith(before);
    }
    const { callees, profile } = rung;
    const event = {
      type: 'place',
      callId: callId ?? (randomUUID() as CallId),
      ...{ caller: user.uid, device, callees, kind },
      ...(context !== undefined && { context }),
      ...(data !== undefined && { data }),
      ...(installation !== undefined && { installation }),
      room: newCallRoom(),
      requestHash,
    } as const;
    return answerWith(await happenBy(ground, request, { event, profile }));
  }

  async function mayRing(caller: User, { callees, kind, context }: PlaceRequest) {
    await countRings(caller.uid, callees.length);
    return askMayRing(
      { ringAccess, profiles: ground.profiles },
      { caller, callees, kind, ...(context !== undefined && { context }) },
    );
  }

  /** A retry rings nobody: no limit and no rule keeps its answer from whoever has placed the call. */
  async function placedBefore(wanted: {
    callId: CallId | undefined;
    caller: UserId;
    requestHash: string;
  }) {
    const { callId, caller, requestHash } = wanted;
    if (callId === undefined) return undefined;
    const { call, now } = await withStore(() => ground.store.call(callId));
    return call?.caller === caller && call.requestHash === requestHash
      ? { call, now, created: false }
      : undefined;
  }

  return route({
    method: 'POST',
    path: ground.path === '' ? '/' : ground.path,
    admit: ground.admit,
    body: jsonBody({ maxBytes: LONG_BODY_MAX_BYTES }),
    schema: {
      summary: 'Places a call',
      description:
        'Rings the callees and answers with the call and the caller’s LiveKit token. With the same ' +
        '`callId` and body once more it is 200 and rings nobody again; where the callee has just ' +
        'called the caller, 200 with that call.',
      ...withBody(PLACE),
      response: { 201: ENTRY, 200: ENTRY, ...REFUSALS },
    },
    answer: (request, { body }) => answer(request, body),
  });
}

function readPlace(
  body: unknown,
  caller: UserId,
  rules: { maxParticipants: number; needsContext: boolean },
): PlaceRequest {
  const members = membersOf(body);
  const callees = calleesIn(members, caller, rules.maxParticipants - 1);
  const kind = oneOfIn(members, 'kind', CALL_KINDS);
  if (kind === undefined) throw invalid(`kind is required: ${CALL_KINDS.join(' or ')}.`);
  const context = contextIn(members);
  if (context === undefined && rules.needsContext) {
    throw invalid('context is required: only who shares one may ring each other.');
  }
  const device = deviceIn(members);
  return {
    callees,
    kind,
    device,
    callId: callIdIn(members, 'callId'),
    context,
    data: dataIn(members),
    installation: installationIn(members),
  };
}

/** A retry has the same; whatever differs is another request. On which phone it is asked says nothing of the call. */
function hashOf({ callees, kind, device, context, data }: PlaceRequest): string {
  const said = JSON.stringify([callees, kind, device, context ?? null, data ?? null]);
  return createHash('sha256').update(said).digest('base64url');
}
