/// Every `code` that the server's answers can carry, and those of this phone.
enum CallErrorCode {
  accessUnavailable('access_unavailable'),
  accountNotAllowed('account_not_allowed'),
  answeredElsewhere('answered_elsewhere'),
  appCheckFailed('app_check_failed'),
  bodyConsumed('body_consumed'),
  bodyTooLarge('body_too_large'),
  callEnded('call_ended'),
  callFull('call_full'),
  callIdTaken('call_id_taken'),
  callsNotConfigured('calls_not_configured'),
  callsUnavailable('calls_unavailable'),
  contentTypeUnsupported('content_type_unsupported'),
  headersTooLarge('headers_too_large'),
  idTokenExpired('id_token_expired'),
  idTokenInvalid('id_token_invalid'),
  idTokenMissing('id_token_missing'),
  idTokenRevoked('id_token_revoked'),
  identityMismatch('identity_mismatch'),
  identityUnavailable('identity_unavailable'),
  inAnotherCall('in_another_call'),
  internal('internal'),
  livekitNotConfigured('livekit_not_configured'),
  methodNotAllowed('method_not_allowed'),
  metricsTokenInvalid('metrics_token_invalid'),
  notCaller('not_caller'),
  notFound('not_found'),
  notReady('not_ready'),
  rateLimited('rate_limited'),
  requestInvalid('request_invalid'),
  requestMalformed('request_malformed'),
  requestTimeout('request_timeout'),
  ringForbidden('ring_forbidden'),
  ringLimited('ring_limited'),
  roomForbidden('room_forbidden'),
  stopping('stopping'),
  streamsFull('streams_full'),
  ticketExpired('ticket_expired'),
  ticketInvalid('ticket_invalid'),
  ticketNotEnough('ticket_not_enough'),
  webhookSignatureInvalid('webhook_signature_invalid'),

  // Of this phone.
  /// Nobody is signed in to Firebase.
  signedOut('signed_out'),

  /// Nothing answered, or not in time.
  unreachable('unreachable'),

  /// What answered is no Switchboard: a proxy, the login page of a hotel, a wrong base URL.
  answerInvalid('answer_invalid'),

  /// LiveKit's room could not be entered.
  roomUnreachable('room_unreachable'),

  /// A server that is newer than this app: [CallException.wire] has its word.
  unknown('');

  const CallErrorCode(this.wire);

  final String wire;

  static CallErrorCode of(String wire) => values.firstWhere(
    (code) => code.wire == wire,
    orElse: () => unknown,
  );
}

/// Why it did not happen. Decide by [code]; [message] is for people and may change.
class CallException implements Exception {
  CallException(
    String code,
    this.message, {
    this.status,
    this.callId,
    this.requestId,
    this.retryAfter,
  }) : wire = code,
       code = CallErrorCode.of(code);

  CallException.local(this.code, this.message)
    : wire = code.wire,
      status = null,
      callId = null,
      requestId = null,
      retryAfter = null;

  final CallErrorCode code;

  /// The code as it came.
  final String wire;
  final String message;
  final int? status;

  /// The other call that it is about, with [CallErrorCode.inAnotherCall].
  final String? callId;

  /// Stands in the server's log too.
  final String? requestId;
  final Duration? retryAfter;

  @override
  String toString() => 'CallException($wire, $status): $message';
}
