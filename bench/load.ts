// One burst of requests by wrk, on the core that the servers don't have.
import { join } from 'node:path';
import { LOAD_CORE, run } from './processes.ts';

const CONNECTIONS = 32;
const SCRIPT = join(import.meta.dirname, 'load.lua');

export interface Burst {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Sends tokens of `files` for `seconds`, beginning with the one at `start`. Rejects where a single
 * answer was not a good one, or a connection broke.
 */
export async function burst(options: {
  url: string;
  files: readonly string[];
  start: number;
  seconds: number;
  /** How long each connection waits between an answer and the next request. */
  delayMs?: number;
}): Promise<Burst> {
  const { url, files, start, seconds, delayMs = 0 } = options;
  const output = await run('taskset', [
    ...['-c', String(LOAD_CORE), 'wrk', '-t', '1', '-c', String(CONNECTIONS)],
    ...['-d', `${seconds}s`, '--timeout', '10s', '--latency', '-s', SCRIPT, url],
    ...['--', String(start), String(delayMs), ...files],
  ]);
  const result = /^RESULT (.*)$/m.exec(output)?.[1];
  if (result === undefined) throw new Error(`wrk told no result:\n${output}`);
  const { requests, seconds: took, p50Ms, p99Ms, badStatus, broken } = JSON.parse(result);
  if (badStatus > 0 || broken > 0 || requests === 0) {
    throw new Error(
      `${url}: ${badStatus} answers were errors and ${broken} requests broke, of ${requests}`,
    );
  }
  return { requests, perSecond: requests / took, p50Ms, p99Ms };
}
