// What a mount knows of a request beyond what Node says of it, kept on the raw request while it
// passes through Fastify.
import type { IncomingMessage } from 'node:http';
import type { SwitchboardError } from '../errors.ts';

export interface Arrival {
  /** The path of ours that the request is for; the host may have stripped its own prefix off `url`. */
  readonly path: string;
  /** The request as the host's framework has it; what the host's own functions are given. */
  readonly hostRequest: unknown;
  /** The client's address as the host sees it, where it has a view of its own. */
  readonly ip: string | undefined;
  /** What the host's body parser found wrong, told when the body's turn comes. */
  readonly bodyFault?: SwitchboardError | undefined;
}

const ARRIVAL = Symbol('switchboard.arrival');
const CONTINUE = Symbol('switchboard.continue');

type Marked = IncomingMessage & { [ARRIVAL]?: Arrival; [CONTINUE]?: (() => void) | undefined };

export function setArrival(raw: IncomingMessage, arrival: Arrival): void {
  (raw as Marked)[ARRIVAL] = arrival;
}

export function arrivalOf(raw: IncomingMessage): Arrival | undefined {
  return (raw as Marked)[ARRIVAL];
}

/** The client waits for `100 Continue` (RFC 9110, section 10.1.1) before it sends the body. */
export function expectsContinue(raw: IncomingMessage, writeContinue: () => void): void {
  (raw as Marked)[CONTINUE] = writeContinue;
}

/** Lets a waiting client send its body, once. */
export function letBodyCome(raw: IncomingMessage): void {
  const writeContinue = (raw as Marked)[CONTINUE];
  if (writeContinue === undefined) return;
  (raw as Marked)[CONTINUE] = undefined;
  writeContinue();
}

export const isBodyHeldBack = (raw: IncomingMessage): boolean =>
  (raw as Marked)[CONTINUE] !== undefined;
