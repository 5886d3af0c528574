// The only place where a code becomes an HTTP status, and an error becomes an answer.
import { type ErrorCode, SwitchboardError } from '../base/errors.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  access_unavailable: 503,
  account_not_allowed: 403,
  answered_elsewhere: 409,
  app_check_failed: 403,
  body_consumed: 500,
  body_too_large: 413,
  call_ended: 409,
  call_full: 409,
  call_id_taken: 409,
  calls_not_configured: 501,
  calls_unavailable: 503,
  content_type_unsupported: 415,
  headers_too_large: 431,
  id_token_expired: 403,
  id_token_invalid: 403,
  id_token_missing: 401,
  id_token_revoked: 403,
  identity_mismatch: 403,
  identity_unavailable: 503,
  in_another_call: 409,
  internal: 500,
  livekit_not_configured: 500,
  method_not_allowed: 405,
  metrics_token_invalid: 401,
  not_caller: 403,
  not_found: 404,
  not_ready: 503,
  rate_limited: 429,
  request_invalid: 400,
  request_malformed: 400,
  request_timeout: 408,
  ring_forbidden: 403,
  ring_limited: 429,
  room_forbidden: 403,
  stopping: 503,
  streams_full: 429,
  ticket_expired: 403,
  ticket_invalid: 403,
  ticket_not_enough: 403,
  webhook_signature_invalid: 401,
};

const RETRY_AFTER_SECONDS = 5;

export const statusOf = (error: SwitchboardError): number => STATUS[error.code];

/** What a caller learns of `error`: ours as it is, anything else as `internal`. */
export function problemOf(error: unknown): SwitchboardError {
  if (error instanceof SwitchboardError) return error;
  return new SwitchboardError('internal', 'Something went wrong on our side.', { cause: error });
}

/** The headers that belong to this refusal alone. */
export function problemHeaders(problem: SwitchboardError): Record<string, string> {
  const headers: Record<string, string> = {};
  const status = statusOf(problem);
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  const retryAfter =
    problem.retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined);
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  return headers;
}

export function problemBody(problem: SwitchboardError, requestId: string): string {
  const { message: error, code, callId } = problem;
  return JSON.stringify({ error, code, callId, requestId });
}
