// The one log line and the measurements of a request, whatever became of it.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SwitchboardError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { arrivalOf } from './arrival.ts';
import type { Metrics } from './metrics.ts';
import { statusOf } from './problems.ts';

export function record(
  request: FastifyRequest,
  { raw }: FastifyReply,
  by: { log: Logger; metrics: Pick<Metrics, 'answered'>; aborted: boolean; ms: number },
): void {
  const { problem, route } = request;
  const { aborted, ms } = by;
  const { place, exchange } = arrivalOf(request.raw);
  const pattern = route?.path ?? 'none';
  // Where the client went before the head of an answer was written, there is no status.
  const status = raw.headersSent ? raw.statusCode : undefined;
  by.metrics.answered(pattern, aborted || status === undefined ? 'aborted' : status, ms / 1000);
  const line = {
    requestId: request.id,
    method: request.method,
    route: pattern,
    status,
    ms: Math.round(ms * 100) / 100,
    uid: request.user?.uid,
    callId: exchange.callId ?? place?.params.callId?.toLowerCase(),
    code: problem?.code,
    err: problem?.cause,
    aborted: aborted || undefined,
  };
  if (problem !== null && isFault(problem)) by.log.error(line, problem.message);
  else if (aborted) by.log.info(line, 'aborted');
  else if (problem !== null) by.log.info(line, 'refused');
  else if (route?.isProbe) by.log.debug(line, 'answered');
  else by.log.info(line, 'answered');
}

/** What is switched off here (501) is no fault, however often somebody asks for it. */
function isFault(problem: SwitchboardError): boolean {
  const status = statusOf(problem);
  return status >= 500 && status !== 501;
}
