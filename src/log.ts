import { type DestinationStream, destination, pino } from 'pino';

/** What Switchboard needs of a logger; pino, Fastify's and bunyan's fit as they are. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const BATCH_BYTES = 64 * 1024;
const BATCH_MS = 100;
const UTF8_BYTES_A_CHARACTER_MAX = 3;

interface Out {
  write(text: string): unknown;
  flushSync(): void;
}

/**
 * JSON lines on standard output. Lines are written in batches (64 KiB, or every 100 ms), because a
 * write for each request is a tenth of its cost; `flush` before the process ends.
 */
export function createJsonLogger(
  level: LogLevel,
  out: Out = destination({ sync: false }),
): { log: Logger; flush(): void } {
  const batch = createBatch(out);
  const log = pino({ level, base: null, timestamp: isoTimestamp() }, batch);
  return { log, flush: batch.flush };
}

/**
 * Lines wait as bytes: as text, every part that a line was put together from would wait with it, long
 * enough for the garbage collector to take it for something that stays.
 */
function createBatch(out: Out): DestinationStream & { flush(): void } {
  const waiting = Buffer.allocUnsafe(BATCH_BYTES);
  let used = 0;
  let timer: NodeJS.Timeout | undefined;
  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    if (used > 0) out.write(waiting.toString('utf8', 0, used));
    used = 0;
  };
  return {
    write(line) {
      const bytesMax = line.length * UTF8_BYTES_A_CHARACTER_MAX;
      if (used + bytesMax > BATCH_BYTES) send();
      if (bytesMax > BATCH_BYTES) {
        out.write(line);
        return;
      }
      used += waiting.write(line, used);
      timer ??= setTimeout(send, BATCH_MS);
    },
    flush() {
      send();
      out.flushSync();
    },
  };
}

/** The member of a line; many lines fall into one millisecond. */
function isoTimestamp(): () => string {
  let ofMs = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== ofMs) {
      ofMs = now;
      text = `,"time":"${new Date(now).toISOString()}"`;
    }
    return text;
  };
}
