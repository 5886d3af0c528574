// What every route of calls stands on, and the way from an event to an answer.
import type { FastifyRequest } from 'fastify';
import type { Profiles } from '../../access/profiles.ts';
import { andThen } from '../../base/and-then.ts';
import { type DeviceId, faultOfPerson, type RoomName, type UserId } from '../../base/ids.ts';
import type { Profile } from '../../base/profile.ts';
import type { User } from '../../base/user.ts';
import type { Calls } from '../../calls/apply-event.ts';
import { type Call, isLive, isSeated, partyOf } from '../../calls/call.ts';
import type { CallEvent } from '../../calls/event.ts';
import type { CallStore } from '../../calls/store.ts';
import { canSee, type Sight, viewOf } from '../../calls/view.ts';
import { withStore } from '../../calls/with-store.ts';
import type { Wait } from '../../events/wait.ts';
import { arrivalOf } from '../../http/arrival.ts';
import { uuid } from '../../http/fields.ts';
import type { Admit } from '../../http/routes.ts';
import type { TokenMembers } from '../token-members.ts';
import { invalid } from './body.ts';
import { refusal } from './refusals.ts';

export interface CallGround {
  /** Where calls are: `/api/calls`. */
  readonly path: string;
  readonly admit: Admit;
  /** Whoever shows the ticket of a ring, too. */
  readonly admitTickets: Admit;
  readonly apply: Calls['apply'];
  readonly store: Pick<CallStore, 'call' | 'live' | 'history'>;
  readonly wait: Wait;
  readonly showsNames: Sight['showsNames'];
  readonly profiles: Profiles;
  /** A token for the room of a call in which the user has a seat. */
  readonly mint: (request: { user: User; roomName: RoomName }) => {
    token: string;
    expiresAt: Date;
  };
  readonly tokenMembers: TokenMembers;
}

/** Only whoever can be somebody in calls and in LiveKit: a host's own uids may be anything. */
export const admitToCalls =
  (admit: Admit): Admit =>
  (request) =>
    andThen(admit(request), () => {
      const fault = faultOfPerson(userOf(request).uid);
      if (fault !== undefined) throw invalid(`The uid ${fault}.`);
    });

/** Who asks. Runs behind the gate, where it is known. */
export const userOf = (request: FastifyRequest): User => request.user as User;

export const CALL_PARAMS = { callId: uuid('The call, in any case.') };

/** One call as this person may see it. */
export interface Seen {
  readonly call: Call;
  /** The store's time. */
  readonly now: number;
  /** True: it is new. */
  readonly created: boolean;
}

/** Lets the event happen, by whoever asks for it; throws what refuses it. */
export const happen = (
  ground: CallGround,
  request: FastifyRequest,
  event: CallEvent,
): Promise<Seen> =>
  happenBy(ground, request, { event, profile: ground.profiles.own(userOf(request)) });

/** The same by a name that the others may learn from it. Who shows a ticket has none. */
export function happenBy(
  ground: CallGround,
  { ticket }: FastifyRequest,
  { event, profile }: { readonly event: CallEvent; readonly profile: Profile | undefined },
): Promise<Seen> {
  const isKnown = profile !== undefined && ticket === null;
  return withStore(async () => {
    const applied = await ground.apply(event, isKnown ? { profile } : {});
    if (!('refused' in applied)) return applied;
    // Which other call he is in, whoever shows a ticket does not learn.
    const { callId: _, ...bare } = applied;
    throw refusal(applied.refused, ticket === null ? applied : bare);
  });
}

/** Throws `not_found` for a call that is not there, and for one that is not for these eyes. */
export async function seenBy(
  uid: UserId,
  look: () => Promise<{ call: Call | undefined; now: number }>,
): Promise<Omit<Seen, 'created'>> {
  const { call, now } = await withStore(look);
  if (call === undefined || !canSee(call, uid)) throw refusal('not_found');
  return { call, now };
}

export function callText(
  ground: CallGround,
  uid: UserId,
  { call, now }: Omit<Seen, 'created'>,
): string {
  const view = viewOf(call, uid, { now, showsNames: ground.showsNames });
  return JSON.stringify({ call: view, serverTime: timeOf(now) });
}

/** The same, with a token where this device has a seat. A ticket takes a seat, and opens no room. */
export function entryText(
  ground: CallGround,
  request: FastifyRequest,
  seen: Omit<Seen, 'created'>,
  device: DeviceId,
): string {
  const user = userOf(request);
  const text = callText(ground, user.uid, seen);
  const party = partyOf(seen.call, user.uid);
  const enters =
    isLive(seen.call) && party !== undefined && isSeated(party) && party.device === device;
  // No token for nobody.
  if (!enters || request.ticket !== null || arrivalOf(request.raw).exchange.isOver) return text;
  const minted = ground.mint({ user, roomName: seen.call.room });
  return `${text.slice(0, -1)},${ground.tokenMembers(minted)}}`;
}

export const timeOf = (ms: number): string => new Date(ms).toISOString();
