// What never becomes a request is answered on the bare socket. Only the owner of the server sees it.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SwitchboardError } from '../errors.ts';
import { expectsContinue } from './arrival.ts';
import type { BareAnswer, RefuseBare } from './bare-answer.ts';

const REASON: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** Hands requests to `onRequest`, and answers by itself what is none. */
export function listenTo(
  server: Server,
  by: {
    onRequest: (request: IncomingMessage, response: ServerResponse) => void;
    refuseBare: RefuseBare;
  },
): void {
  const refuse = (socket: Duplex, problem: SwitchboardError) =>
    answerOnSocket(socket, by.refuseBare(problem));
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    // RFC 9112, section 3.2. Node's own answer to it would have no body.
    const isWithoutHost = request.headers.host === undefined && request.httpVersion === '1.1';
    if (isWithoutHost) refuse(request.socket, requestMalformed());
    else by.onRequest(request, response);
  };
  server.on('request', onRequest);
  // Refused without `100 Continue`: the client never sends what nobody would read.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    expectsContinue(request, () => response.writeContinue());
    onRequest(request, response);
  });
  server.on('checkExpectation', onRequest);
  server.on('connect', (_request, socket) => refuse(socket, requestMalformed()));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const answering = (socket as Socket & { _httpMessage?: ServerResponse })._httpMessage;
    const isGone = error.code === 'ECONNRESET' || !socket.writable;
    if (isGone || answering?.headersSent) socket.destroy();
    else refuse(socket, brokenHttpProblem(error));
  });
}

/** The problem behind an error of Node's HTTP parser (`clientError`). */
function brokenHttpProblem(error: NodeJS.ErrnoException): SwitchboardError {
  // Never the error itself: its `rawPacket` holds the bytes that came, and with them the token.
  const cause = { code: error.code, message: error.message };
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new SwitchboardError('request_timeout', 'The request did not arrive in time.', {
      cause,
    });
  }
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return new SwitchboardError('headers_too_large', 'The request headers are too large.', {
      cause,
    });
  }
  return requestMalformed(cause);
}

const requestMalformed = (cause?: unknown): SwitchboardError =>
  new SwitchboardError('request_malformed', 'This is not valid HTTP.', { cause });

/** Writes the answer and ends the connection. */
function answerOnSocket(socket: Duplex, { status, headers, body }: BareAnswer): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${REASON[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
