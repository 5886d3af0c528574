// The closed list of what can go wrong in the eyes of a caller. The HTTP status of each code is
// assigned in exactly one table, http/problems.ts.
import type { CallId } from './ids.ts';

/** Every `code` that an error answer of Switchboard can carry. Codes are stable; sentences are not. */
export const ERROR_CODES = [
  'access_unavailable',
  'account_not_allowed',
  'answered_elsewhere',
  'app_check_failed',
  'body_consumed',
  'body_too_large',
  'call_ended',
  'call_full',
  'call_id_taken',
  'calls_not_configured',
  'calls_unavailable',
  'content_type_unsupported',
  'headers_too_large',
  'id_token_expired',
  'id_token_invalid',
  'id_token_missing',
  'id_token_revoked',
  'identity_mismatch',
  'identity_unavailable',
  'in_another_call',
  'internal',
  'livekit_not_configured',
  'method_not_allowed',
  'metrics_token_invalid',
  'not_caller',
  'not_found',
  'not_ready',
  'rate_limited',
  'request_invalid',
  'request_malformed',
  'request_timeout',
  'ring_forbidden',
  'ring_limited',
  'room_forbidden',
  'stopping',
  'streams_full',
  'ticket_expired',
  'ticket_invalid',
  'ticket_not_enough',
  'webhook_signature_invalid',
] as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * A refusal or failure with a stable code. `message` is what the caller may read; `cause` is for
 * the log alone.
 */
export class SwitchboardError extends Error {
  readonly code: ErrorCode;
  /** Whole seconds after which a new try makes sense; becomes the `Retry-After` header. */
  readonly retryAfterSeconds: number | undefined;
  /** Another call that it is about; goes into the answer beside the code. */
  readonly callId: CallId | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    details: { cause?: unknown; retryAfterSeconds?: number; callId?: CallId } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SwitchboardError';
    this.code = code;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.callId = details.callId;
  }
}
