// (caller, callees, context) → whom to ring, or a refusal. A rule that cannot be asked is no
// permission, and a refusal tells nothing about who exists.
import type { Answering } from '../base/answering.ts';
import { type Clock, withDeadline } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import type { UserId } from '../base/ids.ts';
import { type User, userFromClaims } from '../base/user.ts';
import type { CallKind } from '../calls/call.ts';
import type { Callee } from '../calls/event.ts';
import type { KnownProfile } from './profiles.ts';
import type { RoomAccess, RoomEntry } from './room-access.ts';

const RULE_TIMEOUT_MS = 2_000;

/** The names of the rules that come with Switchboard. */
export const RING_ACCESS_RULES = ['any', 'context'] as const;
export type RingAccessRule = (typeof RING_ACCESS_RULES)[number];

/** What a rule about rings is asked: by a place, and by an invite into a call that goes on. */
export interface MayRingRequest {
  readonly caller: User;
  /** Each once, and none of them is the caller. Nobody has looked whether they exist. */
  readonly callees: readonly UserId[];
  /** What the call is about, where it was placed with one: a chat's id. */
  readonly context?: string;
  readonly kind: CallKind;
}

/** `'silent'`: the caller sees an ordinary ring and a missed call, and nothing reaches the callee. */
export type MayRingOne = boolean | 'silent';

/**
 * One word for all callees, or one for each by uid. No for any of them is no for the call. Anything
 * else, a callee left out too, means that the rule could not be asked, and nobody is rung.
 */
export type MayRingAnswer = MayRingOne | Readonly<Record<string, MayRingOne>>;

/**
 * What the host decides about who rings whom. `signal` aborts when the 2 s for an answer are over.
 *
 * @example
 * const mayRing: MayRing = async ({ caller, callees }) => {
 *   const blockers = await whoHasBlocked(caller.uid, callees);
 *   return Object.fromEntries(callees.map((uid) => [uid, blockers.has(uid) ? 'silent' : true]));
 * };
 */
export type MayRing = Answering<[request: MayRingRequest, signal: AbortSignal], MayRingAnswer>;

export interface RingAccess {
  /** Every place has to name a context. */
  readonly needsContext: boolean;
  /** Under `any` a callee's name and picture are told only once he has answered. */
  readonly showsNames: 'always' | 'answered';
  /** Throws `ring_forbidden` or `access_unavailable`. */
  ask(request: MayRingRequest): MayRingVerdict | Promise<MayRingVerdict>;
}

export interface MayRingVerdict {
  /** Whom to ring, and whom only to seem to. */
  readonly callees: readonly Callee[];
  /** What the rule says of the caller. Undefined: it is none that could. */
  readonly caller?: KnownProfile;
}

/** `context`: members of a chat ring each other and nobody else, by the rule about rooms. */
export function createRingAccess(
  rule: 'any' | { readonly context: RoomAccess } | { readonly mayRing: MayRing },
  clock: Clock,
): RingAccess {
  if (rule === 'any') {
    const ask: RingAccess['ask'] = ({ callees }) => ({ callees: callees.map(seen) });
    return { needsContext: false, showsNames: 'answered', ask };
  }
  return 'context' in rule
    ? {
        needsContext: true,
        showsNames: 'always',
        ask: (request) => byContext(rule.context, request),
      }
    : { needsContext: false, showsNames: 'always', ask: byHost(rule.mayRing, clock) };
}

async function byContext(
  access: RoomAccess,
  { caller, callees, context }: MayRingRequest,
): Promise<MayRingVerdict> {
  if (context === undefined) throw ringForbidden();
  const asked = await Promise.allSettled([
    enters(access, { user: caller, roomName: context }),
    ...callees.map((uid) =>
      enters(access, { user: userFromClaims(uid, {}), roomName: context, isCallee: true }),
    ),
  ]);
  const faults = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (
    faults.some((fault) => fault instanceof SwitchboardError && fault.code === 'room_forbidden')
  ) {
    throw ringForbidden();
  }
  if (faults.length > 0) throw accessUnavailable((faults[0] as Error).cause ?? faults[0]);
  const [own] = asked as readonly PromiseFulfilledResult<RoomEntry>[];
  return { callees: callees.map(seen), caller: own?.value.profile ?? {} };
}

const seen = (uid: UserId): Callee => ({ uid, isHidden: false });

/** A rule that throws at once rejects as well: each is told with the others. */
const enters = async (access: RoomAccess, request: Parameters<RoomAccess>[0]) => access(request);

function byHost(mayRing: MayRing, clock: Clock): RingAccess['ask'] {
  return async (request) => {
    let callees: Callee[] | undefined;
    try {
      const answer = await withDeadline(clock, RULE_TIMEOUT_MS, (signal) =>
        mayRing(request, signal),
      );
      callees = calleesFrom(answer, request.callees);
    } catch (cause) {
      // Looking at an answer may throw as well: it may be a Proxy, or have getters.
      throw accessUnavailable(cause);
    }
    if (callees === undefined) throw ringForbidden();
    return { callees };
  };
}

/** Undefined: no. Throws where it is no answer. */
function calleesFrom(answer: unknown, callees: readonly UserId[]): Callee[] | undefined {
  const words = callees.map((uid) => {
    const word = typeof answer === 'object' && answer !== null ? ownOf(answer, uid) : answer;
    if (word === true || word === false || word === 'silent') return word;
    throw new TypeError("mayRing must answer true, false or 'silent', or one of them for each uid");
  });
  if (words.includes(false)) return undefined;
  return callees.map((uid, at) => ({ uid, isHidden: words[at] === 'silent' }));
}

const ownOf = (answer: object, uid: string): unknown =>
  Object.hasOwn(answer, uid) ? (answer as Record<string, unknown>)[uid] : undefined;

const ringForbidden = (): SwitchboardError =>
  new SwitchboardError('ring_forbidden', 'Forbidden: You may not ring everybody whom you named.');

const accessUnavailable = (cause: unknown): SwitchboardError =>
  new SwitchboardError('access_unavailable', 'Ring access check is unavailable. Try again.', {
    cause,
    retryAfterSeconds: 5,
  });
