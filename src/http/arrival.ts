// What a mount knows of a request beyond what Node says of it, kept on the raw request while it
// passes through Fastify.
import type { IncomingMessage } from 'node:http';
import type { SwitchboardError } from '../base/errors.ts';
import type { BodyKind } from './body-kinds.ts';
import type { Exchange } from './exchange.ts';
import type { Place } from './table.ts';

export interface Arrival {
  /** The path of ours that the request is for, whatever prefix the host has put us under; undefined: none. */
  readonly place: Place | undefined;
  /** Of the request's target, without its question mark. */
  readonly query: string;
  /** The request as the host's framework has it; what the host's own functions are given. */
  readonly hostRequest: unknown;
  /** The client's address as the host sees it, where it has a view of its own. */
  readonly ip: string | undefined;
  /** What the host's body parser found wrong, told when the body's turn comes. */
  readonly bodyFault?: ((kind: BodyKind<unknown>) => SwitchboardError) | undefined;
  readonly exchange: Exchange;
}

const ARRIVAL = Symbol('switchboard.arrival');

type Marked = IncomingMessage & { [ARRIVAL]?: Arrival };

export function setArrival(raw: IncomingMessage, arrival: Arrival): void {
  (raw as Marked)[ARRIVAL] = arrival;
}

/** Of a request that has come through a mount, which all do. */
export function arrivalOf(raw: IncomingMessage): Arrival {
  return (raw as Marked)[ARRIVAL] as Arrival;
}
