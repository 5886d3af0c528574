// What can go wrong: the server's codes as they are, and those of a client that got no answer.

/** Codes of the server that an app meets. It may learn new ones. */
export type ServerCode =
  | 'access_unavailable'
  | 'account_not_allowed'
  | 'answered_elsewhere'
  | 'app_check_failed'
  | 'body_too_large'
  | 'call_ended'
  | 'call_full'
  | 'call_id_taken'
  | 'calls_not_configured'
  | 'calls_unavailable'
  | 'id_token_expired'
  | 'id_token_invalid'
  | 'id_token_missing'
  | 'id_token_revoked'
  | 'identity_unavailable'
  | 'in_another_call'
  | 'internal'
  | 'not_caller'
  | 'not_found'
  | 'rate_limited'
  | 'request_invalid'
  | 'ring_forbidden'
  | 'ring_limited'
  | 'stopping'
  | 'streams_full'
  | 'ticket_expired'
  | 'ticket_invalid'
  | 'ticket_not_enough';

/**
 * Codes of the client: `network` (nothing answered), `timeout` (not in time), `answer_invalid` (what
 * answered is no Switchboard: a proxy, a login page of a hotel), `sign_in` (`getIdToken` gave no
 * token), `left` (this client left the call before it was let in), `closed` (by `close()`).
 */
export type ClientCode = 'network' | 'timeout' | 'answer_invalid' | 'sign_in' | 'left' | 'closed';

export type CallsErrorCode = ServerCode | ClientCode | (string & {});

export interface CallsErrorDetails {
  /** Of the HTTP answer; undefined: there was none. */
  readonly status?: number | undefined;
  readonly callId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/**
 * Why a request has failed. Decide by `code`; `message` is for a developer.
 *
 * @example
 * try {
 *   await calls.accept(call.id);
 * } catch (error) {
 *   if (error.code === 'in_another_call') await calls.accept(call.id, { instead: error.callId });
 * }
 */
export class CallsError extends Error {
  readonly code: CallsErrorCode;
  readonly status: number | undefined;
  /**
   * The other call that it is about (`in_another_call`). Where a `place` got no answer: its own call,
   * which may be ringing; place again with it, or leave it.
   */
  readonly callId: string | undefined;
  /** By which the server's log knows the request. */
  readonly requestId: string | undefined;
  /** When another try makes sense. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: CallsErrorCode, message: string, details: CallsErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'CallsError';
    this.code = code;
    this.status = details.status;
    this.callId = details.callId;
    this.requestId = details.requestId;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** ID tokens that another one may stand in for. */
const OF_THE_TOKEN = [
  'id_token_missing',
  'id_token_invalid',
  'id_token_expired',
  'id_token_revoked',
];

export const isOfTheToken = ({ code }: CallsError): boolean => OF_THE_TOKEN.includes(code);

/** Failures in which another try may go well, and which say nothing about the call. */
export const isPassing = ({ code, status = 0 }: CallsError): boolean =>
  code === 'network' ||
  code === 'timeout' ||
  (code === 'answer_invalid' && (status < 400 || status >= 500)) ||
  code === 'rate_limited' ||
  status === 502 ||
  status === 503 ||
  status === 504;
