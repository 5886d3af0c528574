// The person's feed: one stream, or one long poll after the other, for as long as somebody listens.
import { backOffMs, controllerUnder } from './clock.ts';
import type { CallsError } from './error.ts';
import { connected, type FeedParts, type FeedState, takeNews } from './feed-state.ts';
import { newsOf } from './read.ts';
import { asCallsError } from './request.ts';
import { readStream } from './stream.ts';
import type { Hint } from './surroundings.ts';

export interface Feed {
  start(): void;
  stop(): void;
  /** Whether all live calls were told since the start. */
  isKnown(): boolean;
  hint(hint: Hint): void;
}

const WAIT_SECONDS = 25;
const POLL_WITHIN_MS = (WAIT_SECONDS + 10) * 1000;
const POLLS_FOR_MS = 600_000;
/** Whoever says more may be a proxy that means something else. */
const RETRY_AFTER_AT_MOST_MS = 300_000;
const CROWDED_WAIT_MS = 10_000;
/** An answer without news that came sooner was not held open: something on the way can't. */
const HELD_FOR_MS = 1000;
/** The stream has a sign of life every 15 s. */
const QUIET_MS = 20_000;
const MOMENT_MS = 1000;

export function createFeed(parts: FeedParts): Feed {
  const state: FeedState = {
    cursor: undefined,
    failures: 0,
    isConnected: false,
    wantsFreshToken: false,
    silences: 0,
    pollsUntil: parts.canStream ? 0 : Number.POSITIVE_INFINITY,
    isCrowded: false,
    attempt: undefined,
    askedAt: 0,
    heardAt: 0,
  };
  let running: AbortController | undefined;

  return {
    start() {
      if (running !== undefined) return;
      running = new AbortController();
      void run(parts, state, running.signal);
    },
    stop() {
      if (running === undefined) return;
      running.abort();
      running = undefined;
      state.isConnected = false;
      // Whoever listens next is told everything.
      state.cursor = undefined;
      parts.tell({ state: 'stopped' });
    },
    isKnown: () => state.cursor !== undefined,
    hint(hint) {
      if (running === undefined) return;
      const isOnline = hint === 'online';
      if (isOnline && parts.canStream) state.pollsUntil = 0;
      const isJustAsked = parts.clock.monotonic() - state.askedAt < MOMENT_MS;
      const isQuiet = Math.abs(parts.clock.now() - state.heardAt) > QUIET_MS;
      if (!isJustAsked && (isOnline || isQuiet)) state.attempt?.abort();
    },
  };
}

async function run(parts: FeedParts, state: FeedState, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { controller, release } = controllerUnder(signal);
    state.attempt = controller;
    state.askedAt = parts.clock.monotonic();
    state.heardAt = parts.clock.now();
    if (!state.isConnected) parts.tell({ state: 'connecting' });
    let waitMs = 0;
    try {
      waitMs = await attempt(parts, state, controller.signal);
    } catch (error) {
      // A hint has ended it: the next one begins at once.
      if (!controller.signal.aborted) {
        waitMs = afterFailure(parts, state, asCallsError(error, signal));
      }
    }
    controller.abort();
    release();
    if (waitMs > 0) await parts.pause.for(waitMs, signal);
  }
}

/** Answers how long to wait before the next. */
async function attempt(parts: FeedParts, state: FeedState, signal: AbortSignal): Promise<number> {
  const polls = state.isCrowded || parts.clock.monotonic() < state.pollsUntil;
  return polls ? poll(parts, state, signal) : readStream(parts, state, signal);
}

async function poll(parts: FeedParts, state: FeedState, signal: AbortSignal): Promise<number> {
  const { clock } = parts;
  const askedAt = clock.monotonic();
  // Held open, the first would not say whether there is a server.
  const waitSeconds = state.isConnected && !state.isCrowded ? WAIT_SECONDS : 0;
  const answer = await parts.requests.send(
    {
      method: 'GET',
      path: '/events',
      query: { waitSeconds, after: state.cursor },
      withinMs: POLL_WITHIN_MS,
      freshToken: state.wantsFreshToken,
    },
    signal,
  );
  const news = newsOf(answer);
  const isCrowded = state.isCrowded;
  connected(parts, state);
  state.failures = 0;
  // The same once more, or everything once more, is none.
  const isNews = 'changes' in news && news.cursor !== state.cursor;
  takeNews(parts, state, news);
  if (isCrowded) return CROWDED_WAIT_MS;
  const wasHeld = waitSeconds === 0 || clock.monotonic() - askedAt >= HELD_FOR_MS;
  return isNews || wasHeld ? 0 : HELD_FOR_MS;
}

function afterFailure(parts: FeedParts, state: FeedState, error: CallsError): number {
  const { code, status, retryAfterSeconds = 0 } = error;
  if (code === 'streams_full' && !state.isCrowded) {
    state.isCrowded = true;
    return 0;
  }
  state.isConnected = false;
  state.isCrowded = false;
  // Who speaks like our server and can't be understood is asked for everything. A page has a status.
  if (code === 'answer_invalid' && status === undefined) state.cursor = undefined;
  if (code === 'timeout') {
    state.silences++;
    if (state.silences % 2 === 0)
      state.pollsUntil = Math.max(state.pollsUntil, parts.clock.monotonic() + POLLS_FOR_MS);
  }
  const saidMs = Math.min(retryAfterSeconds * 1000, RETRY_AFTER_AT_MOST_MS);
  const retryInMs = Math.max(saidMs, backOffMs(state.failures, parts.random));
  state.failures++;
  parts.tell({ state: 'waiting', error, retryInMs });
  return retryInMs;
}
