// GET /events: a person's feed, as a stream of server-sent events or by long polls.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.ts';
import type { User } from '../base/user.ts';
import { StoreUnavailable } from '../calls/store.ts';
import { withStore } from '../calls/with-store.ts';
import { type Bell, createBell } from '../events/bell.ts';
import { type FeedReader, type Feeds, isEmpty, isSnapshot, type News } from '../events/feed.ts';
import type { FeedPresence } from '../events/feed-presence.ts';
import type { FeedSeats } from '../events/feed-seats.ts';
import type { Answer, Pieces } from '../http/answers.ts';
import { arrivalOf } from '../http/arrival.ts';
import type { Exchange } from '../http/exchange.ts';
import { optionalText, wholeNumber } from '../http/fields.ts';
import { type Admit, type Route, route } from '../http/routes.ts';
import { userOf } from './calls/ground.ts';
import { FEED, REFUSALS, SIGNED_IN } from './calls/schemas.ts';

/** The engine takes a connection for dead that is silent for 15 s; proxies wait longer. */
const COMMENT_EVERY_MS = 10_000;
const CURSOR_MAX_BYTES = 128;
const WAIT_SECONDS_MAX = 25;
/** How long a browser's own EventSource would wait before it comes again. */
const RETRY_MS = 2_000;
/** Each failed look is told as a comment, and comes before the next comment. */
const LOOK_AGAIN_MS = { first: 500, last: 8_000 };

const EVENT_STREAM = 'text/event-stream';
/** A line that begins with a colon means nothing. */
const COMMENT = ':\n\n';

const STREAM_HEADERS = {
  'content-type': `${EVENT_STREAM}; charset=utf-8`,
  // What compresses or transforms holds pieces back until there are enough of them.
  'cache-control': 'no-store, no-transform',
  // nginx: https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
  'x-accel-buffering': 'no',
};

export interface FeedGround {
  readonly path: string;
  readonly admit: Admit;
  readonly feeds: Feeds;
  readonly seats: FeedSeats;
  readonly presence: Pick<FeedPresence, 'open'>;
  readonly clock: Clock;
}

export function feedRoute(ground: FeedGround): Route {
  const { path, admit, feeds, seats, presence, clock } = ground;
  return route({
    method: 'GET',
    path: `${path}/events`,
    admit,
    query: {
      after: optionalText(CURSOR_MAX_BYTES, 'The cursor that was told last.'),
      waitSeconds: wholeNumber({
        ...{ min: 0, max: WAIT_SECONDS_MAX, default: 0 },
        description: 'How long a poll may wait for something new.',
      }),
    },
    headers: {
      'last-event-id': optionalText(CURSOR_MAX_BYTES, 'The same as `after`, and before it.'),
    },
    schema: {
      summary: 'The caller’s feed: every call that has changed, as it is now',
      description:
        'With `Accept: text/event-stream` server-sent events (`snapshot`, `call`, ' +
        '`token_expired`, `reconnect`), each with its cursor as id; else JSON, held open up to ' +
        '`waitSeconds`. Without a cursor, or with one that is none of this feed, first a snapshot ' +
        'of all live calls.',
      ...SIGNED_IN,
      response: { 200: FEED, ...REFUSALS },
    },
    answer(request, { query, headers }) {
      const user = userOf(request);
      const cursor = headers['last-event-id'] || query.after;
      const { exchange } = arrivalOf(request.raw);
      const open = () => {
        const reader = feeds.open(user.uid, cursor);
        exchange.onOver(reader.close);
        return reader;
      };
      const listens = () => exchange.onOver(presence.open(user.uid));
      if (wantsStream(request)) {
        exchange.onOver(seats.take(user.uid));
        return stream(open(), { user, clock, listens });
      }
      exchange.onOver(seats.count());
      return poll(open(), { waitMs: query.waitSeconds * 1000, exchange, clock, listens });
    },
  });
}

const wantsStream = ({ headers }: FastifyRequest): boolean =>
  (headers.accept ?? '').split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    // RFC 9110, section 12.4.2: what has the weight 0 is not wanted.
    return type === EVENT_STREAM && !parameters.some((one) => /^q=0(\.0*)?$/.test(one));
  });

function poll(
  reader: FeedReader,
  by: { waitMs: number; exchange: Exchange; clock: Clock; listens: () => void },
): Promise<Answer> {
  const { waitMs, exchange, clock, listens } = by;
  const until = clock.monotonic() + waitMs;
  // A look that is slow comes on top of the wait.
  return exchange.whileSilent(async () => {
    let news = await withStore(reader.look);
    listens();
    for (;;) {
      const leftMs = until - clock.monotonic();
      if (!isEmpty(news) || leftMs <= 0 || exchange.signal.aborted) return JSON.stringify(news);
      await reader.wait(leftMs, exchange.signal);
      news = await withStore(reader.look);
    }
  });
}

/**
 * The first look comes before the head: a database that is away is an answer with a status. Only
 * after it the store knows of this person.
 */
async function stream(
  reader: FeedReader,
  by: { user: User; clock: Clock; listens: () => void },
): Promise<Answer> {
  const first = await withStore(reader.look);
  by.listens();
  return { stream: piecesOf(reader, first, by), headers: STREAM_HEADERS };
}

function piecesOf(
  reader: FeedReader,
  first: News,
  { user, clock }: { user: User; clock: Clock },
): Pieces {
  return async function* (signal) {
    // A host's own users may have no token that ends, or NaN for its end.
    const { exp } = user.claims;
    const endsAt = Number.isFinite(exp) ? (exp as number) * 1000 : Number.POSITIVE_INFINITY;
    let look: Look | undefined;
    let againMs: number | undefined;
    yield `retry: ${RETRY_MS}\n\n`;
    yield* eventsOf(first);
    let saidAt = clock.monotonic();
    for (;;) {
      // What has come meanwhile comes with the next stream.
      if (signal.aborted) return yield eventOf('reconnect', {});
      const leftMs = endsAt - clock.now();
      if (leftMs <= 0) return yield eventOf('token_expired', {});
      const quietMs = saidAt + COMMENT_EVERY_MS - clock.monotonic();
      const untilMs = Math.min(quietMs, leftMs);
      if (quietMs <= 0) {
        yield COMMENT;
        saidAt = clock.monotonic();
      } else if (look === undefined) {
        const hasRung = await reader.wait(Math.min(againMs ?? untilMs, untilMs), signal);
        if (hasRung) againMs = undefined;
        // Nobody is asked for a comment.
        if (hasRung || againMs !== undefined) look = beginLook(reader, clock);
      } else if (await look.isOver(untilMs, signal)) {
        const news = look.news();
        look = undefined;
        if (news === undefined) {
          againMs =
            againMs === undefined ? LOOK_AGAIN_MS.first : Math.min(againMs * 2, LOOK_AGAIN_MS.last);
          yield COMMENT;
        } else {
          againMs = undefined;
          yield* eventsOf(news);
          if (isEmpty(news)) continue;
        }
        saidAt = clock.monotonic();
      }
    }
  };
}

/** A slow database is no reason for silence, nor for a stream without an end. */
interface Look {
  /** Waits at most `ms`. */
  readonly isOver: Bell['wait'];
  /**
   * Undefined: the database may be away for a while; the stream stays, and misses nothing.
   *
   * @throws whatever else came of it.
   */
  news(): News | undefined;
}

function beginLook(reader: FeedReader, clock: Clock): Look {
  const { ring, wait } = createBell(clock);
  let outcome: News | undefined;
  let fault: unknown;
  reader
    .look()
    .then(
      (news) => {
        outcome = news;
      },
      (error) => {
        fault = error;
      },
    )
    .finally(ring);
  return {
    isOver: wait,
    news() {
      if (fault !== undefined && !(fault instanceof StoreUnavailable)) throw fault;
      return outcome;
    },
  };
}

function* eventsOf(news: News): Iterable<string> {
  if (isSnapshot(news)) {
    yield eventOf('snapshot', news, news.cursor);
    return;
  }
  for (const change of news.changes) {
    yield eventOf('call', { ...change, serverTime: news.serverTime }, change.cursor);
  }
}

/** JSON has no line break outside of its texts, where it is escaped. */
function eventOf(name: string, data: object, id?: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `event: ${name}\n${idLine}data: ${JSON.stringify(data)}\n\n`;
}
