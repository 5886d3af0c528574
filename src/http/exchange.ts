// A request and its answer as one: when both are over, and whether the client was there to the end.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface Exchange {
  /** The answer has gone out whole, or nobody is left to take it. */
  readonly isOver: boolean;
  /** Runs once, when it is over; at once where it is already. `aborted`: the answer did not go out whole. */
  onOver(run: (aborted: boolean) => void): void;
}

/** Answers that wait for their turn on a connection (pipelining). One listener stands for all of them. */
const queued = new WeakMap<Socket, Set<() => void>>();

export function openExchange(raw: IncomingMessage, response: ServerResponse): Exchange {
  const runs: ((aborted: boolean) => void)[] = [];
  let outcome: { readonly aborted: boolean } | undefined;
  const end = (aborted: boolean) => {
    if (outcome !== undefined) return;
    outcome = { aborted };
    for (const run of runs) run(aborted);
  };
  // `finish` as well: the answers of some hosts without a server (Lambda adapters) never close.
  response.once('finish', () => end(false));
  response.once('close', () => end(!response.writableFinished));
  // A host may have kept the request until nobody was left.
  if (response.destroyed || raw.socket?.destroyed) end(true);
  else if (response.socket === null) endWithConnection(raw.socket, response, () => end(true));
  return {
    get isOver() {
      return outcome !== undefined;
    },
    onOver(run) {
      if (outcome === undefined) runs.push(run);
      else run(outcome.aborted);
    },
  };
}

/** Behind another answer a response has no socket yet, and up to Node 22 never hears of the connection's end. */
function endWithConnection(socket: Socket, response: ServerResponse, end: () => void): void {
  let ends = queued.get(socket);
  if (ends === undefined) {
    const all = new Set<() => void>();
    ends = all;
    queued.set(socket, all);
    socket.once('close', () => {
      for (const endOne of all) endOne();
    });
  }
  ends.add(end);
  response.once('close', () => ends.delete(end));
}
