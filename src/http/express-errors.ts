// A parser in front of us refuses a body before we see the request. Its faults on our paths are
// told as ours, in our order: the request still passes every step that comes before the body.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SwitchboardError } from '../base/errors.ts';
import type { Arrival } from './arrival.ts';
import { contentTypeUnsupported } from './body.ts';
import { bodyTooLarge } from './body-kinds.ts';
import type { Mount } from './mount.ts';

/** An Express error-handling middleware (four arguments). */
export type ErrorHandler = (
  error: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** `placeOf` tells what of ours a request is for. */
export function createErrorHandler(mount: Mount, placeOf: Mount['placeOf']): ErrorHandler {
  return (error, req, res, next) => {
    const place = placeOf(req);
    const bodyFault = bodyFaultOf(error);
    if (place === undefined || bodyFault === undefined || res.headersSent) return next(error);
    mount.dispatch(req, res, place, { bodyFault });
  };
}

/** The `type` of body-parser's and raw-body's errors (their README, "Errors"). */
function bodyFaultOf(error: unknown): Arrival['bodyFault'] {
  switch ((error as { type?: unknown } | null)?.type) {
    case 'entity.too.large':
      return ({ maxBytes }) => bodyTooLarge(maxBytes);
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return ({ typeName }) =>
        contentTypeUnsupported(`Send the body as uncompressed ${typeName} in UTF-8.`);
    case 'entity.parse.failed':
      return () => new SwitchboardError('request_invalid', 'The body is not valid JSON.');
    case 'entity.verify.failed':
    case 'request.size.invalid':
    case 'request.aborted':
      return () => new SwitchboardError('request_invalid', 'The body could not be read.');
    default:
      return undefined;
  }
}
