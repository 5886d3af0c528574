// What never becomes a request is answered on the bare socket. Only the owner of the server sees it.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import { answerBare, type BareAnswer, type RefuseBare } from './bare-answer.ts';
import { requestTimeout } from './body.ts';
import { breakBody, expectsContinue } from './body-on-its-way.ts';
import { originIn } from './cors.ts';

const REASON: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** Questions that may wait behind others on one connection: all that came are read, and their answers held. */
const PIPELINED_MAX = 50;
/** More than one packet holds, and so than come before anybody could have seen the 429. */
const FLOOD_MIN = 5_000;
/** How long a connection that has been answered may take to end from its other side. */
const LINGER_MS = 2_000;

interface Parts {
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly refuseBare: RefuseBare;
  readonly clock: Clock;
}

/** Hands requests to `onRequest`, and answers by itself what is none. */
export function listenTo(server: Server, { onRequest, refuseBare, clock }: Parts): void {
  const pipelined = countPipelined();
  const refuse = (problem: SwitchboardError, raw: IncomingMessage, response: ServerResponse) =>
    answerBare(refuseBare(problem, raw.headers.origin), raw, response, clock);
  const take = (request: IncomingMessage, response: ServerResponse) => {
    const place = pipelined(request.socket, response);
    // Its connection ends before its turn comes, and at once where there is no end to them: each is
    // kept until then, and letting go of so many holds the process.
    if (place > FLOOD_MIN) request.socket.destroy();
    if (place > PIPELINED_MAX) return;
    if (place === PIPELINED_MAX) {
      refuse(tooManyPipelined(), request, response);
      return;
    }
    // RFC 9112, section 3.2. Node's own answer to it would have no body.
    const isWithoutHost = request.headers.host === undefined && request.httpVersion === '1.1';
    if (isWithoutHost) refuse(requestMalformed(), request, response);
    else onRequest(request, response);
  };
  // Node takes its own listener off a connection that it hands over (CONNECT), and an error that
  // nobody hears ends the process: a reset is enough.
  server.on('connection', (socket) => socket.on('error', () => {}));
  server.on('request', take);
  // Refused without `100 Continue`: the client never sends what nobody would read.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    expectsContinue(request, () => response.writeContinue());
    take(request, response);
  });
  server.on('checkExpectation', take);
  server.on('connect', ({ headers }: IncomingMessage, socket) => {
    // That listener is off as well: an answer that nobody reads would be waited for.
    socket.on('timeout', () => socket.destroy());
    refuseInTurn(socket, requestMalformed(), headers.origin);
  });

  // The parser says so again with all that still comes.
  const told = new WeakSet<Duplex>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET') socket.destroy();
    if (socket.destroyed || told.has(socket)) return;
    told.add(socket);
    if (socket.writable) {
      const { rawPacket } = error as { rawPacket?: unknown };
      refuseInTurn(socket, brokenHttpProblem(error), originIn(rawPacket));
    } else socket.destroy();
  });

  /** Whoever pipelines gets his answers in the order of his questions (RFC 9112, section 9.3.2). */
  function refuseInTurn(
    socket: Duplex,
    problem: SwitchboardError,
    origin: Parameters<RefuseBare>[1],
  ): void {
    const current = responseOn(socket);
    if (current === undefined) answerAndEnd(socket, refuseBare(problem, origin), clock);
    else if (current.req.complete) {
      current.once('close', () => {
        if (socket.writable) refuseInTurn(socket, problem, origin);
      });
    } else {
      // It is the body of this very request: its own answer tells.
      current.once('close', () => (socket as Socket).destroySoon());
      breakBody(current.req, problem);
    }
  }
}

/** Tells how many questions wait on a connection, this one among them; 0: it is its turn. */
function countPipelined(): (socket: Socket, response: ServerResponse) => number {
  const waiting = new WeakMap<Socket, number>();
  return (socket, response) => {
    if (response.socket !== null) return 0;
    const count = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, count);
    // Where there were too many, the connection is at its end, and nobody's turn comes any more.
    response.once('close', () => {
      const left = (waiting.get(socket) ?? 0) - 1;
      if (left < PIPELINED_MAX - 1) waiting.set(socket, left);
    });
    return count;
  };
}

/** The response that is going out, by Node's own (and only) name for it. */
const responseOn = (socket: Duplex): ServerResponse | undefined =>
  (socket as Duplex & { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;

/** The problem behind an error of Node's HTTP parser (`clientError`). */
function brokenHttpProblem(error: NodeJS.ErrnoException): SwitchboardError {
  // Never the error itself: its `rawPacket` holds the bytes that came, and with them the token.
  const cause = { code: error.code, message: error.message };
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return requestTimeout(cause);
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return new SwitchboardError('headers_too_large', 'The request headers are too large.', {
      cause,
    });
  }
  return requestMalformed(cause);
}

const tooManyPipelined = (): SwitchboardError =>
  new SwitchboardError(
    'rate_limited',
    `Too many requests. At most ${PIPELINED_MAX} may wait for their answers on one connection.`,
    { retryAfterSeconds: 1 },
  );

const requestMalformed = (cause?: unknown): SwitchboardError =>
  new SwitchboardError('request_malformed', 'This is not valid HTTP.', { cause });

/** Writes the answer, ends our side, and before long the other one too. */
function answerAndEnd(socket: Duplex, { status, headers, body }: BareAnswer, clock: Clock): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${REASON[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
  // With bytes unread the kernel would reset the connection, and the answer could be lost.
  socket.resume();
  const cancel = clock.after(LINGER_MS, () => socket.destroy());
  socket.once('close', cancel);
}
