// What becomes of a body on its way here, as far as the owner of the server can tell.
import type { IncomingMessage } from 'node:http';
import type { SwitchboardError } from '../base/errors.ts';

interface BodyOnItsWay {
  /** The client waits for `100 Continue` before it sends. */
  writeContinue?: (() => void) | undefined;
  /** What came in its place is no HTTP, or nothing came in time. */
  fault?: SwitchboardError;
  onFault?: (fault: SwitchboardError) => void;
}

const BODY = Symbol('switchboard.body');

type Marked = IncomingMessage & { [BODY]?: BodyOnItsWay };

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
