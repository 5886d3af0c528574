// Every process that the bench starts: none outlives it, however it ends.
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';

/** That the servers under test do not have. */
export const LOAD_CORE = 1;

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
  process.on(signal, () => process.exit(code));
}

function keep<C extends ChildProcess>(child: C): C {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Starts a process that goes on. `taskset` becomes the command: the id is the server's own. */
export function start(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  return keep(spawn(command, args, options));
}

/** Runs a process to its end and answers what it printed. */
export function run(command: string, args: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  keep(
    execFile(command, args, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(error);
    }),
  );
  return promise;
}

/** Ends a process and waits for its end. */
export function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (child.exitCode !== null || child.signalCode !== null) resolve();
  else {
    child.once('exit', () => resolve());
    child.kill(signal);
  }
  return promise;
}
