// A request and its answer as one: when both are over, and whether the client was there to the end.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type OnOver = (aborted: boolean) => void;

/** A class, because a getter in an object literal is a hidden class of its own for each request. */
export class Exchange {
  #isOver = false;
  #aborted = false;
  readonly #runs: OnOver[] = [];

  constructor(raw: IncomingMessage, response: ServerResponse) {
    // `finish` as well: the answers of some hosts without a server (Lambda adapters) never close.
    response.once('finish', () => this.#end(false));
    response.once('close', () => this.#end(!response.writableFinished));
    // A host may have kept the request until nobody was left.
    if (response.destroyed || raw.socket?.destroyed) this.#end(true);
    else if (response.socket === null) {
      endWithConnection(raw.socket, response, () => this.#end(true));
    }
  }

  /** The answer has gone out whole, or nobody is left to take it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Runs once, when it is over; at once where it is already. `aborted`: the answer did not go out whole. */
  onOver(run: OnOver): void {
    if (this.#isOver) run(this.#aborted);
    else this.#runs.push(run);
  }

  #end(aborted: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#aborted = aborted;
    for (const run of this.#runs) run(aborted);
  }
}

/** Answers that wait for their turn on a connection (pipelining). One listener stands for all of them. */
const queued = new WeakMap<Socket, Set<() => void>>();

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
