// Standard output as the log's way out.
import { constants, fstatSync, openSync, writeSync } from 'node:fs';

const STDOUT = 1;

/** Writes what it can and tells how many bytes that were; throws an errno where it can't. */
export type Out = (bytes: Uint8Array) => number;

/** Nothing is opened before the first byte. */
export function createStandardOutput(): Out {
  let fd: number | undefined;
  return (bytes) => {
    fd ??= pipeWithoutWaiting() ?? STDOUT;
    return writeSync(fd, bytes);
  };
}

/**
 * A reader of the log that stalls must not stall the server: a full pipe shall say EAGAIN. That mode
 * belongs to everybody who shares the open pipe, so it is opened once more. Files, terminals,
 * sockets (systemd's journal) and pipes of another user can't be, and there a write waits for its
 * reader, as in any program. The kernel ends a wait for a reader that is gone, with EPIPE.
 */
function pipeWithoutWaiting(): number | undefined {
  try {
    if (!fstatSync(STDOUT).isFIFO()) return undefined;
    return openSync(`/proc/self/fd/${STDOUT}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // No /proc, no permission, or nobody reads any more.
    return undefined;
  }
}
