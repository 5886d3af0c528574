// The one door for change: requests, webhooks, deadlines and sweeps all come through here.
import type { CallId, RoomName, UserId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import type { Call, CallRules } from './call.ts';
import { decide, type Judgement } from './decide.ts';
import type { CallEvent, Present } from './event.ts';
import { UNANSWERED_RINGS_MS } from './ring.ts';
import type { DoubtfulSeat, Refused } from './stage.ts';
import type { CallStore, Decision, Profile, Scene, Scope } from './store.ts';

/** `now` is the store's time. */
export type Applied =
  /** `call` as it was written; of a glare, the other's. `created`: it is new. */
  | { readonly call: Call; readonly created: boolean; readonly now: number }
  | (Refused & { readonly now: number });

export interface Calls {
  /** `profile` is written down for the eyes of the others. */
  apply(event: CallEvent, options?: { readonly profile?: Profile }): Promise<Applied>;
}

interface CallsOptions {
  readonly store: CallStore;
  readonly rules: CallRules;
  /** Who is in a room by LiveKit's word; undefined: no answer. Never rejects for an outage. */
  readonly askRoom: (room: RoomName, timeoutMs: number) => Promise<readonly Present[] | undefined>;
  readonly log: Logger;
  /** Told of every call that was written, for measurements. */
  readonly observe?: (before: Call | undefined, after: Call) => void;
}

/** One transaction, as the store answers it. */
interface Change {
  readonly result: Judgement;
  readonly scene: Scene;
  readonly written: readonly Call[];
}

const ASK_BEFORE_BUSY_MS = 1_000;

export function createCalls({ store, rules, askRoom, log, observe }: CallsOptions): Calls {
  return {
    async apply(event, { profile } = {}) {
      const scope = scopeOf(event, profile);
      const first = await change(event, scope, (decision) =>
        decision.result.doubts.length === 0 ? decision : { ...decision, changed: [] },
      );
      const { doubts } = first.result;
      if (doubts.length === 0) return appliedOf(first);
      await freeSeats(doubts, first.scene.now);
      return appliedOf(await change(event, scope, (decision) => decision));
    },
  };

  async function change(
    event: CallEvent,
    scope: Scope,
    choose: (decision: Decision<Judgement>) => Decision<Judgement>,
  ): Promise<Change> {
    const done = await store.change(scope, (scene) => choose(decide(scene, event, rules)));
    if (observe !== undefined) {
      for (const after of done.written) observe(knownIn(done.scene, after.id), after);
    }
    return done;
  }

  /** A seat can't stick: LiveKit is asked, outside any transaction. No answer leaves it. */
  async function freeSeats(doubts: readonly DoubtfulSeat[], takenAt: number): Promise<void> {
    const answers = new Map<RoomName, ReturnType<typeof presentIn>>();
    for (const { room } of doubts) {
      if (!answers.has(room)) answers.set(room, presentIn(room));
    }
    for (const { callId, room, uid } of doubts) {
      const present = await answers.get(room);
      if (present === undefined || present.some(({ identity }) => identity === uid)) continue;
      const event: CallEvent = { type: 'sweep', callId, takenAt, present, frees: uid };
      await change(event, scopeOf(event, undefined), (decision) => decision);
    }
  }

  async function presentIn(room: RoomName): Promise<readonly Present[] | undefined> {
    try {
      return await askRoom(room, ASK_BEFORE_BUSY_MS);
    } catch (error) {
      log.warn({ err: error }, 'LiveKit could not be asked who is in a call');
      return undefined;
    }
  }
}

function scopeOf(event: CallEvent, profile: Profile | undefined): Scope {
  const { callId } = event;
  const eyes = profile === undefined ? {} : { profile };
  switch (event.type) {
    case 'place':
      return { callId, ...ringsOf(event.caller, event.callees), ...eyes };
    case 'invite':
      return { callId, ...ringsOf(event.uid, event.callees), ...eyes };
    case 'accept': {
      const also = event.instead === undefined ? {} : { alsoCall: event.instead };
      return { callId, people: [event.uid], ...also, ...eyes };
    }
    default:
      return { callId, people: [], ...eyes };
  }
}

function ringsOf(caller: UserId, callees: readonly { readonly uid: UserId }[]) {
  const uids = callees.map(({ uid }) => uid);
  const ringsBy = { caller, callees: uids, forMs: UNANSWERED_RINGS_MS };
  return { people: [caller, ...uids], ringsBy };
}

function appliedOf({ result: { verdict }, scene, written }: Change): Applied {
  const { now } = scene;
  if ('refused' in verdict) return { ...verdict, now };
  const { callId, created } = verdict;
  const call = written.find(({ id }) => id === callId) ?? knownIn(scene, callId);
  if (call === undefined) throw new Error('a call was decided upon that nobody knows');
  return { call, created, now };
}

const knownIn = ({ call, others }: Scene, callId: CallId): Call | undefined =>
  call?.id === callId ? call : others.find(({ id }) => id === callId);
