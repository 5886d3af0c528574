import { pino, stdSerializers, stdTimeFunctions } from 'pino';
import { createLogBatch, type LogBatch } from './log-batch.ts';
import { createStandardOutput } from './standard-output.ts';

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
 * JSON lines on standard output. They wait for each other (64 KiB, or 100 ms), because a write for
 * each request is a tenth of its cost. A warning or an error is written at once, with all that waits
 * before it: what comes next may be the end of the process.
 */
export function createJsonLogger(level: LogLevel, batch: LogBatch = batchOfProcess()): Logger {
  const json = pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime, serializers: { err: readableError } },
    batch,
  );
  return {
    debug: json.debug.bind(json),
    info: json.info.bind(json),
    warn(fields, message) {
      json.warn(fields, message);
      batch.flush();
    },
    error(fields, message) {
      json.error(fields, message);
      batch.flush();
    },
  };
}

/** A host's logger that fails must not end the host: many a line is written where nobody would catch. */
export function guardedLogger(logger: Logger): Logger {
  const guarded = (level: keyof Logger) => (fields: object, message: string) => {
    try {
      logger[level](fields, message);
    } catch {
      // There is no other place to tell it.
    }
  };
  return {
    debug: guarded('debug'),
    info: guarded('info'),
    warn: guarded('warn'),
    error: guarded('error'),
  };
}

let ofProcess: LogBatch | undefined;

/** One for all loggers of the thread, and so one listener: a host may make any number of them. */
function batchOfProcess(): LogBatch {
  if (ofProcess === undefined) {
    ofProcess = createLogBatch({ out: createStandardOutput() });
    process.on('exit', ofProcess.end);
  }
  return ofProcess;
}

/** What a host throws may be an error that throws when it is looked at. */
function readableError(error: Error): unknown {
  try {
    // Joins the messages of all causes, and a wrapper may say the same again.
    const { message, cause } = error;
    const isSame = cause instanceof Error && cause.message === message;
    return stdSerializers.err(isSame ? cause : error);
  } catch {
    return 'an error that cannot be read';
  }
}
