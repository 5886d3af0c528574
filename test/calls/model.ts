// Random runs of two instances on one database, with several devices a person, time that jumps,
// and webhooks that are late, doubled, reordered or lost; held against what is promised. Runs over
// any store: `openGround` gives a fresh database each time.
import fc from 'fast-check';
import { expect } from 'vitest';
import type { UserId } from '../../src/base/ids.ts';
import { type Applied, createCalls } from '../../src/calls/apply-event.ts';
import {
  type Call,
  isLive,
  isSeated,
  PARTY_STATES,
  type Party,
  type PartyState,
  partyOf,
} from '../../src/calls/call.ts';
import type { CallEvent, Present } from '../../src/calls/event.ts';
import type { CallStore, FeedPosition } from '../../src/calls/store.ts';
import { type CallView, canSee, viewOf } from '../../src/calls/view.ts';
import { createFakeLog } from '../fakes/log.ts';
import {
  type Act,
  CALL_IDS,
  type Command,
  command,
  EVENTS,
  EVERY_PAIR,
  MODEL_RULES,
  PEOPLE,
  SCENES,
} from './model-commands.ts';
import { createLiveKitTruth } from './model-livekit.ts';
import { createTold } from './model-told.ts';
import {
  accept,
  alerting,
  assertSound,
  decline,
  end,
  id,
  invite,
  leave,
  on,
  place,
  uid,
} from './world.ts';

export interface ModelGround {
  /** Two instances on one empty database, open. */
  readonly stores: readonly [CallStore, CallStore];
  /** The stores' time. */
  now(): number;
  /** Sets it forward. */
  turn(ms: number): void;
  close(): Promise<void>;
}

/** What a run has met: `state × event`. */
export type Coverage = Map<string, number>;

/** Each state by everything that can happen to somebody, and what ends of itself. */
export const PAIRS: readonly string[] = [
  ...PARTY_STATES.flatMap((state) => EVENTS.map((event) => `${state} × ${event}`)),
  'ringing × ring over',
  ...['ringing', 'joining', 'joined', 'lost'].map((state) => `${state} × call over`),
];

export async function checkModel(
  openGround: () => Promise<ModelGround>,
  { runs, seed }: { /** Random ones, beside one for every pair. */ runs: number; seed?: number },
): Promise<Coverage> {
  const coverage: Coverage = new Map();
  const scene = fc.constantFrom(...Object.keys(SCENES));
  const commands = fc.array(command, { minLength: 4, maxLength: 24 });
  const run = fc.asyncProperty(scene, commands, fc.boolean(), async (start, story, isDark) => {
    const ground = await openGround();
    try {
      const model = createModel(ground, coverage);
      await model.read(PEOPLE);
      for (const step of SCENES[start] ?? []) await model.take(step);
      // Whatever the story is, it is all that is new to them when they read again.
      await model.read(PEOPLE);
      for (const step of story) await model.take(step);
      await model.read(PEOPLE);
      await model.comeToRest(isDark);
    } finally {
      await ground.close();
    }
  });
  await fc.assert(run, {
    numRuns: EVERY_PAIR.length + runs,
    examples: [...EVERY_PAIR],
    ...(seed === undefined ? {} : { seed }),
  });
  return coverage;
}

function createModel(ground: ModelGround, coverage: Coverage) {
  const told = createTold();
  const stores = ground.stores.map((store) => told.watched(store));
  const truth = createLiveKitTruth(() => ground.now());
  let isLiveKitUp = true;
  const instances = stores.map((store) =>
    createCalls({
      store,
      rules: MODEL_RULES,
      log: createFakeLog(),
      askRoom: async (room) => (isLiveKitUp ? truth.present(room) : undefined),
    }),
  );
  let turns = 0;
  const instance = () => instances[++turns % 2] as (typeof instances)[number];
  const store = () => stores[turns % 2] as CallStore;
  const readers = new Map(PEOPLE.map((name) => [name as string, createReader(uid(name))]));
  /** Sessions whose end is known. */
  const over = new Set<string>();
  /** As last seen; those that have ended must stay as they are. */
  let calls = new Map<string, Call>();

  const stateIn = (callId: string, who: string): PartyState | undefined =>
    partyOf(calls.get(callId) ?? ({ parties: [] } as unknown as Call), who)?.state;
  const cover = (callId: string, who: string, event: string): void => {
    const state = stateIn(callId, who);
    if (state === undefined) return;
    const pair = `${state} × ${event}`;
    coverage.set(pair, (coverage.get(pair) ?? 0) + 1);
  };

  return {
    read,
    async take(step: Command): Promise<void> {
      await happen(step);
      await look();
    },
    comeToRest,
  };

  async function happen(step: Command): Promise<void> {
    switch (step.type) {
      case 'race':
        return race(step.one, step.other);
      case 'aim':
        return aim(step);
      case 'connect': {
        const call = calls.get(step.call);
        const isGood = call?.endedAt === undefined || ground.now() - call.endedAt < 600_000;
        if (call !== undefined && isGood) truth.connect(call.room, step.who);
        return;
      }
      case 'disconnect': {
        const call = calls.get(step.call);
        if (call !== undefined) truth.disconnect(call.room, step.who, step.reason);
        return;
      }
      case 'webhook':
        return webhook(step.which, step.again);
      case 'lose webhook':
        if (truth.webhooks.length > 0) truth.webhooks.splice(step.which % truth.webhooks.length, 1);
        return;
      case 'slow sweep':
        return sweep(step.call, true, step.meanwhile);
      case 'turn':
        return ground.turn(step.ms);
      case 'due loop':
        await dueLoop(step.answers);
        return step.answers ? lateRooms() : undefined;
      case 'effects':
        return effects(step.fail);
      case 'read':
        return read([step.who]);
      default:
        await actAlone(step);
    }
  }

  /** Nobody else does anything meanwhile: what is known of the call still holds. */
  async function actAlone(step: Act): Promise<void> {
    const applied = await act(step, instance());
    const known = calls.get(step.call);
    const own =
      known === undefined || step.who === undefined ? undefined : partyOf(known, step.who);
    if (own?.isHidden && step.type !== 'place') {
      expect(applied, 'hidden from him').toMatchObject({ refused: 'not_found' });
    }
    if (step.type === 'leave' && step.device !== undefined && own !== undefined && isSeated(own)) {
      const isHis = own.device === `${step.who}${step.device}`;
      const after = 'call' in applied && isLive(applied.call) ? applied.call : undefined;
      const party = after === undefined ? undefined : partyOf(after, own.uid);
      if (!isHis && party !== undefined) expect(isSeated(party), 'left for another').toBe(true);
    }
  }

  async function act(step: Act, by: (typeof instances)[number]): Promise<Applied> {
    coverAct(step);
    const applied = await by.apply(eventOf(step));
    if (step.type === 'leave' && 'refused' in applied) expect(applied.refused).toBe('not_found');
    return applied;
  }

  function coverAct(step: Act): void {
    if (step.type === 'invite') {
      for (const name of step.to) cover(step.call, name.replace('~', ''), 'invite');
    } else if (step.type === 'decline') {
      const events = { declined: 'decline', busy: 'decline busy', timeout: 'timeout' };
      cover(step.call, step.who, events[step.reason]);
    } else if (step.type !== 'place' && step.type !== 'end') {
      cover(step.call, step.who, step.type);
    }
  }

  async function race(one: Act, other: Act): Promise<void> {
    const [first, second] = await Promise.all([
      act(one, instances[0] as never),
      act(other, instances[1] as never),
    ]);
    const areRivals =
      one.type === 'accept' &&
      other.type === 'accept' &&
      one.call === other.call &&
      one.who === other.who &&
      one.device !== other.device &&
      !one.takeOver &&
      !other.takeOver;
    if (areRivals) expect('call' in first && 'call' in second, 'one winner').toBe(false);
  }

  async function aim({ state, which, event }: Extract<Command, { type: 'aim' }>): Promise<void> {
    const everybody = [...calls.values()]
      .flatMap((call) => call.parties.map((party) => ({ call, party })))
      .filter(({ party }) => state === undefined || party.state === state);
    const target = everybody[which % Math.max(1, everybody.length)];
    if (target === undefined) return;
    const { call, party } = target;
    const at = { call: call.id, who: party.uid };
    switch (event) {
      case 'accept':
        return actAlone({ type: 'accept', ...at, device: '1', takeOver: false });
      case 'leave':
      case 'alerting':
        return actAlone({ type: event, ...at });
      case 'invite': {
        const host = call.parties.find(isSeated)?.uid ?? call.caller;
        const to = [party.uid];
        return actAlone({ type: 'invite', call: call.id, who: host, to });
      }
      case 'joined':
        truth.connect(call.room, party.uid);
        return webhook(truth.webhooks.length - 1, false);
      case 'left':
        if (!isIn(truth.present(call.room), party.uid)) truth.connect(call.room, party.uid);
        truth.disconnect(call.room, party.uid, 'SIGNAL_CLOSE');
        return webhook(truth.webhooks.length - 1, true);
      case 'seen':
        if (!isIn(truth.present(call.room), party.uid)) truth.connect(call.room, party.uid);
        return sweep(call.id, true);
      case 'absent':
        truth.disconnect(call.room, party.uid, 'SIGNAL_CLOSE');
        return sweep(call.id, true);
      default: {
        const reason =
          event === 'decline busy' ? 'busy' : event === 'timeout' ? 'timeout' : 'declined';
        await actAlone({ type: 'decline', ...at, reason });
      }
    }
  }

  async function webhook(which: number, again: boolean): Promise<void> {
    const place = which % Math.max(1, truth.webhooks.length);
    const sent = again ? truth.webhooks.at(place) : truth.webhooks.splice(place, 1)[0];
    if (sent === undefined) return;
    const call = await store().callInRoom(sent.room);
    if (call === undefined) throw new Error('a room without a call');
    const { present } = sent;
    cover(call.id, present.identity, sent.type);
    const before = partyOf(call, present.identity);
    const event: CallEvent =
      sent.type === 'joined'
        ? on(call.id, { type: 'joined', present })
        : on(call.id, { type: 'left', present, disconnectReason: sent.reason });
    const applied = await instance().apply(event);
    const after = 'call' in applied ? partyOf(applied.call, present.identity) : undefined;
    // Whatever else was due by then, it takes no seat but at the end of the call.
    if (before === undefined || !isSeated(before) || after?.state === 'left') return;
    const isPast = (before.sidAt ?? 0) > present.joinedAtMs || over.has(present.sid);
    const sessionOf = ({ state, sid, goneSid }: Party) => ({ state, sid, goneSid });
    if (isPast) expect(after && sessionOf(after)).toEqual(sessionOf(before));
    if (sent.type === 'left' && after?.state === 'lost') over.add(present.sid);
  }

  async function sweep(callId: string, answers: boolean, meanwhile?: Command): Promise<void> {
    const { call, now: takenAt } = await store().call(id(callId));
    if (call === undefined) return;
    const present = answers ? truth.present(call.room) : undefined;
    if (meanwhile !== undefined) await happen(meanwhile);
    for (const party of present === undefined ? [] : call.parties) {
      cover(callId, party.uid, isIn(present, party.uid) ? 'seen' : 'absent');
    }
    const before = (await store().call(id(callId))).call as Call;
    const applied = await instance().apply(on(callId, { type: 'sweep', takenAt, present }));
    if (!('call' in applied)) throw new Error('a sweep is never refused');
    for (const { uid: who, state, reason } of applied.call.parties) {
      const isOut = state === 'left' && isSeated(partyOf(before, who) as never);
      const isForAbsence = reason === 'connection_lost' || reason === 'never_joined';
      const isHisOwn = isOut && isForAbsence && isLive(applied.call);
      if (isHisOwn) expect(present, 'thrown out without an answer').toBeDefined();
      if (isHisOwn) expect(isIn(present, who), 'thrown out though there').toBe(false);
      const graceUntil = before.timers.get(`grace:${who}`) ?? Number.POSITIVE_INFINITY;
      if (isHisOwn) expect(graceUntil, 'thrown out too soon').toBeLessThanOrEqual(takenAt);
    }
    const { reason = 'hangup' } = applied.call;
    const isByAbsence = ['connection_lost', 'never_joined', 'caller_lost'].includes(reason);
    if (isLive(before) && isByAbsence) {
      const isPast = ({ uid: who }: { uid: string }): boolean =>
        !isIn(present, who) && (before.timers.get(`grace:${who}`) ?? takenAt + 1) <= takenAt;
      expect(before.parties.some(isPast), 'ended too soon').toBe(true);
    }
  }

  /** As every instance runs it: one call after the other, until nothing is due. */
  async function dueLoop(answers: boolean): Promise<void> {
    isLiveKitUp = answers;
    // Time may go on by itself, and then something is due by the next moment.
    let lookedAt = 0;
    for (let round = 0; ; round++) {
      lookedAt = ground.now();
      const due = await store().due(10);
      if (due.length === 0) break;
      if (round > 50) throw new Error(`a deadline sticks: ${JSON.stringify(due)}`);
      for (const { callId, key } of due) {
        const isVerdict = key === 'alone' || key === 'max' || key.startsWith('ring:');
        if (key.startsWith('ring:')) cover(callId, key.slice('ring:'.length), 'ring over');
        if (isVerdict) await instance().apply(on(callId, { type: 'tick' }));
        else await sweep(callId, answers);
      }
    }
    for (const callId of CALL_IDS) {
      const { call } = await store().call(id(callId));
      for (const { state, ringEndsAt = 0 } of call?.parties ?? []) {
        const isRinging = state === 'ringing';
        if (isRinging) expect(ringEndsAt + MODEL_RULES.answerGraceMs).toBeGreaterThan(lookedAt);
      }
    }
  }

  /** Rooms that late joins have made again, and no webhook told of. */
  async function lateRooms(): Promise<void> {
    for (const room of await store().roomsEndedWithin(3_600_000)) truth.deleteRoom(room);
  }

  async function effects(fail: boolean): Promise<void> {
    for (const leased of await store().leaseEffects('livekit', 20, 5_000)) {
      const { room, effect } = leased;
      if (fail) {
        await store().effectFailed('livekit', leased.id, 1_000);
        continue;
      }
      if (effect.type === 'delete_room') truth.deleteRoom(room);
      if (effect.type === 'remove_participant') {
        truth.disconnect(room, effect.identity, 'PARTICIPANT_REMOVED');
      }
      await store().effectDone('livekit', leased);
    }
    await told.deliver(store(), fail);
  }

  /** Who has read his feed knows all that there is to see for him, whatever else goes on. */
  async function read(who: readonly string[]): Promise<void> {
    for (const name of who) await readers.get(name)?.read(store());
    const all = [...(await everyCall()).values()];
    for (const name of who) readers.get(name)?.assertKnows(all);
  }

  async function everyCall(): Promise<Map<string, Call>> {
    const now = new Map<string, Call>();
    for (const callId of CALL_IDS) {
      const { call } = await store().call(id(callId));
      if (call !== undefined) now.set(callId, call);
    }
    return now;
  }

  /** What holds after every step. */
  async function look(): Promise<void> {
    const now = await everyCall();
    for (const [callId, call] of now) {
      assertSound(call);
      const before = calls.get(callId);
      if (before !== undefined && !isLive(before)) expect(call, 'ended absorbs').toEqual(before);
      const isOver = before !== undefined && isLive(before) && !isLive(call);
      if (isOver) for (const party of before.parties) cover(callId, party.uid, 'call over');
    }
    const seated = [...now.values()]
      .filter(isLive)
      .flatMap(({ parties }) => parties.filter(isSeated).map((party) => party.uid));
    expect(seated, 'nobody in two live calls').toHaveLength(new Set(seated).size);
    told.look(now);
    calls = now;
  }

  /** Nobody does anything any more; LiveKit answers, and no webhook comes. */
  async function comeToRest(isDark: boolean): Promise<void> {
    truth.webhooks.length = 0;
    if (isDark) truth.blackOut();
    // Not again: whatever ends from now on has its room deleted by its own end.
    await lateRooms();
    const darkAt = ground.now();
    for (let round = 0; ; round++) {
      await effects(false);
      await dueLoop(true);
      const dues = await Promise.all(LANES.map((lane) => store().nextDueMs(lane)));
      const dueMs = Math.min(...dues.map((ms) => ms ?? Number.POSITIVE_INFINITY));
      if (dueMs === Number.POSITIVE_INFINITY) break;
      if (round > 500) throw new Error('it does not come to rest');
      ground.turn(Math.max(1, dueMs));
    }
    await look();
    told.assertDelivered();
    expect([...calls.values()].filter(isLive), 'every call ends').toEqual([]);
    expect(truth.rooms(), 'no room is left').toEqual([]);
    // Where nobody is there any more, that does not take until the greatest length of a call.
    const ends = isDark ? [...calls.values()].map(({ endedAt = 0 }) => endedAt - darkAt) : [];
    expect(Math.max(0, ...ends)).toBeLessThanOrEqual(MODEL_RULES.ringMs + 135_000);
    await read(PEOPLE);
    // No seat sticks: all can be rung.
    ground.turn(3_600_000);
    for (const [from, to] of [
      ['A', 'B'],
      ['C', 'D'],
    ] as const) {
      const applied = await instance().apply(place(`after-${from}`, from, [to]));
      expect('call' in applied && applied.call.parties.map(({ state }) => state)).toEqual([
        'joining',
        'ringing',
      ]);
    }
  }
}

const LANES = ['deadlines', 'livekit', 'push', 'host'] as const;

const isIn = (present: readonly Present[] | undefined, who: string): boolean =>
  present?.some(({ identity }) => identity === who) ?? false;

/** A reader of somebody's feed, who has read it from the beginning. */
function createReader(who: UserId) {
  let position: FeedPosition | undefined;
  const known = new Map<string, Call>();
  const viewed = (calls: Iterable<Call>): ReadonlyMap<string, CallView> =>
    new Map(
      [...calls].map((call) => [call.id, viewOf(call, who, { now: 0, showsNames: 'always' })]),
    );
  return {
    async read(store: CallStore): Promise<void> {
      for (;;) {
        const page = await store.feed(who, position, 2);
        expect(page.isSnapshot).toBe(position === undefined);
        let last = position?.version ?? -1;
        for (const call of page.calls) {
          expect(canSee(call, who), 'hidden from him').toBe(true);
          const { version = 0 } = partyOf(call, who) ?? {};
          if (!page.isSnapshot) expect(version, 'by rising version').toBeGreaterThan(last);
          last = version;
          known.set(call.id, call);
        }
        const isDone = !page.isSnapshot && page.calls.length === 0;
        position = page.position;
        if (isDone) return;
      }
    },
    assertKnows(calls: readonly Call[]): void {
      const his = calls.filter((call) => canSee(call, who));
      const isSo = 'exactly the present state of every call';
      expect(viewed(known.values()), isSo).toEqual(viewed(his));
    },
  };
}

function eventOf(step: Act): CallEvent {
  switch (step.type) {
    case 'place':
      return place(step.call, step.who, step.to, `${step.who}${step.device}`);
    case 'accept': {
      const { takeOver, instead } = step;
      const how = instead === undefined ? { takeOver } : { takeOver, instead };
      return accept(step.call, step.who, `${step.who}${step.device}`, how);
    }
    case 'decline':
      return decline(step.call, step.who, step.reason);
    case 'leave': {
      const own = step.device === undefined ? undefined : `${step.who}${step.device}`;
      return leave(step.call, step.who, own);
    }
    case 'alerting':
      return alerting(step.call, step.who);
    case 'end':
      return end(step.call, step.who);
    case 'invite':
      return invite(step.call, step.who, step.to);
    default:
      return step satisfies never;
  }
}
