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

const BATCH_CHARACTERS = 64 * 1024;
const BATCH_MS = 100;

type Stream = DestinationStream & { flushSync?(): void };

/**
 * JSON lines on standard output. Lines are written in batches (64 K characters, or every 100 ms),
 * because a write for each request is a tenth of its cost; `flush` before the process ends.
 */
export function createJsonLogger(
  level: LogLevel,
  stream: Stream = batched(destination({ sync: false })),
): { log: Logger; flush(): void } {
  const log = pino({ level, base: null, timestamp: isoTimestamp() }, stream);
  return { log, flush: () => stream.flushSync?.() };
}

/** sonic-boom's own `minLength` measures all the text that waits once more with every line. */
function batched(out: ReturnType<typeof destination>): Stream {
  let batch = '';
  let timer: NodeJS.Timeout | undefined;
  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    out.write(batch);
    batch = '';
  };
  return {
    write(line) {
      batch += line;
      if (batch.length >= BATCH_CHARACTERS) send();
      else timer ??= setTimeout(send, BATCH_MS);
    },
    flushSync() {
      if (batch !== '') send();
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
