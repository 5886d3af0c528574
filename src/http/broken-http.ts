// What never becomes a request is answered on the bare socket. Only the owner of the server sees it.
import type { Duplex } from 'node:stream';
import { SwitchboardError } from '../errors.ts';
import { problemBody, problemHeaders, statusOf } from './problems.ts';
import { nextRequestId } from './request-id.ts';

const REASON: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** The problem behind an error of Node's HTTP parser (`clientError`). */
export function brokenHttpProblem(code: string | undefined): SwitchboardError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new SwitchboardError('request_timeout', 'The request did not arrive in time.');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new SwitchboardError('headers_too_large', 'The request headers are too large.');
  }
  return requestMalformed();
}

export const requestMalformed = (): SwitchboardError =>
  new SwitchboardError('request_malformed', 'This is not valid HTTP.');

/** Writes the answer and ends the connection. */
export function answerOnSocket(socket: Duplex, problem: SwitchboardError): void {
  const requestId = nextRequestId();
  const body = problemBody(problem, requestId);
  const status = statusOf(problem);
  const headers = {
    ...problemHeaders(problem),
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-request-id': requestId,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${REASON[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
