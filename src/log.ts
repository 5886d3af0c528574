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

/**
 * JSON lines on standard output. Lines are written in batches (4 KiB, or every 100 ms), because a
 * write for each request is a tenth of its cost; `flush` before the process ends.
 */
export function createJsonLogger(
  level: LogLevel,
  stream: DestinationStream & { flushSync?(): void } = destination({
    sync: false,
    minLength: 4096,
    periodicFlush: 100,
  }),
): { log: Logger; flush(): void } {
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return { log, flush: () => stream.flushSync?.() };
}
