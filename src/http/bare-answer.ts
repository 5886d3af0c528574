// Refusals of what never reaches Fastify: not HTTP at all, or come too late.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import type { SwitchboardError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { createCorsHeaders, type UNREAD } from './cors.ts';
import { answerThenDrain, isBodyPending } from './drain.ts';
import type { Metrics } from './metrics.ts';
import { problemBody, problemHeaders, statusOf } from './problems.ts';
import { nextRequestId } from './request-id.ts';

export interface BareAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Puts the answer together, and logs and counts it as any other. The connection ends with it.
 * `origin`: of the page that asks; `UNREAD` where nobody can tell.
 */
export type RefuseBare = (
  problem: SwitchboardError,
  origin: string | typeof UNREAD | undefined,
) => BareAnswer;

export function createBareRefusal(parts: {
  log: Logger;
  metrics: Pick<Metrics, 'refused'>;
  /** Headers on every answer. */
  headers: Readonly<Record<string, string>>;
  corsOrigins: readonly string[];
}): RefuseBare {
  const corsHeaders = createCorsHeaders(parts.corsOrigins);
  return (problem, origin) => {
    const requestId = nextRequestId();
    const status = statusOf(problem);
    const body = problemBody(problem, requestId);
    parts.metrics.refused(problem.code);
    parts.log.info({ requestId, status, code: problem.code, err: problem.cause }, 'refused');
    return {
      status,
      body,
      headers: {
        ...parts.headers,
        ...corsHeaders(origin),
        ...problemHeaders(problem),
        'content-type': 'application/json; charset=utf-8',
        'content-length': String(Buffer.byteLength(body)),
        'cache-control': 'no-store',
        'x-request-id': requestId,
        connection: 'close',
      },
    };
  };
}

/** Sends it as the response to a request, in its turn and so that a client that is still sending sees it. */
export function answerBare(
  { status, headers, body }: BareAnswer,
  raw: IncomingMessage,
  response: ServerResponse,
  clock: Clock,
): void {
  // What the host has set stays beside ours.
  const named = [response.getHeader('vary'), headers.vary].flat().flatMap((name) => name ?? []);
  const vary = [...new Set(named)].join(', ');
  response.writeHead(status, { ...headers, ...(vary !== '' && { vary }) });
  if (isBodyPending(raw)) answerThenDrain(body, raw, response, clock).pipe(response);
  else response.end(body);
}
