// Refusals of what never reaches Fastify: not HTTP at all, or come too late.
import type { SwitchboardError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from './metrics.ts';
import { problemBody, problemHeaders, statusOf } from './problems.ts';
import { nextRequestId } from './request-id.ts';

export interface BareAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Puts the answer together, and logs and counts it as any other. The connection ends with it. */
export type RefuseBare = (problem: SwitchboardError) => BareAnswer;

export function createBareRefusal(parts: {
  log: Logger;
  metrics: Pick<Metrics, 'refused'>;
  /** Headers on every answer. */
  headers: Readonly<Record<string, string>>;
}): RefuseBare {
  return (problem) => {
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
