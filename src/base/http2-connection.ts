// Questions over HTTP/2: one kept connection to one host, made anew where it has ended, however many
// ask at once. Goes out by the process' own agent, and so by its proxy, as `ask` does.
import type { ClientHttp2Session, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import { type Clock, withDeadline } from './clock.ts';
import { type Http2Link, openHttp2Session } from './http2-session.ts';
import { orAborted } from './or-aborted.ts';

const OPEN_MS = 3_000;
/** So long after the last word a connection is asked whether it is there before anything is sent. */
const SURE_FOR_MS = 30_000;
const PING_MS = 1_000;
const ANSWER_MAX_BYTES = 64 * 1024;

export interface Http2Question {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Http2Connection {
  /**
   * Posts. A kept connection that ends just as it is used says nothing about the other side: what was
   * asked over it is asked once more, over a new one. Only for what may be asked twice.
   */
  ask(question: Http2Question): Promise<Http2Answer>;
  /** Connects where nothing is connected; rejects after 3 s at the latest. */
  open(): Promise<void>;
  /** Ends everything at once, and for good. */
  close(): void;
}

interface Link extends Http2Link {
  /** When the other side was heard last. */
  heardAt: number;
  wasUsed: boolean;
  underWay: number;
  pinging?: Promise<boolean> | undefined;
  /** Takes no more, and ends with the last that is under way. */
  isRetired?: true;
}

/** `http://…` is HTTP/2 without TLS, from the first byte on: for loopback. */
export function createHttp2Connection(options: { origin: string; clock: Clock }): Http2Connection {
  const { origin, clock } = options;
  /** With those that answer what they were asked and take no more. */
  const links = new Set<Link>();
  let newest: Link | undefined;
  let opening: Promise<Link> | undefined;
  let isClosed = false;

  async function open(): Promise<Link> {
    const made = await withDeadline(clock, OPEN_MS, (signal) => openHttp2Session(origin, signal));
    const link: Link = { ...made, heardAt: clock.monotonic(), wasUsed: false, underWay: 0 };
    const { session } = link;
    if (isClosed || session.destroyed) {
      link.end();
      throw cutOff();
    }
    links.add(link);
    newest = link;
    session.on('goaway', () => retire(link)).on('close', () => links.delete(link));
    // An idle connection is no reason for a process to stay.
    session.unref();
    return link;
  }

  async function openOnce(): Promise<Link> {
    if (isClosed) throw new Error('this connection is closed');
    opening ??= open().finally(() => {
      opening = undefined;
    });
    return await opening;
  }

  async function answersPing(link: Link): Promise<boolean> {
    try {
      await withDeadline(clock, PING_MS, () => ping(link.session));
      link.heardAt = clock.monotonic();
      return true;
    } catch {
      link.end();
      return false;
    } finally {
      link.pinging = undefined;
    }
  }

  /** Undefined: it must be asked first, or made. */
  function sure(): Link | undefined {
    if (newest === undefined || isOver(newest)) return undefined;
    return clock.monotonic() - newest.heardAt <= SURE_FOR_MS ? newest : undefined;
  }

  async function usable(): Promise<Link> {
    const link = newest;
    if (link === undefined || isOver(link)) return await openOnce();
    if (sure() !== undefined) return link;
    link.pinging ??= answersPing(link);
    return (await link.pinging) && !isOver(link) ? link : await openOnce();
  }

  return {
    async ask(question) {
      const { signal } = question;
      signal.throwIfAborted();
      const link = sure() ?? (await orAborted(usable(), signal));
      const isKept = link.wasUsed;
      try {
        return await post(link, question, clock);
      } catch (error) {
        if (signal.aborted) throw error;
        retire(link);
        if (!isKept) throw error;
        return await post(await orAborted(usable(), signal), question, clock);
      }
    },
    async open() {
      await usable();
    },
    close() {
      isClosed = true;
      for (const { end } of links) end();
    },
  };
}

const isOver = ({ isRetired, session }: Link): boolean =>
  isRetired === true || session.closed || session.destroyed;

/** After GOAWAY, or where a question has come to nothing: others may still be answered over it. */
function retire(link: Link): void {
  link.isRetired = true;
  if (link.underWay === 0) link.end();
}

async function post(link: Link, question: Http2Question, clock: Clock): Promise<Http2Answer> {
  const { session } = link;
  const { signal } = question;
  const since = clock.monotonic();
  link.wasUsed = true;
  if (link.underWay === 0) session.ref();
  link.underWay += 1;
  try {
    return await answerTo(session, question, () => {
      link.heardAt = clock.monotonic();
    });
  } catch (error) {
    // It may hang for this one alone, or be dead: whoever is next asks it first.
    if (signal.aborted && link.heardAt <= since) link.heardAt = Number.NEGATIVE_INFINITY;
    throw error;
  } finally {
    link.underWay -= 1;
    if (link.underWay === 0 && isOver(link)) link.end();
    else if (link.underWay === 0) session.unref();
  }
}

async function ping(session: ClientHttp2Session): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  session.ping((error) => (error === null ? resolve() : reject(error)));
  await promise;
}

/** By its events: a stream's iterator and its `signal` cost as much as all else that an answer takes. */
async function answerTo(
  session: ClientHttp2Session,
  { path, headers, body, signal }: Http2Question,
  onHeard: () => void,
): Promise<Http2Answer> {
  const length = { 'content-length': Buffer.byteLength(body) };
  const stream = session.request({ ':method': 'POST', ':path': path, ...headers, ...length });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let came: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  let isWhole = false;
  const giveUp = (why: unknown) => {
    reject(why);
    stream.close(CANCEL);
    stream.destroy();
  };
  const abort = () => giveUp(signal.reason);
  signal.addEventListener('abort', abort);
  stream
    .on('response', (answered) => {
      came = answered;
      onHeard();
    })
    .on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes > ANSWER_MAX_BYTES) giveUp(tooLong());
    })
    .on('end', () => {
      // What is cut in the middle ends as well, without an error.
      isWhole = !stream.destroyed;
    })
    .on('error', reject)
    .on('close', resolve);
  stream.end(body);
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', abort);
  }
  const { ':status': status, ...others } = came;
  if (status === undefined || !isWhole) throw cutOff();
  return { status, headers: others, text: UTF8.decode(Buffer.concat(chunks)) };
}

/** RFC 9113, 7. */
const CANCEL = 8;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

const tooLong = (): Error => new Error(`the answer is longer than ${ANSWER_MAX_BYTES} bytes`);
const cutOff = (): Error =>
  Object.assign(new Error('the connection has ended'), { code: 'ECONNRESET' });
