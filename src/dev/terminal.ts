// What happens, in lines for a person: one for each request, warnings and faults in words.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { showsTicket } from '../admission/ticket-gate.ts';
import type { Clock } from '../base/clock.ts';
import { LOG_LEVELS, type Logger, type LogLevel } from '../base/log.ts';

const PATH_MAX = 120;
const INDENT = ' '.repeat(10);

export interface Terminal {
  /** For the switchboard. What it says of a request goes into that request's line. */
  readonly log: Logger;
  /** Writes a line when the answer is over. Of the page's files and LiveKit's webhooks only what went wrong. */
  watch(request: IncomingMessage, response: ServerResponse): void;
  /** A line of what is no request, at info. */
  tell(text: string): void;
}

interface Told {
  readonly uid?: string;
  readonly code?: string;
  readonly err?: unknown;
  /** Undefined where it is only "answered" or "refused". */
  readonly sentence?: string | undefined;
}

/** A request whose answer is over: the switchboard tells of it in that very moment. */
interface Over {
  told: Told;
}

/** `header`: where tokens and tickets come, in small letters. */
export function createTerminal(parts: {
  say: (text: string) => void;
  clock: Clock;
  level: LogLevel;
  header?: string | undefined;
}): Terminal {
  const { say, clock, level, header = 'authorization' } = parts;
  let over: Over | undefined;
  const isWanted = (of: LogLevel) => LOG_LEVELS.indexOf(of) >= LOG_LEVELS.indexOf(level);
  const line = (text: string) => say(`${timeOf(clock)}  ${text}`);

  const plain = (word: 'debug' | 'warning' | 'error', fields: object, message: string) =>
    line([`${word}: ${message}`, ...detailOf((fields as Told).err)].join(`\n${INDENT}`));
  const isOfRequest = (fields: object, sentence?: string): boolean => {
    if (!('requestId' in fields && 'ms' in fields)) return false;
    if (over !== undefined) over.told = { ...fields, sentence };
    return true;
  };

  return {
    log: {
      debug(fields, message) {
        if (isOfRequest(fields, message) || !isWanted('debug')) return;
        plain('debug', fields, `${message}${scalarsOf(fields)}`);
      },
      info: (fields) => void isOfRequest(fields),
      warn(fields, message) {
        if (!isOfRequest(fields, message) && isWanted('warn')) plain('warning', fields, message);
      },
      error(fields, message) {
        if (!isOfRequest(fields, message) && isWanted('error')) plain('error', fields, message);
      },
    },
    tell(text) {
      if (isWanted('info')) line(printable(text));
    },
    watch(request, response) {
      const startedAt = clock.monotonic();
      const path = pathOf(request);
      const mine: Over = { told: {} };
      const endsNow = () => {
        over = mine;
        queueMicrotask(() => {
          if (over === mine) over = undefined;
        });
      };
      // First of all listeners, so that what the others say is known to be of this request.
      response.once('finish', endsNow);
      response.once('close', () => {
        endsNow();
        queueMicrotask(() => tell(mine.told));
      });
      const tell = ({ uid, code, err, sentence }: Told) => {
        const aborted = !response.writableFinished;
        if (!isWanted(levelOf(path, response.statusCode, aborted))) return;
        const status = aborted ? 'went away' : String(response.statusCode);
        const ms = `${Math.round(clock.monotonic() - startedAt)} ms`;
        const outcome = [status, code].filter(Boolean).join(' ');
        const ticket = showsTicket(request, header) ? 'by ticket' : undefined;
        const who = [uid && quoted(uid), ticket].filter(Boolean).join(' ');
        const head = [`${request.method} ${path}`, outcome, who, ms];
        const detail = [sentence, ...detailOf(err)].filter((text) => text !== undefined);
        line([head.filter(Boolean).join('  '), ...detail].join(`\n${INDENT}`));
      };
    },
  };
}

/**
 * No query: it may hold what is no log's business. Node takes nothing but printable ASCII here, so
 * there is nothing that a terminal would obey.
 */
function pathOf(request: IncomingMessage): string {
  const [path = ''] = (request.url ?? '').split('?', 1);
  return path.length > PATH_MAX ? `${path.slice(0, PATH_MAX)}…` : path;
}

function levelOf(path: string, status: number, aborted: boolean): LogLevel {
  const isOfItself =
    path === '/' || /^\/dev\/(?!id-token\/)/.test(path) || path.endsWith('/livekit-webhook');
  if (status >= 500 && !aborted) return 'error';
  return isOfItself && (status < 400 || aborted) ? 'debug' : 'info';
}

function detailOf(err: unknown): string[] {
  if (err === undefined) return [];
  const { message, cause } = err as Partial<Error>;
  const text = message ?? String(err);
  const why = (cause as Partial<Error> | undefined)?.message;
  return why === undefined || why === text ? [printable(text)] : [printable(text), printable(why)];
}

/** What a line says beside its sentence: ` (devices 2, handed 1)`. */
function scalarsOf(fields: object): string {
  const scalars = Object.entries(fields).flatMap(([name, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value) ? [`${name} ${value}`] : [],
  );
  return scalars.length === 0 ? '' : ` (${printable(scalars.join(', '))})`;
}

const printable = (text: string): string => text.replace(/\p{Cc}+/gu, ' ');
const quoted = (uid: string): string => (/^[\w@.:-]+$/.test(uid) ? uid : JSON.stringify(uid));
const timeOf = (clock: Clock): string => new Date(clock.now()).toTimeString().slice(0, 8);
