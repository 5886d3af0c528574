// Programs that a test starts: ended by their process id, and never longer alive than the test.
import { type ChildProcess, spawn } from 'node:child_process';

const END_WITHIN_MS = 10_000;
const OUTPUT_KEPT = 64_000;

export interface Child {
  readonly process: ChildProcess;
  /** The latest of what it has written, to standard output and standard error. */
  output(): string;
  /**
   * Waits for a match in the output.
   *
   * @throws Error with its last words where it ends before, or takes too long.
   */
  says(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
  /** SIGTERM, and after `graceMs` SIGKILL; resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
}

export interface Program {
  readonly command: string;
  readonly args?: readonly string[];
  /** The whole environment: nothing is handed on unsaid. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

const living = new Set<() => void>();
const killAll = () => {
  for (const kill of living) kill();
};
process.once('exit', killAll);
// Where the process that started this one is gone.
process.once('disconnect', killAll);
// An interrupted run ends here, without an `exit` event.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killAll();
    process.kill(process.pid, signal);
  });
}

export function startChild({ command, args = [], env, cwd }: Program): Child {
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  living.add(kill);
  let kept = '';
  const watchers = new Set<() => void>();
  const changed = () => {
    for (const watch of watchers) watch();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      kept = (kept + text).slice(-OUTPUT_KEPT);
      changed();
    });
  }
  let over = false;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const end = () => {
    over = true;
    living.delete(kill);
    resolve();
    changed();
  };
  child.once('error', (error) => {
    kept += String(error);
    end();
  });
  child.once('close', end);

  return {
    process: child,
    output: () => kept,
    says(pattern, withinMs = 20_000) {
      const { promise, resolve: found, reject } = Promise.withResolvers<RegExpExecArray>();
      const fail = (what: string) => reject(new Error(`${command} ${what}:\n${kept.slice(-2000)}`));
      const look = () => {
        const match = pattern.exec(kept);
        if (match !== null) found(match);
        else if (over) fail(`ended before it said ${pattern}`);
      };
      const timer = setTimeout(() => fail(`did not say ${pattern} in ${withinMs} ms`), withinMs);
      watchers.add(look);
      look();
      return promise.finally(() => {
        clearTimeout(timer);
        watchers.delete(look);
      });
    },
    async stop(graceMs = END_WITHIN_MS) {
      if (over) return;
      child.kill('SIGTERM');
      const timer = setTimeout(kill, graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
