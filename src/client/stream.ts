// The feed as a stream: read by fetch, with an eye on its signs of life.
import type { ClientClock } from './clock.ts';
import { CallsError } from './error.ts';
import { createEventReader, type StreamEvent } from './event-stream.ts';
import { connected, type FeedParts, type FeedState, takeNews } from './feed-state.ts';
import { callsOf, changeOf, cursorOf, nonsense } from './read.ts';
import { closed, parsed } from './request.ts';

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }>;
  cancel(): Promise<unknown>;
}

/** The server says something at once; then a comment every 15 s. */
const FIRST_WITHIN_MS = 10_000;
const NEXT_WITHIN_MS = 40_000;
/** One that ends sooner was no good one: the next has to wait its time. */
const GOOD_AFTER_MS = 10_000;
/** Clients of a server that stops don't come back at one moment. */
const SPREAD_MS = 2000;

/** Until it ends; answers how long to wait before the next. */
export async function readStream(
  parts: FeedParts,
  state: FeedState,
  signal: AbortSignal,
): Promise<number> {
  const { clock, random, requests } = parts;
  const goodFrom = clock.monotonic() + GOOD_AFTER_MS;
  const answer = await requests.open(
    {
      method: 'GET',
      path: '/events',
      query: { after: state.cursor },
      accept: 'text/event-stream',
      freshToken: state.wantsFreshToken,
    },
    signal,
  );
  const type = answer.headers.get('content-type') ?? '';
  const body = answer.body as { getReader?(): Reader } | null | undefined;
  const isStream = type.startsWith('text/event-stream');
  if (!isStream && !type.startsWith('application/json')) {
    throw nonsense('feed', answer.status);
  }
  if (!isStream || body?.getReader === undefined) {
    // A host that holds no streams, or a fetch that has none.
    state.pollsUntil = Number.POSITIVE_INFINITY;
    return 0;
  }
  const end = await read(parts, state, { reader: body.getReader(), signal, goodFrom });
  if (end === 'reconnect') return SPREAD_MS * random();
  if (clock.monotonic() < goodFrom)
    throw new CallsError('network', 'the stream has ended as soon as it began');
  return end === 'token_expired' ? 0 : (SPREAD_MS / 2) * random();
}

type End = 'token_expired' | 'reconnect' | 'cut';

async function read(
  parts: FeedParts,
  state: FeedState,
  by: { readonly reader: Reader; readonly signal: AbortSignal; readonly goodFrom: number },
): Promise<End> {
  const { reader, signal, goodFrom } = by;
  const { clock } = parts;
  const decoder = new TextDecoder();
  const events = createEventReader();
  let hasSpoken = false;
  try {
    for (;;) {
      const withinMs = hasSpoken ? NEXT_WITHIN_MS : FIRST_WITHIN_MS;
      const bytes = await next(reader, { clock, withinMs, signal });
      if (bytes === undefined) return 'cut';
      hasSpoken = true;
      state.silences = 0;
      connected(parts, state);
      for (const event of events(decoder.decode(bytes, { stream: true }))) {
        const end = take(parts, state, event);
        if (end === 'token_expired') state.wantsFreshToken = true;
        if (end !== undefined) return end;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
    // However it ends: most are cut on the way.
    if (hasSpoken && clock.monotonic() >= goodFrom) state.failures = 0;
  }
}

/** Undefined at the end. */
function next(
  reader: Reader,
  limit: { readonly clock: ClientClock; readonly withinMs: number; readonly signal: AbortSignal },
): Promise<Uint8Array | undefined> {
  const { clock, withinMs, signal } = limit;
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      cancel();
      signal.removeEventListener('abort', abort);
      end();
    };
    const abort = () => settle(() => reject(closed()));
    const cancel = clock.after(withinMs, () =>
      settle(() => reject(new CallsError('timeout', `the stream was silent for ${withinMs} ms`))),
    );
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    reader.read().then(
      ({ done, value }) => settle(() => resolve(done ? undefined : value)),
      (error) => settle(() => reject(error)),
    );
  });
}

function take(parts: FeedParts, state: FeedState, { event, data }: StreamEvent): End | undefined {
  if (event === 'token_expired' || event === 'reconnect') return event;
  // What a later server may say besides.
  if (event !== 'call' && event !== 'snapshot') return undefined;
  const said = parsed(data);
  if (said === undefined) throw nonsense('event');
  const cursor = cursorOf(said);
  takeNews(
    parts,
    state,
    event === 'call' ? { cursor, changes: [changeOf(said)] } : { cursor, calls: callsOf(said) },
  );
  return undefined;
}
