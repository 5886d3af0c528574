// What a route may answer.

/** Text is 200. `null` is 204, nothing to say. */
export type Answer = string | null | TextAnswer | StreamAnswer;

export interface TextAnswer {
  readonly status: number;
  readonly text: string;
}

export interface StreamAnswer {
  /** Each piece goes out at once; see {@link Pieces}. */
  readonly stream: Pieces;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What a stream says. The signal aborts when the client is gone or the server stops; what is
 * yielded after that is a last word, and has a second. A connection that is silent for 15 s is taken
 * for dead: say something more often than that. A reader who is 256 KiB behind, and stays so for
 * 5 s, is cut off.
 */
export type Pieces = (signal: AbortSignal) => AsyncIterable<string>;
