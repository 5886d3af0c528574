// Many small clients in one process, each request accounted for.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What became of requests: by status, or by the error's code. */
export type Outcomes = Record<string, number>;

export interface Asked {
  readonly outcome: string;
  readonly ms: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** One request for a token, on a kept connection. */
export function ask(url: string, by: { uid: string; token: string }): Promise<Asked> {
  const body = JSON.stringify({ roomName: 'room-1', participantIdentity: by.uid });
  const startedAt = performance.now();
  const { promise, resolve } = Promise.withResolvers<Asked>();
  const settle = (outcome: string) => resolve({ outcome, ms: performance.now() - startedAt });
  const sent = request(`${url}/api/calls/livekit-token`, {
    agent,
    method: 'POST',
    headers: {
      authorization: `Bearer ${by.token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    },
  });
  sent.on('response', (response) => {
    response.resume();
    response.on('end', () => settle(String(response.statusCode)));
    response.on('error', () => settle('answer broke off'));
  });
  // A kept connection that the server closes while a request is on its way is a reset too.
  sent.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? 'error'));
  sent.end(body);
  return promise;
}

/** `clients` ask one after the other until `until` says so. */
export async function askSteadily(
  url: string,
  options: {
    by: { uid: string; token: string };
    clients: number;
    pauseMs: number;
    isOver: () => boolean;
    onAsked: (asked: Asked) => void;
  },
): Promise<void> {
  const { by, clients, pauseMs, isOver, onAsked } = options;
  const client = async () => {
    while (!isOver()) {
      onAsked(await ask(url, by));
      await sleep(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
}

export const percentile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ??
  Number.NaN;
