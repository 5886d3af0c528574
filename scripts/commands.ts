// Commands that are run to their end: quiet where they succeed, and told in full where they fail.
import { spawn } from 'node:child_process';

export interface Command {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/**
 * What it has written to standard output.
 *
 * @throws Error with everything that it has written, where it ends with anything but 0.
 */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env = process.env, input = '' }: Command,
): Promise<string> {
  const child = spawn(command, args, { cwd, env });
  let out = '';
  let all = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    all += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    all += text;
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | string | null>();
  child.once('error', reject).once('close', (code, signal) => resolve(code ?? signal));
  // A program may end before it has taken its input; how it ended tells the rest.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const status = await promise;
  if (status === 0) return out;
  throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${all.trim()}`);
}

/** Runs the steps one after the other, each with a line of its own; the first failure ends it. */
export async function runSteps(
  steps: readonly (readonly [name: string, step: () => Promise<void>])[],
): Promise<boolean> {
  for (const [name, step] of steps) {
    const startedMs = performance.now();
    try {
      await step();
    } catch (error) {
      console.error(`✗ ${name}\n${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
    console.log(`✓ ${name} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
  }
  return true;
}
