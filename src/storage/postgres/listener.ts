// Hears what other instances have written. Notices when it has gone deaf, and then looks by itself.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Wake } from '../wake.ts';
import { messageOf, readMessage } from '../wake-message.ts';
import { type Ear, type EarParts, openEar } from './ear.ts';

const CHECK_EVERY_MS = 10_000;
const AGAIN_MS = { first: 250, last: 10_000 };
/** Deaf: it looks this often for everybody who waits. */
const POLL_MS = 5_000;
/** Calls that go on are written to once a minute at the least. */
const ACTIVE_MS = 150_000;

export interface Listener {
  /** Resolves when the first try is over. */
  start(): Promise<void>;
  /** This instance has changed a call, or somebody has begun to wait. */
  need(): void;
  stop(): void;
}

export interface ListenerParts {
  /** Of this instance: its own messages were told to its own already. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly wake: Wake;
  readonly connect: EarParts['connect'];
  readonly notify: (payload: string) => Promise<unknown>;
  /** Wakes those for whom something has changed, whoever has changed it. */
  readonly unheard: () => Promise<void>;
}

export function createListener(parts: ListenerParts): Listener {
  const { clock, wake, connect, notify, name } = parts;
  let ear: Ear | 'opening' | undefined;
  let isStopped = false;
  let activeUntilMs = 0;
  let againMs = AGAIN_MS.first;
  let cancelAgain: (() => void) | undefined;
  let cancelCheck: (() => void) | undefined;
  const deafness = createDeafness(parts, () => isNeeded());

  const isNeeded = () => !isStopped && (wake.isWaiting() || clock.monotonic() < activeUntilMs);
  const onMessage = (payload: string) => {
    const { from, topics, due } = readMessage(payload);
    if (from === name) return true;
    activeUntilMs = clock.monotonic() + ACTIVE_MS;
    if (topics === undefined) wake.everything();
    else wake.changed(topics);
    if (due !== undefined) wake.due(due);
    return false;
  };
  const onLost = (why: unknown) => {
    ear = undefined;
    cancelCheck?.();
    cancelCheck = undefined;
    deafness.begins(why);
    // A database that has gone to sleep is not woken for somebody who waits for nothing.
    if (isNeeded()) again();
  };
  const again = () => {
    cancelAgain ??= clock.after(againMs, () => {
      cancelAgain = undefined;
      void begin();
    });
    againMs = Math.min(2 * againMs, AGAIN_MS.last);
  };
  const check = async () => {
    const mine = ear as Ear;
    // It is under way: nobody begins another.
    cancelCheck = () => {};
    const isHeard = await mine.hasEcho();
    if (ear !== mine) return;
    if (!isHeard) {
      mine.close();
      onLost(new Error('it hears nothing'));
      return;
    }
    againMs = AGAIN_MS.first;
    deafness.ends();
    cancelCheck = clock.after(CHECK_EVERY_MS, () => {
      cancelCheck = undefined;
      if (isNeeded()) void check();
    });
  };
  const begin = async () => {
    if (ear !== undefined || isStopped) return;
    ear = 'opening';
    const call = () => notify(messageOf({ from: name }));
    try {
      const opened = await openEar({ clock, connect, call, onMessage, onLost });
      if (isStopped) return opened.close();
      ear = opened;
    } catch (error) {
      onLost(error);
      return;
    }
    if (deafness.isOn() || isNeeded()) await check();
  };
  return {
    start: begin,
    need() {
      if (isStopped) return;
      activeUntilMs = clock.monotonic() + ACTIVE_MS;
      if (ear === undefined && cancelAgain === undefined) void begin();
      // After a silence, in which whatever lies between may have forgotten the connection.
      if (typeof ear === 'object' && cancelCheck === undefined) void check();
    },
    stop() {
      isStopped = true;
      cancelAgain?.();
      cancelCheck?.();
      deafness.stop();
      if (typeof ear === 'object') ear.close();
    },
  };
}

/** From the loss of hearing to its proof: told once, and helped by looking. */
function createDeafness({ clock, wake, log, unheard }: ListenerParts, isNeeded: () => boolean) {
  let isOn = false;
  let isTold = false;
  let cancel: (() => void) | undefined;
  const look = () => {
    cancel ??= clock.after(POLL_MS, () => {
      cancel = undefined;
      if (!isOn || !isNeeded()) return;
      // Where the database is away the next look tells.
      unheard().catch(() => {});
      look();
    });
  };
  const stop = () => {
    cancel?.();
    cancel = undefined;
  };
  return {
    isOn: () => isOn,
    begins(why: unknown) {
      isOn = true;
      if (!isNeeded()) return;
      look();
      if (isTold) return;
      isTold = true;
      log.warn(
        { err: why },
        `changes of other instances are not heard (LISTEN): they are looked for every ${POLL_MS / 1000} s until they are. A pooler in transaction mode lets none through; it takes a direct address`,
      );
    },
    ends() {
      if (!isOn) return;
      isOn = false;
      stop();
      if (isTold) log.info({}, 'changes of other instances are heard again');
      isTold = false;
      // What was told meanwhile was told to nobody.
      wake.everything();
    },
    stop,
  };
}
