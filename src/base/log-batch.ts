// Log lines on their way out: in batches, in order, in bounded memory. Whatever happens to them is
// never told to whoever logs.
import { type Clock, systemClock } from './clock.ts';
import type { Out } from './standard-output.ts';

const BATCH_BYTES = 64 * 1024;
const BATCH_MS = 100;
/** Of what could not be written when its time came: two seconds of a server that is busy. */
const LATE_BYTES_MAX = 4 * 1024 * 1024;
/** A full pipe; and any other fault: a full disk, a reader or a terminal that is gone. */
const FULL_AGAIN_MS = 10;
const FAULT_AGAIN_MS = 1_000;
/** How long the end of the process waits for a slow reader. */
const END_WITHIN_MS = 2_000;
const UTF8_BYTES_A_CHARACTER_MAX = 3;
const LINE_END = 0x0a;

export interface LogBatch {
  write(line: string): void;
  /** Writes what waits, as far as it is taken; the rest is tried again. */
  flush(): void;
  /** The last of it: from now on nothing is put off. */
  end(): void;
}

export interface LogBatchParts {
  readonly out: Out;
  readonly clock?: Clock;
  /** Stops the whole thread. */
  readonly pause?: (ms: number) => void;
}

/**
 * Lines wait as bytes: as text, every part that a line was put together from would wait with it, long
 * enough for the garbage collector to take it for something that stays.
 *
 * They are written synchronously. A write that is under way in another thread would be overtaken by
 * an urgent line, and by the end of the process.
 */
export function createLogBatch({
  out,
  clock = systemClock,
  pause = sleep,
}: LogBatchParts): LogBatch {
  const waiting = Buffer.allocUnsafe(BATCH_BYTES);
  let used = 0;
  const late = createLateLines();
  let isFull = false;
  let isEnding = false;
  let cancel: (() => void) | undefined;

  const writeWaiting = () => {
    if (used === 0) return;
    const written = out(waiting.subarray(0, used));
    waiting.copyWithin(0, written, used);
    used -= written;
  };
  const send = () => {
    cancel?.();
    cancel = undefined;
    let hasFailed = false;
    try {
      if (late.writeTo(out)) writeWaiting();
      // Where less is taken than there was, there is no room for more.
      isFull = used > 0 || !late.isEmpty();
    } catch (error) {
      isFull = (error as NodeJS.ErrnoException).code === 'EAGAIN';
      hasFailed = !isFull;
    }
    if (isFull || hasFailed) cancel = clock.after(isFull ? FULL_AGAIN_MS : FAULT_AGAIN_MS, send);
  };
  const makeRoom = () => {
    send();
    if (used > 0) late.keep(Buffer.from(waiting.subarray(0, used)));
    used = 0;
  };
  return {
    write(line) {
      const bytesMax = line.length * UTF8_BYTES_A_CHARACTER_MAX;
      if (used + bytesMax > BATCH_BYTES) makeRoom();
      if (bytesMax > BATCH_BYTES) {
        late.keep(Buffer.from(line));
        send();
        return;
      }
      used += waiting.write(line, used);
      if (isEnding) send();
      else cancel ??= clock.after(BATCH_MS, send);
    },
    flush: send,
    end() {
      isEnding = true;
      send();
      for (let ms = 0; isFull && ms < END_WITHIN_MS; ms += FULL_AGAIN_MS) {
        pause(FULL_AGAIN_MS);
        send();
      }
    },
  };
}

/** What could not be written when its time came, the oldest first. Only the first can be torn. */
function createLateLines() {
  const late: Buffer[] = [];
  let bytesKept = 0;
  let linesLost = 0;

  const push = (bytes: Buffer) => {
    late.push(bytes);
    bytesKept += bytes.length;
  };
  const tellLoss = () => {
    if (linesLost > 0) push(lossLine(linesLost));
    linesLost = 0;
  };
  return {
    keep(bytes: Buffer): void {
      if (late.length > 0 && bytesKept + bytes.length > LATE_BYTES_MAX) {
        linesLost += linesIn(bytes);
        return;
      }
      tellLoss();
      push(bytes);
    },
    isEmpty: () => late.length === 0,
    /** Whether all of it is written now. */
    writeTo(out: Out): boolean {
      for (let first = late[0]; first !== undefined; first = late[0]) {
        const written = out(first);
        bytesKept -= written;
        if (written < first.length) {
          late[0] = first.subarray(written);
          return false;
        }
        late.shift();
        if (late.length === 0) tellLoss();
      }
      return true;
    },
  };
}

function linesIn(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === LINE_END) count += 1;
  return count;
}

const lossLine = (lines: number): Buffer =>
  Buffer.from(
    `${JSON.stringify({
      level: 40,
      time: new Date().toISOString(),
      lines,
      msg: 'log lines were lost: standard output did not take them',
    })}\n`,
  );

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
