// GET /events: a person's feed, as a stream of server-sent events or by long polls.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.ts';
import type { User } from '../base/user.ts';
import { StoreUnavailable } from '../calls/store.ts';
import { withStore } from '../calls/with-store.ts';
import { type FeedReader, type Feeds, isEmpty, isSnapshot, type News } from '../events/feed.ts';
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
const LOOK_AGAIN_MS = { first: 500, last: 10_000 };

/** A line that begins with a colon means nothing. */
const COMMENT = ':\n\n';

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
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
  readonly clock: Clock;
}

export function feedRoute({ path, admit, feeds, seats, clock }: FeedGround): Route {
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
      if (wantsStream(request)) {
        exchange.onOver(seats.take(user.uid));
        return stream(open(), { user, exchange, clock });
      }
      exchange.onOver(seats.count());
      return poll(open(), { waitMs: query.waitSeconds * 1000, exchange, clock });
    },
  });
}

const wantsStream = ({ headers }: FastifyRequest): boolean =>
  /(?:^|[\s,])text\/event-stream\s*(?:[;,]|$)/i.test(headers.accept ?? '');

async function poll(
  reader: FeedReader,
  by: { waitMs: number; exchange: Exchange; clock: Clock },
): Promise<Answer> {
  const { waitMs, exchange, clock } = by;
  const until = clock.monotonic() + waitMs;
  for (;;) {
    const news = await withStore(reader.look);
    const leftMs = until - clock.monotonic();
    if (!isEmpty(news) || leftMs <= 0 || exchange.signal.aborted) return JSON.stringify(news);
    await exchange.whileSilent(() => reader.wait(leftMs, exchange.signal));
  }
}

/** The first look comes before the head: a database that is away is an answer with a status. */
async function stream(
  reader: FeedReader,
  by: { user: User; exchange: Exchange; clock: Clock },
): Promise<Answer> {
  const first = await withStore(reader.look);
  return { stream: piecesOf(reader, first, by), headers: STREAM_HEADERS };
}

function piecesOf(
  reader: FeedReader,
  first: News,
  { user, clock }: { user: User; clock: Clock },
): Pieces {
  return async function* (signal) {
    // A host's own users may have no token that ends.
    const { exp } = user.claims;
    const endsAt = typeof exp === 'number' ? exp * 1000 : Number.POSITIVE_INFINITY;
    let againMs: number | undefined;
    yield `retry: ${RETRY_MS}\n\n`;
    yield* eventsOf(first);
    for (;;) {
      if (signal.aborted) return yield eventOf('reconnect', {});
      const leftMs = endsAt - clock.now();
      if (leftMs <= 0) return yield eventOf('token_expired', {});
      const hasRung = await reader.wait(Math.min(againMs ?? COMMENT_EVERY_MS, leftMs), signal);
      // What has come meanwhile comes with the next stream.
      if (signal.aborted) continue;
      // Nobody is asked for a comment.
      const news = hasRung || againMs !== undefined ? await lookOrNothing(reader) : undefined;
      if (news !== undefined) {
        againMs = undefined;
        yield* eventsOf(news);
      } else {
        if (hasRung) againMs = LOOK_AGAIN_MS.first;
        else if (againMs !== undefined) againMs = Math.min(againMs * 2, LOOK_AGAIN_MS.last);
        yield COMMENT;
      }
    }
  };
}

/** The database may be away for a while; the stream stays, and misses nothing. */
async function lookOrNothing(reader: FeedReader): Promise<News | undefined> {
  try {
    return await reader.look();
  } catch (error) {
    if (error instanceof StoreUnavailable) return undefined;
    throw error;
  }
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
