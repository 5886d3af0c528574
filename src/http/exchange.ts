// A request and its answer as one: when both are over, and whether the client was there to the end.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type OnOver = (aborted: boolean) => void;

/** A class, because a getter in an object literal is a hidden class of its own for each request. */
export class Exchange {
  #isOver = false;
  #aborted = false;
  readonly #runs: OnOver[] = [];
  readonly #held: Set<AbortController>;
  readonly #response: ServerResponse;
  #controller: AbortController | undefined;
  /** The call that it came to, for the log: where its id is not in the path. */
  callId: string | undefined;

  /** `held`: where those are kept that have a signal, for a stop to abort. */
  constructor(raw: IncomingMessage, response: ServerResponse, held: Set<AbortController>) {
    this.#held = held;
    this.#response = response;
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

  /** For what takes long: aborts when the client is gone, or the server stops. Made when first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.#held.add(controller);
      this.onOver(() => {
        this.#held.delete(controller);
        controller.abort();
      });
    }
    return this.#controller.signal;
  }

  /**
   * For an answer that comes late on purpose: until then nobody is taken for dead because nothing is
   * said. Node ends a connection after the server's `timeout` unless somebody hears of it.
   */
  async whileSilent<Result>(wait: () => Promise<Result>): Promise<Result> {
    this.#response.on('timeout', stay);
    try {
      return await wait();
    } finally {
      this.#response.off('timeout', stay);
    }
  }

  #end(aborted: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#aborted = aborted;
    for (const run of this.#runs) run(aborted);
  }
}

const stay = (): void => {};

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
