// An open stream of somebody's feed, as an app reads it.
import { vi } from 'vitest';
import type { CallJson, CallStage } from '../call-stage.ts';

export interface FeedEvent {
  readonly event: string;
  readonly id?: string;
  readonly data: {
    readonly cursor?: string;
    readonly cause?: string;
    readonly serverTime?: string;
    readonly call?: CallJson;
    readonly calls?: readonly CallJson[];
  };
}

export interface Listener {
  readonly response: Response;
  readonly events: readonly FeedEvent[];
  /** How many comments have come. */
  comments(): number;
  /** Resolves with the first event of that kind that `fits`, come or still to come. */
  heard(event: string, fits?: (event: FeedEvent) => boolean): Promise<FeedEvent>;
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>;
  close(): void;
}

export async function listenTo(
  stage: Pick<CallStage, 'baseUrl' | 'idToken'>,
  uid: string,
  more: { after?: string; headers?: Record<string, string>; claims?: object } = {},
): Promise<Listener> {
  const controller = new AbortController();
  const query = more.after === undefined ? '' : `?after=${more.after}`;
  const response = await fetch(`${stage.baseUrl}/events${query}`, {
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${stage.idToken({ sub: uid, user_id: uid, ...more.claims })}`,
      ...more.headers,
    },
    signal: controller.signal,
  });
  const events: FeedEvent[] = [];
  let comments = 0;
  const take = (block: string) => {
    const lineOf = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    const event = lineOf('event');
    const id = lineOf('id');
    if (block.startsWith(':')) comments += 1;
    if (event === undefined) return;
    events.push({ event, data: JSON.parse(lineOf('data') ?? ''), ...(id !== undefined && { id }) });
  };
  const read = async () => {
    let rest = '';
    const decoder = new TextDecoder();
    try {
      for await (const piece of response.body ?? []) {
        const blocks = (rest + decoder.decode(piece, { stream: true })).split('\n\n');
        rest = blocks.pop() ?? '';
        blocks.forEach(take);
      }
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    }
  };
  return {
    response,
    events,
    comments: () => comments,
    heard: (event, fits = () => true) =>
      vi.waitFor(
        () => {
          const found = events.find((one) => one.event === event && fits(one));
          if (found === undefined) throw new Error(`no ${event} in ${JSON.stringify(events)}`);
          return found;
        },
        { timeout: 5_000 },
      ),
    ended: response.ok ? read() : Promise.resolve(),
    close: () => controller.abort(),
  };
}
