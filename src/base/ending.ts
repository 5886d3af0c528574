// From the start of a program to its end: a signal, an error that nobody caught, or nothing left to
// do. For `serve` and `dev`.
//
// A few lines of our own, since close-with-grace takes the second signal for the end at once. Under
// npm one Ctrl+C comes twice: the terminal sends it to every process of the group, and npm hands on
// what it got. It also listens to SIGSEGV and its like, where a listener makes an endless loop.
import { type Clock, systemClock } from './clock.ts';
import type { Logger } from './log.ts';

/** SIGHUP: the terminal was closed. SIGQUIT: Ctrl+\. SIGUSR2: nodemon starts its program anew. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;
/**
 * Signals so close together are one wish: npm hands on within a millisecond, a shell that ends adds
 * its SIGHUP to the terminal's, systemd one to its SIGTERM where it was told to. A person who finds
 * that nothing happens takes longer.
 */
const ONE_WISH_MS = 2_000;

export interface Program {
  start(): Promise<unknown>;
  /** May be called while `start` is under way, and is called once. */
  stop(): Promise<void>;
}

export interface EndingParts {
  readonly log: Logger;
  /** From the wish to the end. */
  readonly withinMs: number;
  readonly clock?: Clock;
  readonly process?: NodeJS.EventEmitter & { exit(code: number): void };
}

/**
 * Resolves when `program` has started, and ends the process when the time has come: with 0 after a
 * wish, with 1 after an error or by force. Rejects where the start fails before.
 */
export async function runToTheEnd(program: Program, parts: EndingParts): Promise<void> {
  const ending = createEnding(program, parts);
  listen(ending, parts.process ?? process);
  try {
    await program.start();
  } catch (error) {
    // A start that the end itself has broken off is no news.
    if (ending.hasBegun()) return;
    ending.cancel();
    throw error;
  }
}

type Ending = ReturnType<typeof createEnding>;
type Listener = Parameters<NodeJS.EventEmitter['on']>[1];

function listen(ending: Ending, source: NodeJS.EventEmitter): void {
  const on = (event: string, listener: Listener) => {
    source.on(event, listener);
    ending.onceOver(() => source.off(event, listener));
  };
  for (const signal of SIGNALS) on(signal, ending.signalled);
  // Of a rejection too: Node makes an exception of one that nobody caught.
  on('uncaughtException', ending.failed);
  on('beforeExit', ending.nothingLeft);
}

function createEnding(program: Program, parts: EndingParts) {
  const { log, withinMs, clock = systemClock, process: self = process } = parts;
  const undos: (() => void)[] = [];
  let hasBegun = false;
  let isOver = false;
  let signals: 'none' | 'one wish' | 'over' = 'none';

  const cancel = () => {
    isOver = true;
    for (const undo of undos) undo();
  };
  const exit = (code: number) => {
    cancel();
    self.exit(code);
  };
  const force = (fields: object, why: string) => {
    log.error(fields, `ended by force: ${why}`);
    exit(1);
  };
  const begin = async (code: number) => {
    hasBegun = true;
    // Timers of a clock don't keep the process alive, and what is waited for may hang on one.
    const alive = setInterval(() => {}, withinMs);
    undos.push(
      () => clearInterval(alive),
      clock.after(withinMs, () => force({ withinMs }, 'stopping took too long')),
    );
    try {
      await program.stop();
    } catch (err) {
      if (!isOver) force({ err }, 'stopping failed');
    }
    if (isOver) return;
    log.info({}, 'stopped');
    exit(code);
  };
  return {
    signalled(signal: NodeJS.Signals): void {
      if (signals === 'over') force({ signal }, 'a second signal came');
      if (signals !== 'none') return;
      signals = 'one wish';
      const over = () => {
        signals = 'over';
      };
      undos.push(clock.after(ONE_WISH_MS, over));
      if (hasBegun) return;
      log.info({ signal }, 'stopping');
      void begin(0);
    },
    failed(err: unknown): void {
      if (hasBegun) {
        force({ err }, 'another error that nobody caught');
        return;
      }
      log.error({ err }, 'stopping after an error that nobody caught');
      void begin(1);
    },
    nothingLeft(): void {
      if (hasBegun) return;
      log.info({}, 'stopping');
      void begin(0);
    },
    hasBegun: () => hasBegun,
    onceOver: (undo: () => void) => void undos.push(undo),
    cancel,
  };
}
