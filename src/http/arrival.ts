// What a mount knows of a request beyond what Node says of it, kept on the raw request while it
// passes through Fastify.
import type { IncomingMessage } from 'node:http';
import type { SwitchboardError } from '../base/errors.ts';
import type { Exchange } from './exchange.ts';

export interface Arrival {
  /** The path of ours that the request is for; the host may have stripped its own prefix off `url`. */
  readonly path: string;
  /** The request as the host's framework has it; what the host's own functions are given. */
  readonly hostRequest: unknown;
  /** The client's address as the host sees it, where it has a view of its own. */
  readonly ip: string | undefined;
  /** What the host's body parser found wrong, told when the body's turn comes. */
  readonly bodyFault?: SwitchboardError | undefined;
  readonly exchange: Exchange;
}

/** What became of the body on its way here, as far as the owner of the server has told. */
interface BodyOnItsWay {
  /** The client waits for `100 Continue` before it sends. */
  writeContinue?: (() => void) | undefined;
  /** What came in its place is no HTTP, or nothing came in time. */
  fault?: SwitchboardError;
  onFault?: (fault: SwitchboardError) => void;
}

const ARRIVAL = Symbol('switchboard.arrival');
const BODY = Symbol('switchboard.body');

type Marked = IncomingMessage & { [ARRIVAL]?: Arrival; [BODY]?: BodyOnItsWay };

export function setArrival(raw: IncomingMessage, arrival: Arrival): void {
  (raw as Marked)[ARRIVAL] = arrival;
}

/** Of a request that has come through a mount, which all do. */
export function arrivalOf(raw: IncomingMessage): Arrival {
  return (raw as Marked)[ARRIVAL] as Arrival;
}

const bodyOf = (raw: IncomingMessage): BodyOnItsWay => {
  const marked = raw as Marked;
  marked[BODY] ??= {};
  return marked[BODY];
};

/** The client waits for `100 Continue` (RFC 9110, section 10.1.1) before it sends the body. */
export function expectsContinue(raw: IncomingMessage, writeContinue: () => void): void {
  bodyOf(raw).writeContinue = writeContinue;
}

/** Lets a waiting client send its body, once. */
export function letBodyCome(raw: IncomingMessage): void {
  const body = (raw as Marked)[BODY];
  const writeContinue = body?.writeContinue;
  if (body === undefined || writeContinue === undefined) return;
  body.writeContinue = undefined;
  writeContinue();
}

export const isBodyHeldBack = (raw: IncomingMessage): boolean =>
  (raw as Marked)[BODY]?.writeContinue !== undefined;

/** Nothing more of this body will come: whoever reads it, or is about to, is told why. */
export function breakBody(raw: IncomingMessage, fault: SwitchboardError): void {
  const body = bodyOf(raw);
  body.fault = fault;
  body.onFault?.(fault);
}

/** Runs `told` when the body breaks off; at once where it has. */
export function onBrokenBody(raw: IncomingMessage, told: (fault: SwitchboardError) => void): void {
  const body = bodyOf(raw);
  if (body.fault === undefined) body.onFault = told;
  else told(body.fault);
}

export const isBodyBroken = (raw: IncomingMessage): boolean =>
  (raw as Marked)[BODY]?.fault !== undefined;
