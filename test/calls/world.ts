// Calls by `decide` alone: the scene goes in, what comes out is how things stand from then on.
import { expect } from 'vitest';
import type { CallId, DeviceId, InstallationId, RoomName, UserId } from '../../src/base/ids.ts';
import {
  type Call,
  type CallRules,
  isLive,
  isSeated,
  type Party,
  type PartyState,
  partyOf,
} from '../../src/calls/call.ts';
import { decide } from '../../src/calls/decide.ts';
import type { CallEvent, Effect, Present } from '../../src/calls/event.ts';
import type { DoubtfulSeat, Verdict } from '../../src/calls/stage.ts';
import type { Scene } from '../../src/calls/store.ts';

export const RULES: CallRules = {
  ringMs: 45_000,
  answerGraceMs: 10_000,
  reconnectGraceMs: 20_000,
  aloneMs: 60_000,
  maxCallMs: 4 * 3_600_000,
  maxParticipants: 4,
};
export const STARTED_AT = Date.UTC(2026, 10, 1, 12);

export const uid = (name: string) => name as UserId;
export const id = (name: string) => name as CallId;
export const device = (name: string) => name as DeviceId;

type Later<Type> = Type extends CallEvent ? Omit<Type, 'callId'> : never;

export const on = (callId: string, event: Later<CallEvent>): CallEvent =>
  ({ ...event, callId: id(callId) }) as CallEvent;

/** `to`: a name behind `~` is hidden. */
export const place = (callId: string, from: string, to: readonly string[], own = `${from}1`) =>
  on(callId, {
    type: 'place',
    caller: uid(from),
    device: device(own),
    callees: calleesOf(to),
    kind: 'audio',
    room: `call_${callId}` as RoomName,
    requestHash: `${from}>${to.join()}`,
  });
export const accept = (
  callId: string,
  who: string,
  own = `${who}1`,
  { takeOver = false, instead }: { takeOver?: boolean; instead?: string } = {},
) =>
  on(callId, {
    type: 'accept',
    uid: uid(who),
    device: device(own),
    takeOver,
    ...(instead === undefined ? {} : { instead: id(instead) }),
  });
export const decline = (
  callId: string,
  who: string,
  reason: 'declined' | 'busy' | 'timeout' = 'declined',
) => on(callId, { type: 'decline', uid: uid(who), reason });
export const leave = (callId: string, who: string, own?: string) =>
  on(callId, {
    type: 'leave',
    uid: uid(who),
    ...(own === undefined ? {} : { device: device(own) }),
  });
export const alerting = (callId: string, who: string) =>
  on(callId, { type: 'alerting', uid: uid(who) });
export const end = (callId: string, who?: string) =>
  on(callId, { type: 'end', ...(who === undefined ? {} : { uid: uid(who) }) });
export const invite = (callId: string, who: string, to: readonly string[]) =>
  on(callId, { type: 'invite', uid: uid(who), callees: calleesOf(to) });
/** Done on a phone that pushes go to. */
export const by = (installation: string, event: CallEvent): CallEvent =>
  ({ ...event, installation: installation as InstallationId }) as CallEvent;
export const tick = (callId: string) => on(callId, { type: 'tick' });

export const present = (identity: string, sid = `${identity}-s1`, joinedAtMs = STARTED_AT) => ({
  identity,
  sid,
  joinedAtMs,
});
export const joined = (callId: string, someone: Present) =>
  on(callId, { type: 'joined', present: someone });
export const left = (callId: string, someone: Present, disconnectReason = 'SIGNAL_CLOSE') =>
  on(callId, { type: 'left', present: someone, disconnectReason });

const calleesOf = (names: readonly string[]) =>
  names.map((name) => ({ uid: uid(name.replace('~', '')), isHidden: name.startsWith('~') }));

export interface World {
  now: number;
  /** Pairs `caller>callee` that have been rung so often. */
  readonly rings: Map<string, number>;
  /** Ways to a callee. */
  readonly reach: Map<string, number>;
  /** Each in turn; the last verdict. */
  send(...events: readonly CallEvent[]): Verdict;
  /** Of the last event alone. */
  readonly last: {
    readonly changed: readonly string[];
    readonly seenBy: Readonly<Record<string, string>>;
    readonly effects: readonly Effect[];
    readonly doubts: readonly DoubtfulSeat[];
  };
  /** It was placed by another version of the server. */
  adopt(call: Call): void;
  sweep(callId: string, present: readonly Present[] | undefined, frees?: string): Verdict;
  call(callId: string): Call;
  party(callId: string, who: string): Party;
  /** `A joined, B ringing` */
  states(callId: string): string;
  /** `active`, or `ended: answered, hangup` */
  state(callId: string): string;
  /** Milliseconds from now to each deadline. */
  timers(callId: string): Readonly<Record<string, number>>;
}

export function createWorld(rules: CallRules = RULES): World {
  const calls = new Map<CallId, Call>();
  let last: World['last'] = { changed: [], seenBy: {}, effects: [], doubts: [] };

  const world: World = {
    now: STARTED_AT,
    rings: new Map(),
    reach: new Map(),
    get last() {
      return last;
    },
    send(...events) {
      const verdicts = events.map(apply);
      return verdicts.at(-1) as Verdict;
    },
    adopt: (call) => void calls.set(call.id, call),
    sweep: (callId, people, frees) =>
      apply(
        on(callId, {
          type: 'sweep',
          takenAt: world.now,
          present: people,
          ...(frees === undefined ? {} : { frees: uid(frees) }),
        }),
      ),
    call: (callId) => calls.get(id(callId)) as Call,
    party: (callId, who) => partyOf(world.call(callId), who) as Party,
    states: (callId) =>
      world
        .call(callId)
        .parties.map((party) => `${party.uid} ${party.state}`)
        .join(', '),
    state(callId) {
      const { state, outcome, reason } = world.call(callId);
      return state === 'ended' ? `ended: ${outcome}, ${reason}` : state;
    },
    timers: (callId) =>
      Object.fromEntries(
        [...world.call(callId).timers].map(([key, dueAt]) => [key, dueAt - world.now]).sort(),
      ),
  };
  return world;

  function apply(event: CallEvent): Verdict {
    const scene = sceneOf(event);
    const { changed, result } = decide(scene, event, rules);
    for (const { call, seenBy } of changed) {
      calls.set(call.id, call);
      assertSound(call);
      for (const who of seenBy.keys()) expect(partyOf(call, who)?.isHidden).toBe(false);
    }
    last = {
      changed: changed.map(({ call }) => call.id),
      seenBy: Object.fromEntries(changed.flatMap(({ seenBy }) => [...seenBy])),
      effects: changed.flatMap(({ effects }) => effects),
      doubts: result.doubts,
    };
    const seated = [...calls.values()]
      .filter(isLive)
      .flatMap(({ parties }) => parties.filter(isSeated).map((party) => party.uid));
    expect(seated, 'nobody sits in two calls').toHaveLength(new Set(seated).size);
    return result.verdict;
  }

  function sceneOf(event: CallEvent): Scene {
    const people = peopleOf(event);
    const caller = event.type === 'place' ? event.caller : 'uid' in event ? event.uid : undefined;
    const others = [...calls.values()].filter(
      (call) =>
        (event.type === 'accept' && call.id === event.instead) ||
        (isLive(call) &&
          call.parties.some((party) => isSeated(party) && people.includes(party.uid))),
    );
    const rings = people.map((who) => {
      const count = world.rings.get(`${caller}>${who}`) ?? 0;
      return [who, { count, since: world.now - 60_000 }] as const;
    });
    return {
      now: world.now,
      call: calls.get(event.callId),
      others: others.filter((call) => call.id !== event.callId),
      unansweredRings: new Map(rings),
      reach: world.reach as Map<UserId, number>,
    };
  }
}

function peopleOf(event: CallEvent): readonly UserId[] {
  if (event.type === 'place') return [event.caller, ...event.callees.map((callee) => callee.uid)];
  if (event.type === 'invite') return [event.uid, ...event.callees.map((callee) => callee.uid)];
  return event.type === 'accept' ? [event.uid] : [];
}

/** What holds of every call at every time. */
export function assertSound(call: Call): void {
  const isOver = call.state === 'ended';
  expect([call.outcome !== undefined, call.reason !== undefined]).toEqual([isOver, isOver]);
  expect(call.endedAt !== undefined).toBe(isOver);
  const timed = (prefix: string, states: readonly PartyState[]) =>
    [...call.timers.keys()]
      .filter((key) => key.startsWith(prefix))
      .every((key) => states.includes((partyOf(call, key.slice(prefix.length)) as Party).state));
  expect(timed('ring:', ['ringing'])).toBe(true);
  expect(timed('grace:', ['joining', 'lost'])).toBe(true);
  if (isOver) {
    expect(call.timers.size).toBe(0);
    expect(call.parties.filter((party) => isSeated(party) || party.state === 'ringing')).toEqual(
      [],
    );
  } else {
    expect(call.timers.has('watch')).toBe(true);
    const rings = call.parties.filter(({ state }) => state === 'ringing');
    expect(rings.every((party) => call.timers.has(`ring:${party.uid}`))).toBe(true);
  }
}
