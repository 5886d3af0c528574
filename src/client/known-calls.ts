// What is known of the person's calls, from wherever it came: each state is told once, an older one
// never after a newer one, and a ring that nobody ends is over when its time is.
import { type CallView, type Cause, isEnded, isHere, isRinging } from './call.ts';
import type { ClientClock } from './clock.ts';

/**
 * Why a state is told: what the feed says, `snapshot` (that is how things stand), `answer` (to a
 * request of this client), or `ring_over` (the ring's time is over, and nothing else has changed).
 */
export type UpdateCause = Cause | 'snapshot' | 'answer' | 'ring_over';

/** A call as it is now. */
export interface CallUpdate {
  readonly call: CallView;
  readonly cause: UpdateCause;
  /** Whether this phone is to ring now. */
  readonly rings: boolean;
  /** Whether this device is in the call. */
  readonly isHere: boolean;
}

export type CallListener = (update: CallUpdate) => void;

export interface KnownCalls {
  learn(call: CallView, cause: UpdateCause): void;
  /** These are all live ones. Answers those that were believed to live, and are not among them. */
  replace(calls: readonly CallView[], isOtherFeed: boolean): CallView[];
  version(id: string): number | undefined;
  /** One call as a listener is to hear it; undefined: nothing is known of it. */
  update(id: string, cause: UpdateCause): CallUpdate | undefined;
  live(): CallUpdate[];
  listen(listener: CallListener): () => void;
  /** The device may have slept, and its timers with it: a ring of before is over. */
  wake(): void;
  close(): void;
}

interface Known {
  call: CallView;
  cause: UpdateCause;
  /** By the time of the day. */
  readonly ringEndsAt: number;
  cancelRing: () => void;
}

/**
 * So many that have ended, so that a late answer does not wake one; and so many that live, for
 * without the feed the end of most is told by nobody.
 */
const REMEMBERED = 100;

export function createKnownCalls(clock: ClientClock, device: () => string): KnownCalls {
  const known = new Map<string, Known>();
  const listeners = new Set<CallListener>();

  const updateOf = (call: CallView, cause: UpdateCause): CallUpdate => ({
    call,
    cause,
    rings: isRinging(call),
    isHere: isHere(call, device()),
  });

  function tell(call: CallView, cause: UpdateCause): void {
    const update = updateOf(call, cause);
    for (const listener of [...listeners]) callListener(listener, update);
  }

  function ringOver(entry: Known): void {
    entry.cancelRing();
    entry.call = { ...entry.call, me: { ...entry.call.me, ringSeconds: 0 } };
    tell(entry.call, 'ring_over');
  }

  function put(call: CallView, cause: UpdateCause): void {
    known.get(call.id)?.cancelRing();
    known.delete(call.id);
    const ms = isRinging(call) ? (call.me.ringSeconds ?? 0) * 1000 : 0;
    const entry: Known = { call, cause, ringEndsAt: clock.now() + ms, cancelRing: () => {} };
    known.set(call.id, entry);
    if (ms > 0) entry.cancelRing = clock.after(ms, () => ringOver(entry));
    forgetOldest(known, isEnded(call));
  }

  function learn(call: CallView, cause: UpdateCause): void {
    const before = known.get(call.id);
    if (before !== undefined && call.version < before.call.version) return;
    const isSame = before !== undefined && call.version === before.call.version;
    put(call, isSame && cause === 'answer' ? before.cause : cause);
    // What an answer has told, the feed tells once more, with its cause.
    const isToTell = !isSame || cause === 'snapshot' || (isOwn(before.cause) && !isOwn(cause));
    if (isToTell) tell(call, cause);
  }

  return {
    learn,
    replace(calls, isOtherFeed) {
      const live = new Set(calls.map(({ id }) => id));
      const gone = [...known.values()]
        .map(({ call }) => call)
        .filter((call) => !isEnded(call) && !live.has(call.id));
      // Versions of another feed can't be compared.
      if (isOtherFeed) {
        for (const { call, cancelRing } of [...known.values()]) {
          cancelRing();
          known.delete(call.id);
        }
      }
      for (const call of calls) learn(call, 'snapshot');
      return gone;
    },
    version: (id) => known.get(id)?.call.version,
    update(id, cause) {
      const entry = known.get(id);
      return entry && updateOf(entry.call, cause);
    },
    live: () =>
      [...known.values()]
        .filter(({ call }) => !isEnded(call))
        .map(({ call }) => updateOf(call, 'snapshot')),
    listen(listener) {
      // Each has a life of its own, though two be the same function.
      const own: CallListener = (update) => listener(update);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    wake() {
      for (const entry of [...known.values()]) {
        if (isRinging(entry.call) && clock.now() >= entry.ringEndsAt) ringOver(entry);
      }
    },
    close() {
      listeners.clear();
      for (const { cancelRing } of known.values()) cancelRing();
    },
  };
}

/** But none that rings: its time has yet to be over. */
function forgetOldest(known: Map<string, Known>, ended: boolean): void {
  const alike = [...known.values()]
    .map(({ call }) => call)
    .filter((call) => isEnded(call) === ended && !isRinging(call));
  for (const { id } of alike.slice(0, -REMEMBERED)) known.delete(id);
}

const isOwn = (cause: UpdateCause): boolean =>
  cause === 'answer' || cause === 'snapshot' || cause === 'ring_over';

/** A listener that throws is a fault of the app: it is reported as one, and stops nobody else. */
export function callListener<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
