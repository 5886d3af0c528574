// One request: its ID token, its time, and what is made of its answer. Whoever asks gets an answer
// or a CallsError, and always in time.
import { backOffMs, type ClientClock, controllerUnder, type Pause } from './clock.ts';
import { CallsError, isOfTheToken, isPassing } from './error.ts';
import type { Fetch, FetchAnswer } from './surroundings.ts';

/** Firebase: `(forceRefresh) => auth.currentUser?.getIdToken(forceRefresh)`. */
export type GetIdToken = (
  forceRefresh: boolean,
) => Promise<string | null | undefined> | string | null | undefined;

export interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Behind the base URL. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** JSON. */
  readonly body?: string;
  readonly accept?: string;
  /** How long one try may take. */
  readonly withinMs?: number;
  /** The server does the same thing once, however often it is asked. */
  readonly mayRepeat?: boolean;
  readonly keepalive?: boolean;
  readonly freshToken?: boolean;
}

export interface Requests {
  /** The JSON of the answer; tried again where that makes sense. */
  send(ask: Ask, signal: AbortSignal): Promise<Record<string, unknown>>;
  /** The answer as soon as its head is there. The signal goes on to end its body. */
  open(ask: Ask, signal: AbortSignal): Promise<FetchAnswer>;
}

export interface RequestParts {
  readonly baseUrl: string;
  readonly getIdToken: GetIdToken;
  readonly fetch: Fetch;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly pause: Pause;
  /** Throws a TypeError where the client can ask nobody. */
  readonly checkUse: () => void;
}

const TRY_MS = 10_000;
/** About half of a ring: later an answer is none that anybody waits for. */
const ALL_TRIES_MS = 20_000;
const RETRY_AFTER_AT_MOST_SECONDS = 10;

export function createRequests(parts: RequestParts): Requests {
  const { clock, random, pause, checkUse } = parts;

  async function send(ask: Ask, signal: AbortSignal): Promise<Record<string, unknown>> {
    checkUse();
    const endsAt = clock.monotonic() + ALL_TRIES_MS;
    for (let failures = 0; ; failures++) {
      try {
        return await inTime(parts, ask, signal, async (inner) =>
          jsonOf(await answerTo(parts, ask, inner)),
        );
      } catch (thrown) {
        const error = asCallsError(thrown, signal);
        const { retryAfterSeconds = 0 } = error;
        const waitMs = Math.max(retryAfterSeconds * 1000, backOffMs(failures, random));
        const isOver =
          retryAfterSeconds > RETRY_AFTER_AT_MOST_SECONDS || clock.monotonic() + waitMs >= endsAt;
        if (ask.mayRepeat !== true || !isPassing(error) || isOver) throw error;
        await pause.for(waitMs, signal);
        if (signal.aborted) throw closed();
      }
    }
  }

  return {
    send,
    async open(ask, signal) {
      try {
        // Only the head has a time: the signal below goes on to end the body.
        return await inTime(parts, ask, signal, () => answerTo(parts, ask, signal));
      } catch (error) {
        throw asCallsError(error, signal);
      }
    },
  };
}

export const closed = (): CallsError => new CallsError('closed', 'the client was closed');

/** What `fetch` throws says only that nothing came. */
export function asCallsError(error: unknown, signal: AbortSignal): CallsError {
  if (signal.aborted) return closed();
  if (error instanceof CallsError) return error;
  return new CallsError('network', 'no answer: the network or the server is out of reach', {
    cause: error,
  });
}

/** Gives up in time, whether or not what it waits for heeds the signal. */
async function inTime<T>(
  { clock }: RequestParts,
  { withinMs = TRY_MS }: Ask,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw closed();
  const { controller, release } = controllerUnder(signal);
  let cancel = () => {};
  const ended = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(closed()));
    cancel = clock.after(withinMs, () => {
      reject(new CallsError('timeout', `no answer within ${withinMs} ms`));
      controller.abort();
    });
  });
  ended.catch(() => {});
  try {
    return await Promise.race([work(controller.signal), ended]);
  } finally {
    cancel();
    release();
  }
}

async function answerTo(parts: RequestParts, ask: Ask, signal: AbortSignal): Promise<FetchAnswer> {
  const tryWith = async (isFresh: boolean) => {
    const token = await idToken(parts.getIdToken, isFresh);
    if (signal.aborted) throw closed();
    const { url, init } = requestOf(parts.baseUrl, ask, token);
    const answer = await parts.fetch(url, { ...init, signal });
    return answer.ok ? answer : problemOf(answer);
  };
  const first = await tryWith(ask.freshToken === true);
  if (!(first instanceof CallsError)) return first;
  if (!isOfTheToken(first)) throw first;
  const second = await tryWith(true);
  if (second instanceof CallsError) throw second;
  return second;
}

async function idToken(getIdToken: GetIdToken, isFresh: boolean): Promise<string> {
  let token: string | null | undefined;
  try {
    token = await getIdToken(isFresh);
  } catch (cause) {
    throw new CallsError('sign_in', 'getIdToken has failed', { cause });
  }
  if (token) return token;
  throw new CallsError('sign_in', 'getIdToken gave no token: nobody is signed in');
}

function requestOf(baseUrl: string, ask: Ask, token: string) {
  const { method, path, query = {}, body, accept = 'application/json', keepalive } = ask;
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  const headers: Record<string, string> = { accept, authorization: `Bearer ${token}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  return {
    url: baseUrl + path + (pairs.length === 0 ? '' : `?${pairs.join('&')}`),
    init: {
      method,
      headers,
      ...(body !== undefined && { body }),
      ...(keepalive === true && { keepalive }),
    },
  };
}

async function problemOf(answer: FetchAnswer): Promise<CallsError> {
  const { status, headers } = answer;
  const problem = parsed(await answer.text());
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  const retryAfterSeconds = seconds >= 0 ? seconds : undefined;
  const text = (name: string) => {
    const value = problem?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const code = text('code');
  return code === undefined
    ? new CallsError('answer_invalid', `HTTP ${status} that is none of Switchboard`, {
        status,
        retryAfterSeconds,
      })
    : new CallsError(code, text('error') ?? `HTTP ${status}`, {
        status,
        callId: text('callId'),
        requestId: text('requestId'),
        retryAfterSeconds,
      });
}

export async function jsonOf(answer: FetchAnswer): Promise<Record<string, unknown>> {
  const json = parsed(await answer.text());
  if (json !== undefined) return json;
  throw new CallsError('answer_invalid', 'the answer is no JSON object', { status: answer.status });
}

export function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
