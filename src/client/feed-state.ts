// Where the feed stands, and what it is made of.
import type { ClientClock, Pause } from './clock.ts';
import type { CallsError } from './error.ts';
import type { News } from './read.ts';
import type { Requests } from './request.ts';

/** How the feed is. `waiting`: it has failed, and is tried again in `retryInMs`. */
export type Connection =
  | { readonly state: 'stopped' | 'connecting' | 'connected' }
  | { readonly state: 'waiting'; readonly error: CallsError; readonly retryInMs: number };

export interface FeedParts {
  readonly requests: Requests;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly pause: Pause;
  readonly canStream: boolean;
  /** `isOtherFeed`: versions of before say nothing any more. */
  take(news: News, isOtherFeed: boolean): void;
  tell(connection: Connection): void;
}

/** Where it stands. */
export interface FeedState {
  cursor: string | undefined;
  failures: number;
  isConnected: boolean;
  /** The ID token of before is over. */
  wantsFreshToken: boolean;
  /** How often in a row a stream was silent: something on the way keeps it back. */
  silences: number;
  /** Until then it is polled, by the monotonic clock. */
  pollsUntil: number;
  /** There are as many streams as may be. */
  isCrowded: boolean;
  attempt: AbortController | undefined;
  askedAt: number;
  /** By the time of the day: the device may have slept since. */
  heardAt: number;
}

export function connected(parts: FeedParts, state: FeedState): void {
  state.heardAt = parts.clock.now();
  state.wantsFreshToken = false;
  state.isCrowded = false;
  if (state.isConnected) return;
  state.isConnected = true;
  parts.tell({ state: 'connected' });
}

export function takeNews(parts: FeedParts, state: FeedState, news: News): void {
  const isOtherFeed = 'calls' in news && state.cursor !== undefined;
  state.cursor = news.cursor;
  parts.take(news, isOtherFeed);
}
